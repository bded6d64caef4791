/* flow/cflow: the published numbers of parameters; and against torch (tests/oracle/cflow.py), whose modules are Anomalib's: codes,
 * likelihoods, the loss of a fibre, gradients, five steps of Adam; and maps by a scorer against likelihoods one by one. */
#include "flow/cflow.h"
#include "base/thread.h"
#include "flow_dump.h"
#include "image/map.h"

enum { VECTORS = 7, STEPS = 5 };
static const struct flow_shapes small = {2, {4, 2}, {5, 3}, {6, 9}};
static const struct flow_options options = {
    .blocks = 3, .clamp = 1.9, .condition = 8, .fibre = VECTORS + 1}; /* one place stays empty */
static const struct flow_options rotates = {
    .blocks = 3, .clamp = 1.9, .condition = 8, .fibre = VECTORS + 1, .mix = FLOW_ORTHOGONAL};

/* WideResNet50-2, layer2 to layer4 (methods 8). */
static void counts(void)
{
    const struct flow_options o = {.blocks = 8, .clamp = 1.9, .condition = 128};
    const size_t channels[3] = {512, 1024, 2048}, want[3] = {5523456, 17074176, 59049984};
    for (size_t i = 0; i < 3; i++) {
        struct graph g = {0};
        cflow_graph(&g, i, channels[i], &o);
        const size_t n = graph_parameters(&g, g.n - 1);
        ok(n == want[i], "WRN50, layer%zu: %zu parameters", i + 2, n);
        graph_free(&g);
    }
}

static void rotations(void)
{
    struct safetensors st = {0};
    double worst = 0;
    cflow_draw(&st, 0, 50, &rotates);
    const struct tensor *t = safetensors_find(&st, "tap1.block2.rotation.weight");
    for (size_t i = 0; i < 50; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? -1 : 0;
            for (size_t k = 0; k < 50; k++)
                sum += tensor_get(t, i * 50 + k) * tensor_get(t, j * 50 + k);
            worst = worse(worst, fabs(sum));
        }
    ok(worst < 1e-6, "rotations are orthogonal, worst %.2g", worst);
    safetensors_free(&st);
}

static void weights_of(struct safetensors *st, const struct flow_options *o)
{
    for (size_t i = 0; i < small.taps; i++) {
        struct graph g = {0};
        cflow_graph(&g, i, small.channels[i], o);
        fill(st, &g);
        graph_free(&g);
    }
}

/* The vectors of the dump, and where they are. */
struct fibre {
    float value[VECTORS * 9];
    const float *vector[VECTORS];
    size_t position[VECTORS];
};

static void fibre_of(struct fibre *f, size_t tap)
{
    char name[32];
    const size_t c = small.channels[tap];
    snprintf(name, sizeof name, "vectors %zu", tap + 1);
    for (size_t i = 0; i < VECTORS * c; i++)
        f->value[i] = (float)formula(formula_seed(name), i) * 4 - 2;
    snprintf(name, sizeof name, "positions %zu", tap + 1);
    for (size_t i = 0; i < VECTORS; i++) {
        f->vector[i] = f->value + i * c;
        f->position[i] =
            (size_t)(formula(formula_seed(name), i) * (double)(small.height[tap] * small.width[tap]));
    }
}

/* -ln sigmoid of the dump's likelihoods is the loss: one vector by itself gives it away. */
static void likelihoods(struct cflow_learner *l, size_t tap, const struct fibre *f, const struct tensor *want)
{
    double worst = 0;
    for (size_t i = 0; i < VECTORS; i++) {
        const double w = tensor_get(want, i), loss = log1p(exp(-w));
        worst = worse(worst, fabs(cflow_gradients(l, tap, 1, &f->vector[i], &f->position[i]) - loss) / loss);
    }
    ok(worst < 1e-5, "the losses of vectors one by one, worst %.2g", worst);
}

static void as_torch(struct cflow_learner *l, size_t tap, struct dump *dump)
{
    struct fibre f;
    char name[32];
    size_t n;
    double losses = 0;
    float *values = trainer_values(l->net[tap].trainer, &n), *after = xmalloc(n, sizeof *after);
    float *start = memcpy(xmalloc(n, sizeof *start), values, n * sizeof *start);
    fibre_of(&f, tap);
    snprintf(name, sizeof name, "tap%zu", tap + 1);
    const struct npys_record *want = next(dump, name);
    ok(off_by(l->code[tap], &want->array[0], NULL) < 1e-6, "codes of %zux%zu positions", small.height[tap],
       small.width[tap]);
    likelihoods(l, tap, &f, &want->array[1]);
    const double loss = cflow_gradients(l, tap, VECTORS, f.vector, f.position);
    ok_close(loss, tensor_get(&want->array[2], 0), 1e-6, "the loss of a fibre");
    gradients(&l->net[tap], dump, after);
    const struct tensor *path = &next(dump, "path")->array[0];
    for (size_t step = 0; step < STEPS; step++) {
        const double w = tensor_get(path, step);
        losses = worse(losses, fabs(cflow_gradients(l, tap, VECTORS, f.vector, f.position) - w) / w);
        learner_step(&l->net[tap], step, 1e-2);
    }
    ok(losses < 1e-5, "the losses of five steps, worst %.2g", losses);
    where_they_lead(&l->net[tap], start, after);
    free(start);
    free(after);
}

