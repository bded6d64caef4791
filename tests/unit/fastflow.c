/* flow/fastflow: the published numbers of parameters; and against torch (tests/oracle/flow.py), whose modules are Anomalib's: what comes
 * out, losses, a map, gradients, five steps of Adam. */
#include "flow/fastflow.h"
#include "base/mem.h"
#include "base/thread.h"
#include "flow_dump.h"
#include "nn/infer.h"
#include "tap.h"

enum { IMAGES = 6, STEPS = 5 };
static const struct flow_shapes small = {3, {8, 4, 2}, {6, 3, 2}, {6, 10, 5}};
static const struct map_size size = {12, 16};

static size_t parameters(const struct flow_shapes *s, const struct flow_options *o)
{
    struct graph g = {0};
    size_t output[TAPS_MAX];
    fastflow_graph(&g, output, s, o);
    const size_t n = graph_parameters(&g, g.n - 1);
    graph_free(&g);
    return n;
}

/* WideResNet50-2 at 256 x 256 (methods 7). */
static void counts(void)
{
    const struct flow_shapes wide = {3, {64, 32, 16}, {64, 32, 16}, {256, 512, 1024}};
    struct flow_options o = {.blocks = 8, .clamp = 2, .hidden = 1};
    const size_t all = parameters(&wide, &o);
    o.kernels = FLOW_3X3;
    const size_t only = parameters(&wide, &o);
    o.blocks = 0;
    const size_t norms = parameters(&wide, &o);
    ok(norms == 3670016, "WRN50: %zu parameters of layer norms", norms);
    ok(all - norms == 41337856, "WRN50, 3x3 and 1x1: %zu parameters of flows", all - norms);
    ok(only - norms == 74368000, "WRN50, 3x3 only: %zu parameters of flows", only - norms);
}

/* The images of the dump. */
struct images {
    float *value[TAPS_MAX]; /* IMAGES of them */
    struct taps taps;
};

static struct images images_of(const struct flow_shapes *s)
{
    struct images all = {.taps.n = s->taps};
    for (size_t i = 0; i < s->taps; i++) {
        const size_t n = s->height[i] * s->width[i] * s->channels[i];
        char name[32];
        snprintf(name, sizeof name, "features %zu", i + 1);
        all.taps.tap[i] = (struct tap){s->height[i], s->width[i], s->channels[i], NULL};
        all.value[i] = xmalloc(IMAGES * n, sizeof *all.value[i]);
        for (size_t k = 0; k < IMAGES * n; k++)
            all.value[i][k] = (float)formula(formula_seed(name), k) * 4 - 2;
    }
    return all;
}

static const struct taps *image_of(void *arg, size_t i)
{
    struct images *all = arg;
    for (size_t k = 0; k < all->taps.n; k++) {
        struct tap *t = &all->taps.tap[k];
        t->value = all->value[k] + i * t->height * t->width * t->channels;
    }
    return &all->taps;
}

static double off_by_view(const struct view *z, size_t image, const struct tensor *want)
{
    float *got = xmalloc(z->h * z->w * z->c, sizeof *got);
    view_copy_out(got, z, image);
    const double off = off_by(got, want, NULL);
    free(got);
    return off;
}

/* Each image's own loss, by itself. */
static void forward(struct fastflow_learner *l, struct images *all, const struct npys_record *want)
{
    double losses = 0, determinants = 0;
    for (size_t i = 0; i < IMAGES; i++) {
        struct images one = *all;
        for (size_t k = 0; k < one.taps.n; k++)
            one.value[k] += i * one.taps.tap[k].height * one.taps.tap[k].width * one.taps.tap[k].channels;
        const double w = tensor_get(&want->array[0], i), d = tensor_get(&want->array[1], i);
        losses = worse(losses, fabs(fastflow_gradients(l, 1, image_of, &one) - w) / fabs(w));
        determinants = worse(determinants, fabs(trainer_log_determinants(l->net.trainer)[0] - d) / fabs(d));
    }
    ok(losses < 1e-5, "losses of images one by one, worst %.2g", losses);
    ok(determinants < 1e-5, "their log-determinants, worst %.2g", determinants);
}

