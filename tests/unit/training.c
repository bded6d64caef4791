/* nn/trainer and train/: the first ten SGD steps and all gradients against torch (tests/oracle/training.py);
 * schedules. */
#include "nn/trainer.h"
#include "formula.h"
#include "nn/networks.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/loss.h"
#include "train/optimiser.h"
#include "train/rate.h"

enum { SIDE = 48, CLASSES = 10 };

struct session {
    struct graph graph;
    struct trainer *trainer;
    struct optimiser_stretch *stretch;
    struct optimiser optimiser;
    size_t batch, first;
};

static void begin(struct session *s, const char *arch, size_t batch, size_t first, enum dtype precision)
{
    struct safetensors st = {0};
    *s = (struct session){.batch = batch, .first = first};
    network_build(&s->graph, arch, CLASSES);
    fill(&st, &s->graph);
    const size_t output = (size_t)graph_find_tap(&s->graph, "fc");
    const struct trainer_plan plan = {
        .output = &output, .outputs = 1, .n = batch, .h = SIDE, .w = SIDE, .precision = precision};
    s->trainer = trainer_new(&s->graph, &st, "formula", &plan);
    safetensors_free(&st);
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .momentum = 0.9};
    size_t n, stretches;
    float *values = trainer_values(s->trainer, &n);
    const struct trainer_parameter *p = trainer_parameters(s->trainer, &stretches);
    s->stretch = xcalloc(stretches, sizeof *s->stretch);
    for (size_t i = 0; i < stretches; i++)
        s->stretch[i] = (struct optimiser_stretch){p[i].offset, p[i].n, 1e-4f, 1};
    optimiser_init(&s->optimiser, &sgd, values, trainer_gradients(s->trainer), s->stretch, stretches);
}

static void end(struct session *s)
{
    trainer_free(s->trainer);
    graph_free(&s->graph);
    free(s->stretch);
    optimiser_free(&s->optimiser);
}

/* Forward and backward of one batch; the loss. */
static double learn(struct session *s, size_t step)
{
    char name[48];
    struct loss_target target[16];
    const struct view in = trainer_input(s->trainer, 0);
    size_t n;
    trainer_values(s->trainer, &n);
    memset(trainer_gradients(s->trainer), 0, n * sizeof(float));
    snprintf(name, sizeof name, "batch %zu", s->first + step);
    fill_images(&in, name, 0, s->batch);
    for (size_t i = 0; i < s->batch; i++)
        target[i] = (struct loss_target){i % CLASSES, 0, 1};
    trainer_forward(s->trainer);
    const struct view out = trainer_output(s->trainer, 0), gradient = trainer_output_gradient(s->trainer, 0);
    const struct loss loss = loss_cross_entropy(&gradient, &out, target, 0.1, 1.0);
    trainer_backward(s->trainer);
    return loss.value;
}

static void check_losses(struct session *s, const struct npys_record *rec, double first)
{
    const double rate = atof(note_get(&rec->note, "rate"));
    double worst = 0;
    for (size_t step = 0; step < 10; step++) {
        const double loss = step ? learn(s, step) : first, want = tensor_get(&rec->array[0], step);
        worst = worse(worst, fabs(loss - want) / want);
        optimiser_step(&s->optimiser, step, rate);
    }
    ok(worst <= 1e-4, "%s: the losses of ten SGD steps equal torch's, worst %.2g",
       note_get(&rec->note, "name"), worst);
}

/* The norm, and 16 entries: their difference stands for that of all, scaled up. */
static double gradient_error(const struct session *s, const struct trainer_parameter *p,
                             const struct tensor *want)
{
    char name[80];
    float *g = xmalloc(p->n, sizeof *g);
    const size_t n = trainer_parameter_copy(s->trainer, trainer_gradients(s->trainer), p, g);
    double norm = 0, difference = 0;
    for (size_t i = 0; i < n; i++)
        norm += (double)g[i] * g[i];
    snprintf(name, sizeof name, "gradient %s", p->name);
    for (size_t i = 0; i < 16; i++) {
        const double d = g[(size_t)(formula(formula_seed(name), i) * (double)n)] - tensor_get(want, 1 + i);
        difference += d * d;
    }
    free(g);
    const double size = tensor_get(want, 0);
    return worse(fabs(sqrt(norm) - size), sqrt(difference * (double)n / 16)) / size;
}

static void against_torch(void)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/training.npys", tests ? tests : "tests");
    FILE *f = fopen(path, "rb");
    ok(f != NULL, "the dumps are there");
    if (!f)
        return;
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0}, losses = {0};
    for (bool more = npys_read(r, &losses); more;) {
        struct session s;
        const char *arch = note_get(&losses.note, "name");
        begin(&s, arch, (size_t)atoi(note_get(&losses.note, "batch")),
              (size_t)atoi(note_get(&losses.note, "first")), DT_F32);
        const double first = learn(&s, 0);
        size_t parameters, i = 0;
        const struct trainer_parameter *p = trainer_parameters(s.trainer, &parameters);
        double worst = 0;
        while ((more = npys_read(r, &rec)) && !note_get(&rec.note, "batch")) {
            for (i = 0; i < parameters && strcmp(p[i].name, note_get(&rec.note, "name")) != 0; i++)
                ;
            worst = i < parameters ? worse(worst, gradient_error(&s, &p[i], &rec.array[0])) : INFINITY;
        }
        ok(worst <= 1e-3, "%s: the gradients of all %zu parameters equal torch's, worst %.2g", arch,
           parameters, worst);
        check_losses(&s, &losses, first);
        struct npys_record next = rec;
        rec = losses;
        losses = next;
        end(&s);
    }
    npys_record_free(&rec);
    npys_record_free(&losses);
    npys_reader_free(r);
    fclose(f);
}

