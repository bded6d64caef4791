/* How FastFlow learns: the images of a step go through the network TOGETHER at a time, and back; then the optimiser moves all. */
#include "base/mem.h"
#include "flow/fastflow.h"
#include "nn/precision_option.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 4 };

void fastflow_begin(struct fastflow_learner *l, const struct safetensors *weights, const char *file,
                    const struct flow_options *o, const struct flow_shapes *s)
{
    size_t output[TAPS_MAX], side[TAPS_MAX][2];
    *l = (struct fastflow_learner){.taps = s->taps};
    fastflow_graph(&l->graph, output, s, o);
    for (size_t i = 0; i < s->taps; i++) {
        side[i][0] = s->height[i];
        side[i][1] = s->width[i];
        l->flow[i] = xmalloc(s->height[i] * s->width[i], sizeof *l->flow[i]);
    }
    const struct trainer_plan plan = {.output = output,
                                      .outputs = s->taps,
                                      .n = TOGETHER,
                                      .precision = precision_choice(o->precision),
                                      .side = (const size_t(*)[2])side};
    learner_init(&l->net, trainer_new(&l->graph, weights, file, &plan), &optimiser_adam, o->decay, true);
}

static void *begin(struct fitting *f, struct tap_store *held, const struct flow_options *o,
                   const struct flow_shapes *s)
{
    struct fastflow_learner *l = xcalloc(1, sizeof *l);
    struct safetensors random = {0};
    struct graph graph = {0};
    size_t output[TAPS_MAX];
    fastflow_graph(&graph, output, s, o);
    weights_random(&random, &graph, "", o->fit.seed);
    fastflow_begin(l, &random, "random weights", o, s);
    l->f = f;
    l->held = held;
    fitting_learner(f, &l->net, "");
    safetensors_free(&random);
    graph_free(&graph);
    return l;
}

/* Places that no image fills get zeros: no gradient comes from them. */
static void fill(struct fastflow_learner *l, size_t place, const struct taps *image)
{
    for (size_t i = 0; i < l->taps; i++) {
        const struct view in = trainer_input(l->net.trainer, i);
        if (image)
            view_copy_in(&in, place, image->tap[i].value);
        else
            memset(view_at(&in, place, 0, 0), 0, in.h * in.w * in.c * sizeof(float));
    }
}

/* The sum of the losses of n images, forward only or with gradients times `scale`. */
static double forward(struct fastflow_learner *l, size_t n, bool back, double scale)
{
    double loss = 0;
    trainer_forward(l->net.trainer);
    double *d = trainer_log_determinant_gradients(l->net.trainer);
    for (size_t i = 0; i < l->taps; i++) {
        const struct view z = trainer_output(l->net.trainer, i);
        const struct view gradient = trainer_output_gradient(l->net.trainer, i);
        loss += flow_half_squares(back ? &gradient : NULL, &z, n, scale);
    }
    for (size_t i = 0; i < n; i++) {
        loss -= trainer_log_determinants(l->net.trainer)[i];
        d[i] = -scale;
    }
    return loss;
}

double fastflow_gradients(struct fastflow_learner *l, size_t n,
                          const struct taps *(*image)(void *arg, size_t i), void *arg)
{
    double loss = 0;
    learner_clear(&l->net);
    for (size_t first = 0; first < n && isfinite(loss); first += TOGETHER) {
        const size_t together = n - first < TOGETHER ? n - first : TOGETHER;
        for (size_t i = 0; i < TOGETHER; i++)
            fill(l, i, i < together ? image(arg, first + i) : NULL);
        loss += forward(l, together, true, 1 / (double)n) / (double)n;
        if (isfinite(loss))
            trainer_backward(l->net.trainer);
    }
    return loss;
}

struct source {
    struct fitting *f;
    const size_t *image;
};

static const struct taps *of_step(void *arg, size_t i)
{
    const struct source *s = arg;
    return fitting_taps(s->f, s->image[i]);
}

static double step(void *learner, const struct fitting_step *s)
{
    struct fastflow_learner *l = learner;
    struct source source = {l->f, s->image};
    const double loss = fastflow_gradients(l, s->n, of_step, &source);
    if (isfinite(loss))
        learner_step(&l->net, s->step, s->rate);
    return loss;
}

/* The mean over the taps of the least and the greatest value. */
static void widen(struct fastflow_learner *l, struct fitting_held *h, size_t n)
{
    float low = 0, high = 0;
    for (size_t i = 0; i < l->taps; i++) {
        const struct view z = trainer_output(l->net.trainer, i);
        fastflow_likelihood(l->flow[i], &z, n);
        float least = l->flow[i][0], most = least;
        for (size_t p = 0; p < z.h * z.w; p++) {
            least = fminf(least, l->flow[i][p]);
            most = fmaxf(most, l->flow[i][p]);
        }
        low += least / (float)l->taps;
        high += most / (float)l->taps;
    }
    h->low = fminf(h->low, low);
    h->high = fmaxf(h->high, high);
}

static struct fitting_held look(void *learner)
{
    struct fastflow_learner *l = learner;
    const size_t images = tap_store_images(l->held);
    struct fitting_held h = {0, INFINITY, -INFINITY};
    for (size_t first = 0; first < images; first += TOGETHER) {
        const size_t n = images - first < TOGETHER ? images - first : TOGETHER;
        for (size_t i = 0; i < TOGETHER; i++)
            fill(l, i, i < n ? tap_store_read(l->held, first + i) : NULL);
        h.loss += forward(l, n, false, 0) / (double)images;
        for (size_t i = 0; i < n; i++)
            widen(l, &h, i);
    }
    return h;
}

static void give(const void *learner, struct safetensors *st)
{
    const struct fastflow_learner *l = learner;
    learner_export(&l->net, st);
}

void fastflow_end(struct fastflow_learner *l)
{
    for (size_t i = 0; i < l->taps; i++)
        free(l->flow[i]);
    learner_free(&l->net);
    graph_free(&l->graph);
}

static void end(void *learner)
{
    fastflow_end(learner);
    free(learner);
}

const struct flow_learning fastflow_learning = {
    .begin = begin, .step = step, .look = look, .give = give, .end = end};