/* What comes out of the flows for the first image. */
static void outputs(const struct graph *g, const size_t *output, const struct safetensors *weights,
                    struct images *all, const struct npys_record *want)
{
    size_t side[3][2];
    double worst = 0;
    for (size_t i = 0; i < 3; i++) {
        side[i][0] = small.height[i];
        side[i][1] = small.width[i];
    }
    const struct infer_plan plan = {
        .wanted = output, .wanted_n = 3, .n = 1, .precision = DT_F32, .side = (const size_t(*)[2])side};
    struct infer *x = infer_new(g, weights, "formula", &plan);
    for (size_t i = 0; i < 3; i++) {
        const struct view in = infer_input(x, i);
        view_copy_in(&in, 0, image_of(all, 0)->tap[i].value);
    }
    infer_run(x, 1);
    for (size_t i = 0; i < 3; i++) {
        const struct view z = infer_output(x, i);
        worst = worse(worst, off_by_view(&z, 0, &want->array[3 + i]));
    }
    ok(worst < 1e-5, "what comes out, worst %.2g", worst);
    infer_free(x);
}

static void map_as(const struct safetensors *weights, const struct flow_options *o, struct images *all,
                   const struct tensor *want)
{
    float map[16 * 12];
    void *scorer = fastflow_scoring.begin(weights, "weights", o);
    fastflow_scoring.map(scorer, map, size, image_of(all, 0));
    const double off = off_by(map, want, NULL);
    ok(off < 1e-5, "the map of an image, %.2g", off);
    fastflow_scoring.end(scorer);
}

static void five_steps(struct fastflow_learner *l, struct images *all, const float *after,
                       const struct tensor *path)
{
    float *start = memcpy(xmalloc(l->net.optimiser.n, sizeof *start), l->net.optimiser.values,
                          l->net.optimiser.n * sizeof *start);
    double losses = 0;
    for (size_t step = 0; step < STEPS; step++) {
        const double got = fastflow_gradients(l, IMAGES, image_of, all), w = tensor_get(path, step);
        losses = worse(losses, fabs(got - w) / fabs(w));
        learner_step(&l->net, step, 1e-2);
    }
    ok(losses < 1e-5, "the losses of five steps, worst %.2g", losses);
    where_they_lead(&l->net, start, after);
    free(start);
}

static void as_torch(struct dump *dump, const char *name, const struct flow_options *o, bool steps)
{
    struct images all = images_of(&small);
    struct safetensors weights = {0};
    struct graph g = {0};
    struct fastflow_learner l;
    size_t output[TAPS_MAX], n;
    fastflow_graph(&g, output, &small, o);
    fill(&weights, &g);
    printf("# %s\n", name);
    fastflow_begin(&l, &weights, "formula", o, &small);
    const struct npys_record *want = next(dump, name);
    forward(&l, &all, want);
    outputs(&g, output, &weights, &all, want);
    map_as(&weights, o, &all, &want->array[2]);
    trainer_values(l.net.trainer, &n);
    float *after = steps ? xmalloc(n, sizeof *after) : NULL;
    fastflow_gradients(&l, IMAGES, image_of, &all);
    gradients(&l.net, dump, after);
    if (steps)
        five_steps(&l, &all, after, &next(dump, "path")->array[0]);
    fastflow_end(&l);
    for (size_t i = 0; i < small.taps; i++)
        free(all.value[i]);
    graph_free(&g);
    safetensors_free(&weights);
    free(after);
}

static void in_bf16(const struct flow_options *o)
{
    struct images all = images_of(&small);
    struct safetensors weights = {0};
    struct graph g = {0};
    struct fastflow_learner full, low;
    struct flow_options narrow = *o;
    size_t output[TAPS_MAX];
    narrow.precision = 1;
    fastflow_graph(&g, output, &small, o);
    fill(&weights, &g);
    fastflow_begin(&full, &weights, "formula", o, &small);
    fastflow_begin(&low, &weights, "formula", &narrow, &small);
    const double want = fastflow_gradients(&full, IMAGES, image_of, &all);
    near_f32(&low.net, &full.net, fastflow_gradients(&low, IMAGES, image_of, &all), want);
    fastflow_end(&full);
    fastflow_end(&low);
    for (size_t i = 0; i < small.taps; i++)
        free(all.value[i]);
    graph_free(&g);
    safetensors_free(&weights);
}

int main(void)
{
    const struct flow_options alternate = {.blocks = 3, .clamp = 2, .hidden = 1, .decay = 1e-3};
    const struct flow_options only = {.blocks = 2, .clamp = 1.2, .hidden = 1.5, .kernels = FLOW_3X3};
    struct dump dump = dump_open("flow.npys");
    pool_start(3);
    counts();
    as_torch(&dump, "alternate", &alternate, true);
    as_torch(&dump, "3x3", &only, false);
    in_bf16(&alternate);
    dump_close(&dump);
    return done();
}