static void rates(void)
{
    const struct rate cosine = {
        .kind = RATE_COSINE, .base = 0.1, .final = 0, .steps = 110, .warmup = 10, .warmup_from = 0};
    ok_close(rate_at(&cosine, 5), 0.05, 1e-12, "half way up the warm-up");
    ok_close(rate_at(&cosine, 10), 0.1, 1e-12, "the top");
    ok_close(rate_at(&cosine, 60), 0.05, 1e-12, "half way down the cosine");
    const struct rate step = {
        .kind = RATE_STEP, .base = 0.1, .steps = 100, .milestone = {0.3, 0.6}, .milestones = 2};
    ok_close(rate_at(&step, 29), 0.1, 1e-12, "before the first milestone");
    ok_close(rate_at(&step, 60), 0.001, 1e-12, "after the second");
}

/* Gradients of the losses by differences, in f64 up to the logits' rounding. */
static void losses(void)
{
    float x[2 * 5] = {0.3f, -1, 2, 0.1f, 0, 4, -3, 0.5f, 1, 1}, g[2 * 5], unused[2 * 5];
    const unsigned char positive[2 * 5] = {0, 1, 0, 1, 0, 1, 0, 0, 0, 0};
    const struct loss_target target[2] = {{2, 0, 0.7f}, {1, 4, 0.2f}};
    const struct view logits = {x, 2, 1, 1, 5, 0, DT_F32, 0}, gradient = {g, 2, 1, 1, 5, 0, DT_F32, 0},
                      scratch = {unused, 2, 1, 1, 5, 0, DT_F32, 0};
    double worst[2] = {0};
    for (int kind = 0; kind < 2; kind++) {
        if (kind)
            loss_multi_label(&gradient, &logits, positive, 1);
        else
            loss_cross_entropy(&gradient, &logits, target, 0.1, 1);
        for (size_t i = 0; i < 10; i++) {
            const float old = x[i], step = 1.0f / 64;
            double value[2];
            for (int side = 0; side < 2; side++) {
                x[i] = side ? old + step : old - step;
                value[side] = (kind ? loss_multi_label(&scratch, &logits, positive, 1)
                                    : loss_cross_entropy(&scratch, &logits, target, 0.1, 1))
                                  .value;
            }
            x[i] = old;
            worst[kind] = worse(worst[kind], fabs((value[1] - value[0]) / (2 * step) - g[i]));
        }
    }
    ok(worst[0] < 2e-5, "cross-entropy with mixed, smoothed targets: gradient by differences, %.2g",
       worst[0]);
    ok(worst[1] < 2e-5, "multi-label: gradient by differences, %.2g", worst[1]);
    const struct loss_target plain[2] = {{0, 0, 1}, {0, 0, 1}};
    float zeros[2 * 5] = {0};
    const struct view flat = {zeros, 2, 1, 1, 5, 0, DT_F32, 0};
    ok_close(loss_cross_entropy(&scratch, &flat, plain, 0, 1).value, log(5), 1e-12,
             "equal logits: log of the classes");
}

/* In bf16 the gradient is that of f32 up to noise. Its direction is shown, not tested: on these images, which
 * are noise, ReLU's kinks and batch norm magnify roundings; torch's own autocast to bf16 turns it by .14
 * (ResNet-18) and .43 (WRN50-2). */
static void against_f32(const char *arch, size_t batch)
{
    struct session wide, narrow;
    begin(&wide, arch, batch, 0, DT_F32);
    begin(&narrow, arch, batch, 0, DT_BF16);
    const double loss = learn(&wide, 0), low = learn(&narrow, 0);
    size_t n;
    trainer_values(wide.trainer, &n);
    const float *a = trainer_gradients(wide.trainer), *b = trainer_gradients(narrow.trainer);
    double aa = 0, bb = 0, d = 0;
    for (size_t i = 0; i < n; i++) {
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
        d += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    }
    const double off = fabs(sqrt(bb / aa) - 1);
    ok(fabs(low / loss - 1) < 0.01, "%s in bf16: the loss is off by %.2g", arch, fabs(low / loss - 1));
    ok(off < 0.02, "%s in bf16: the gradient's norm is off by %.2g (direction by %.2g)", arch, off,
       sqrt(d / aa));
    end(&wide);
    end(&narrow);
}

int main(void)
{
    rates();
    losses();
    against_torch();
    against_f32("resnet18", 8);
    against_f32("wide_resnet50_2", 4);
    return done();
}