/* What a map is made of, by the learner's own way: a vector's loss tells its likelihood. */
static void maps(const struct safetensors *weights)
{
    struct cflow_learner l;
    struct safetensors model = {0};
    struct taps image = {.n = small.taps};
    float value[2][4 * 5 * 6 + 2 * 3 * 9], flow[4 * 5], large[8 * 10], sum[8 * 10] = {0}, map[8 * 10];
    float peak[2] = {-0.7f, -0.9f}; /* some vectors are likelier */
    cflow_begin(&l, weights, "formula", &options, &small, 1);
    for (size_t k = 0; k < small.taps; k++) {
        const size_t c = small.channels[k], positions = small.height[k] * small.width[k];
        image.tap[k] = (struct tap){small.height[k], small.width[k], c, value[k]};
        for (size_t i = 0; i < positions * c; i++)
            value[k][i] = (float)formula(17 + (uint32_t)k, i) * 4 - 2;
        for (size_t i = 0; i < positions; i++) {
            const float *vector = value[k] + i * c;
            const double loss = cflow_gradients(&l, k, 1, &vector, &i);
            flow[i] = (float)(1 - exp(fmin(0, -log(expm1(loss)) - (double)peak[k])));
        }
        map_resize(large, 8, 10, flow, small.height[k], small.width[k], 1, MAP_ALIGN_CORNERS);
        for (size_t p = 0; p < 80; p++)
            sum[p] += large[p];
        learner_export(&l.net[k], &model);
    }
    flow_give_taps(&model, &small);
    safetensors_add(&model, "tap1.peak",
                    &(struct tensor){.type = DT_F32, .rank = 1, .dim = {1}, .data = &peak[0]});
    safetensors_add(&model, "tap2.peak",
                    &(struct tensor){.type = DT_F32, .rank = 1, .dim = {1}, .data = &peak[1]});
    void *scorer = cflow_scoring.begin(&model, "model", &options);
    cflow_scoring.map(scorer, map, (struct map_size){10, 8}, &image);
    double worst = 0, range = 0;
    for (size_t p = 0; p < 80; p++) {
        worst = worse(worst, fabs((double)map[p] - (double)sum[p]));
        range = fmax(range, fabs((double)sum[p]));
    }
    ok(worst < 1e-4 * range, "a map is the sum of what its taps lack, worst %.2g of %.2g", worst, range);
    bool sane = true;
    for (size_t i = 0; i < small.height[0] * small.width[0] * small.channels[0]; i++)
        value[0][i] *= 1e6f;
    cflow_scoring.map(scorer, map, (struct map_size){10, 8}, &image);
    for (size_t p = 0; p < 80; p++)
        sane &= map[p] >= 0 && map[p] <= 2;
    ok(sane, "from 0 to the number of taps, even for absurd features");
    cflow_scoring.end(scorer);
    cflow_end(&l);
    safetensors_free(&model);
}

static void in_bf16(const struct safetensors *weights)
{
    struct cflow_learner full, low;
    struct flow_options narrow = options;
    struct fibre f;
    narrow.precision = 1;
    cflow_begin(&full, weights, "formula", &options, &small, 1);
    cflow_begin(&low, weights, "formula", &narrow, &small, 1);
    fibre_of(&f, 0);
    const double want = cflow_gradients(&full, 0, VECTORS, f.vector, f.position);
    near_f32(&low.net[0], &full.net[0], cflow_gradients(&low, 0, VECTORS, f.vector, f.position), want);
    cflow_end(&full);
    cflow_end(&low);
}

int main(void)
{
    struct dump dump = dump_open("cflow.npys");
    struct safetensors weights = {0};
    struct cflow_learner l;
    pool_start(3);
    counts();
    rotations();
    weights_of(&weights, &rotates); /* with those that others don't need */
    cflow_begin(&l, &weights, "formula", &options, &small, 1);
    as_torch(&l, 0, &dump);
    cflow_end(&l);
    cflow_begin(&l, &weights, "formula", &rotates, &small, 1);
    as_torch(&l, 1, &dump);
    cflow_end(&l);
    maps(&weights);
    in_bf16(&weights);
    safetensors_free(&weights);
    dump_close(&dump);
    return done();
}
