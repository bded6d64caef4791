/* How CFLOW-AD learns. A step of the fitting is some images: all vectors of a tap are put in an order by seed and step, cut into fibres of
 * equal size (less than one is left out), and each is a step of the optimiser; then the next tap's. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "flow/cflow.h"
#include "nn/precision_option.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t positions_of(const struct flow_shapes *s, size_t tap)
{
    return s->height[tap] * s->width[tap];
}

void cflow_begin(struct cflow_learner *l, const struct safetensors *weights, const char *file,
                 const struct flow_options *o, const struct flow_shapes *s, size_t images)
{
    const char *frozen[FLOW_BLOCKS_MAX + 1] = {NULL};
    char name[FLOW_BLOCKS_MAX][64];
    size_t floats = 0, most = 0;
    *l = (struct cflow_learner){
        .shapes = *s, .fibre = o->fibre, .condition = o->condition, .seed = o->fit.seed};
    for (size_t i = 0; i < s->taps; i++) {
        const size_t vectors = images * positions_of(s, i);
        l->at[i] = floats;
        floats += vectors * s->channels[i];
        most = vectors > most ? vectors : most;
    }
    mem_need(floats * sizeof *l->vectors + most * sizeof *l->order, "the features of a step");
    l->vectors = xmalloc(floats, sizeof *l->vectors);
    l->order = xmalloc(most, sizeof *l->order);
    for (size_t i = 0; i < s->taps; i++) {
        l->code[i] = cflow_codes(s->height[i], s->width[i], o->condition);
        const size_t output = cflow_graph(&l->graph[i], i, s->channels[i], o);
        for (size_t b = 0; b < o->blocks; b++) {
            snprintf(name[b], sizeof name[b], "tap%zu.block%zu.rotation.", i + 1, b + 1);
            frozen[b] = name[b];
        }
        const struct trainer_plan plan = {.output = &output,
                                          .outputs = 1,
                                          .n = o->fibre,
                                          .h = 1,
                                          .w = 1,
                                          .precision = precision_choice(o->precision),
                                          .frozen = frozen};
        learner_init(&l->net[i], trainer_new(&l->graph[i], weights, file, &plan), &optimiser_adam, o->decay,
                     true);
    }
}

static void *begin(struct fitting *f, struct tap_store *held, const struct flow_options *o,
                   const struct flow_shapes *s)
{
    struct cflow_learner *l = xcalloc(1, sizeof *l);
    struct safetensors random = {0};
    for (size_t i = 0; i < s->taps; i++)
        cflow_draw(&random, i, s->channels[i], o);
    cflow_begin(l, &random, "random weights", o, s, fitting_step_images(f));
    l->f = f;
    l->held = held;
    for (size_t i = 0; i < s->taps; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "tap%zu.", i + 1);
        fitting_learner(f, &l->net[i], prefix);
    }
    fitting_model_part(f, "peaks", DT_F32, l->peak, s->taps);
    safetensors_free(&random);
    return l;
}

/* Places that no vector fills get zeros: no gradient comes from them. */
static void forward(struct cflow_learner *l, size_t tap, size_t n, const float *const *vector,
                    const size_t *position)
{
    const struct view x = trainer_input(l->net[tap].trainer, 0), code = trainer_input(l->net[tap].trainer, 1);
    for (size_t i = 0; i < l->fibre; i++) {
        if (i < n)
            view_copy_in(&x, i, vector[i]);
        else
            memset(view_at(&x, i, 0, 0), 0, x.c * sizeof(float));
        view_copy_in(&code, i, l->code[tap] + (i < n ? position[i] : 0) * l->condition);
    }
    trainer_forward(l->net[tap].trainer);
}

/* -ln sigmoid(x), and its slope. */
static double loss_of(double x, double *slope)
{
    *slope = -1 / (1 + exp(x));
    return x > 0 ? log1p(exp(-x)) : log1p(exp(x)) - x;
}

double cflow_gradients(struct cflow_learner *l, size_t tap, size_t n, const float *const *vector,
                       const size_t *position)
{
    struct trainer *t = l->net[tap].trainer;
    const size_t channels = l->shapes.channels[tap];
    double loss = 0;
    learner_clear(&l->net[tap]);
    forward(l, tap, n, vector, position);
    const struct view z = trainer_output(t, 0), gradient = trainer_output_gradient(t, 0);
    double *d = trainer_log_determinant_gradients(t);
    view_clear(&gradient);
    for (size_t i = 0; i < n; i++) {
        const float *from = view_at(&z, i, 0, 0);
        float *to = view_at(&gradient, i, 0, 0);
        double slope;
        loss += loss_of(cflow_likelihood(from, channels, trainer_log_determinants(t)[i]), &slope) / (double)n;
        d[i] = slope / (double)(channels * n);
        for (size_t c = 0; c < channels; c++)
            to[c] = (float)-d[i] * from[c];
    }
    if (isfinite(loss))
        trainer_backward(t);
    return loss;
}

/* All fibres of a tap; the mean of their losses. */
static double learn_tap(struct cflow_learner *l, size_t tap, const struct fitting_step *s)
{
    const size_t positions = positions_of(&l->shapes, tap), vectors = s->n * positions;
    const size_t fibre = l->fibre < vectors ? l->fibre : vectors, fibres = vectors / fibre;
    const float **vector = xmalloc(fibre, sizeof *vector);
    size_t *position = xmalloc(fibre, sizeof *position);
    struct rng r = rng_new(l->seed, 0x6669627265u + (s->step << 40) + ((uint64_t)tap << 56)); /* "fibre" */
    double loss = 0;
    for (size_t i = 0; i < vectors; i++)
        l->order[i] = i;
    rng_shuffle(&r, l->order, vectors);
    for (size_t b = 0; b < fibres && isfinite(loss); b++) {
        for (size_t i = 0; i < fibre; i++) {
            const size_t which = l->order[b * fibre + i];
            vector[i] = l->vectors + l->at[tap] + which * l->shapes.channels[tap];
            position[i] = which % positions;
        }
        loss += cflow_gradients(l, tap, fibre, vector, position) / (double)fibres;
        if (isfinite(loss))
            learner_step(&l->net[tap], s->step * fibres + b, s->rate);
    }
    free(vector);
    free(position);
    return loss;
}

static double step(void *learner, const struct fitting_step *s)
{
    struct cflow_learner *l = learner;
    double loss = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct taps *image = fitting_taps(l->f, s->image[i]);
        for (size_t k = 0; k < l->shapes.taps; k++) {
            const size_t n = positions_of(&l->shapes, k) * l->shapes.channels[k];
            memcpy(l->vectors + l->at[k] + i * n, image->tap[k].value, n * sizeof(float));
        }
    }
    for (size_t k = 0; k < l->shapes.taps && isfinite(loss); k++)
        loss += learn_tap(l, k, s) / (double)l->shapes.taps;
    return loss;
}

/* Least and greatest likelihood of a tap's vectors of one image; returns the sum of their losses. */
static double look_at_tap(struct cflow_learner *l, size_t tap, const float *value, float *low, float *high)
{
    const size_t positions = positions_of(&l->shapes, tap), channels = l->shapes.channels[tap];
    const struct trainer *t = l->net[tap].trainer;
    const float **vector = xmalloc(l->fibre, sizeof *vector);
    size_t *position = xmalloc(l->fibre, sizeof *position);
    double loss = 0, slope;
    for (size_t first = 0; first < positions; first += l->fibre) {
        const size_t n = positions - first < l->fibre ? positions - first : l->fibre;
        for (size_t i = 0; i < n; i++) {
            vector[i] = value + (first + i) * channels;
            position[i] = first + i;
        }
        forward(l, tap, n, vector, position);
        const struct view z = trainer_output(t, 0);
        for (size_t i = 0; i < n; i++) {
            const double x = cflow_likelihood(view_at(&z, i, 0, 0), channels, trainer_log_determinants(t)[i]);
            loss += loss_of(x, &slope);
            *low = fminf(*low, (float)x);
            *high = fmaxf(*high, (float)x);
        }
    }
    free(vector);
    free(position);
    return loss;
}

/* The maps' range is that of the likelihoods, which are what they are made of. The peaks are those of this epoch. */
static struct fitting_held look(void *learner)
{
    struct cflow_learner *l = learner;
    const size_t images = tap_store_images(l->held);
    struct fitting_held h = {0};
    for (size_t k = 0; k < l->shapes.taps; k++) {
        float low = INFINITY, high = -INFINITY;
        double loss = 0;
        for (size_t i = 0; i < images; i++)
            loss += look_at_tap(l, k, tap_store_read(l->held, i)->tap[k].value, &low, &high);
        l->peak[k] = high;
        h.low += low;
        h.high += high;
        h.loss += loss / (double)(images * positions_of(&l->shapes, k) * l->shapes.taps);
    }
    return h;
}

static void give(const void *learner, struct safetensors *st)
{
    const struct cflow_learner *l = learner;
    flow_give_taps(st, &l->shapes);
    for (size_t i = 0; i < l->shapes.taps; i++) {
        char name[32];
        float peak = l->peak[i];
        const struct tensor t = {.type = DT_F32, .rank = 1, .dim = {1}, .data = &peak};
        snprintf(name, sizeof name, "tap%zu.peak", i + 1);
        learner_export(&l->net[i], st);
        safetensors_add(st, name, &t);
    }
}

void cflow_end(struct cflow_learner *l)
{
    for (size_t i = 0; i < l->shapes.taps; i++) {
        learner_free(&l->net[i]);
        graph_free(&l->graph[i]);
        free(l->code[i]);
    }
    free(l->vectors);
    free(l->order);
}

static void end(void *learner)
{
    cflow_end(learner);
    free(learner);
}

const struct flow_learning cflow_learning = {
    .begin = begin, .step = step, .look = look, .give = give, .end = end};
