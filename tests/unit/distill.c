/* distill/: parameter counts of Reverse Distillation; the first step's loss and gradients, five steps, and a map, against torch and
 * Anomalib's modules (tests/oracle/distill.py); what distances and maps must be. */
#include "distill/imitation.h"
#include "distill/lesson.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"

/* Numbers of the oracle's script. */
enum { BATCH = 6, THINNER = 16, STEPS = 6, MAP_H = 32, MAP_W = 48 };
static const size_t sides[STUDENT_TAPS][2] = {{16, 24}, {8, 12}, {4, 6}};

static const struct reverse_form thin_basic = {false, 64 / THINNER, 512 / THINNER, 2, 0, {2, 2, 2}, 0};
static const struct reverse_form thin_bottlenecks = {true,           64 / THINNER, 512 / THINNER, 3,
                                                     1024 / THINNER, {1, 2, 1},    128 / THINNER};

/* Parameters whose names begin so. */
static size_t parameters(const struct graph *g, const char *beginning)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct layer_part part[LAYER_PARTS];
        const size_t parts = layer_parts(part, &g->node[i]);
        for (size_t p = 0; p < parts; p++)
            if (part[p].learnt && strncmp(part[p].name, beginning, strlen(beginning)) == 0)
                n += tensor_count(&part[p].shape);
    }
    return n;
}

static void check_counts(const char *arch, size_t width, size_t bottleneck, size_t decoder)
{
    struct graph g = {0};
    struct reverse_form f;
    ok(reverse_form_of(&f, arch, width), "%s is known", arch);
    reverse_build(&g, &f);
    const size_t b = parameters(&g, "bottleneck."), d = parameters(&g, "decoder.");
    ok(b == bottleneck && d == decoder, "%s, width %zu: %zu + %zu parameters", arch, width, b, d);
    graph_free(&g);
}

static void test_counts(void)
{
    struct reverse_form f;
    check_counts("wide_resnet50_2", 0, 58885120, 24917504);
    check_counts("wide_resnet50_2", 512, 30829568, 24917504);
    check_counts("resnet34", 0, 11680000, 5770624);
    check_counts("resnet50", 0, 30829568, 15821824);
    check_counts("resnet18", 0, 11680000, 3703168); /* Anomalib has these, and a conv4 that it never uses */
    ok(!reverse_form_of(&f, "vgg16", 0), "no form for another network");
}

struct session {
    const char *name;
    bool pyramid;
    struct student student;
    struct lesson_options o;
    struct lesson lesson;
    float *array[1 + STUDENT_TAPS]; /* of an image */
    struct taps taps;
};

static void shape_taps(struct session *s)
{
    const size_t first = s->pyramid ? 1 : 0;
    s->taps.n = first + STUDENT_TAPS;
    if (s->pyramid)
        s->taps.tap[0] = (struct tap){4 * sides[0][0], 4 * sides[0][1], 3, NULL};
    for (size_t i = 0; i < STUDENT_TAPS; i++)
        s->taps.tap[first + i] = (struct tap){sides[i][0], sides[i][1],
                                              s->student.graph.node[s->student.output[i]].channels, NULL};
    for (size_t i = 0; i < s->taps.n; i++) {
        const struct tap *t = &s->taps.tap[i];
        s->array[i] = xmalloc(t->height * t->width * t->channels, sizeof(float));
        s->taps.tap[i].value = s->array[i];
    }
}

/* The networks and optimisers of the oracle's three records. */
static void begin(struct session *s, const char *name)
{
    struct safetensors st = {0};
    *s = (struct session){.name = name, .pyramid = strcmp(name, "stfpm") == 0};
    s->o = (struct lesson_options){.loss = LESSON_IMAGES, .optimiser = optimiser_adam, .precision = DT_F32};
    s->o.optimiser.beta1 = 0.5;
    if (s->pyramid) {
        student_pyramid(&s->student, "resnet18");
        s->o = (struct lesson_options){.loss = LESSON_MEAN, .decay = 1e-4, .precision = DT_F32};
        s->o.optimiser = (struct optimiser_options){.kind = OPTIMISER_SGD, .momentum = 0.9};
    } else if (strcmp(name, "basic") == 0) {
        student_reverse(&s->student, &thin_basic);
    } else {
        student_reverse(&s->student, &thin_bottlenecks);
        s->o.optimiser.beta2 = 0.99;
    }
    shape_taps(s);
    fill(&st, &s->student.graph);
    lesson_begin(&s->lesson, &s->student, &st, "formula", &s->taps, BATCH, &s->o);
    safetensors_free(&st);
}

static void end(struct session *s)
{
    lesson_end(&s->lesson);
    student_free(&s->student);
    for (size_t i = 0; i < sizeof s->array / sizeof *s->array; i++)
        free(s->array[i]);
}

/* Image n of a batch, as the script makes it. */
static void make_image(struct session *s, size_t batch, size_t n)
{
    const size_t first = s->pyramid ? 1 : 0;
    for (size_t i = 0; i < s->taps.n; i++) {
        const struct tap *t = &s->taps.tap[i];
        const size_t size = t->height * t->width * t->channels;
        char name[48];
        if (i < first)
            snprintf(name, sizeof name, "image of batch %zu", batch);
        else
            snprintf(name, sizeof name, "tap %zu of batch %zu", i - first, batch);
        const uint32_t seed = formula_seed(name);
        for (size_t j = 0; j < size; j++)
            s->array[i][j] = (float)formula(seed, n * size + j) * 4 - 2;
    }
}

static void make_batch(struct session *s, size_t batch)
{
    for (size_t n = 0; n < BATCH; n++) {
        make_image(s, batch, n);
        lesson_image(&s->lesson, n, &s->taps);
    }
}

/* The norm, and 16 entries: their difference stands for that of all, scaled up. */
static double gradient_error(const struct session *s, const struct trainer_parameter *p,
                             const struct tensor *want)
{
    char name[80];
    float *g = xmalloc(p->n, sizeof *g);
    const size_t n =
        trainer_parameter_copy(s->lesson.learner.trainer, trainer_gradients(s->lesson.learner.trainer), p, g);
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

static void check_gradients(struct session *s, struct npys_reader *r, size_t records)
{
    size_t n, found = 0;
    double worst = 0;
    const struct trainer_parameter *p = trainer_parameters(s->lesson.learner.trainer, &n);
    struct npys_record rec = {0};
    for (size_t k = 0; k < records && npys_read(r, &rec); k++)
        for (size_t i = 0; i < n; i++)
            if (strcmp(p[i].name, note_get(&rec.note, "name")) == 0) {
                worst = worse(worst, gradient_error(s, &p[i], &rec.array[0]));
                found++;
            }
    npys_record_free(&rec);
    ok(found == records && found == n, "%s: all %zu parameters have gradients", s->name, n);
    ok(worst <= 1e-3, "%s: gradients as torch's, worst %.2g", s->name, worst);
}

/* What the trainer makes of an image is what the student in use does, and leaves no trace. */
static void check_look(struct session *s, const struct imitation_rules *rules, const float *map)
{
    struct trainer *t = s->lesson.learner.trainer;
    struct imitation_maps maps = {0};
    struct view made[STUDENT_TAPS];
    float *looked = xmalloc(MAP_H * MAP_W, sizeof *looked);
    size_t n;
    const float *statistics = trainer_statistics(t, &n);
    float *before = memcpy(xmalloc(n, sizeof *before), statistics, n * sizeof *before);
    double worst = 0;
    lesson_image(&s->lesson, 1, &s->taps);
    lesson_look(&s->lesson, 2, made);
    imitation_compare(&maps, s->lesson.target, made, 1, looked, (struct map_size){MAP_W, MAP_H}, rules);
    for (size_t i = 0; i < MAP_H * MAP_W; i++)
        worst = worse(worst, fabs((double)looked[i] - (double)map[i]) / (double)map[i]);
    ok(worst <= 1e-4, "%s: the trainer's own look, worst %.2g", s->name, worst);
    ok(memcmp(before, statistics, n * sizeof *before) == 0, "%s: which leaves the statistics", s->name);
    imitation_maps_free(&maps);
    free(before);
    free(looked);
}

static void check_map(struct session *s, size_t batch, const struct tensor *want)
{
    struct safetensors st = {0};
    struct imitation m;
    const struct imitation_rules rules = {s->pyramid ? IMITATION_PRODUCT : IMITATION_SUM,
                                          s->pyramid ? MAP_HALF_PIXEL : MAP_ALIGN_CORNERS};
    float *map = xmalloc(MAP_H * MAP_W, sizeof *map);
    double worst = 0;
    lesson_export(&s->lesson, &st);
    imitation_begin(&m, &s->student, &st, "learnt", &s->taps, DT_F32);
    make_image(s, batch, 0);
    imitation_map(&m, &s->taps, map, (struct map_size){MAP_W, MAP_H}, &rules);
    for (size_t i = 0; i < MAP_H * MAP_W; i++)
        worst = worse(worst, fabs((double)map[i] - tensor_get(want, i)) / tensor_get(want, i));
    ok(worst <= 1e-3, "%s: the map after five steps as torch's, worst %.2g", s->name, worst);
    check_look(s, &rules, map);
    imitation_end(&m);
    safetensors_free(&st);
    free(map);
}

static void check_session(struct npys_reader *r, const struct npys_record *rec)
{
    struct session s;
    const size_t first = (size_t)atoi(note_get(&rec->note, "first"));
    const double rate = atof(note_get(&rec->note, "rate"));
    double worst = 0;
    begin(&s, note_get(&rec->note, "name"));
    make_batch(&s, first);
    const double loss = lesson_gradients(&s.lesson), want = tensor_get(&rec->array[0], 0);
    ok(fabs(loss - want) <= 1e-5 * want, "%s: the loss is torch's: %.7g, %.7g", s.name, loss, want);
    check_gradients(&s, r, (size_t)atoi(note_get(&rec->note, "gradients")));
    optimiser_step(&s.lesson.learner.optimiser, 0, rate);
    for (size_t step = 1; step < STEPS; step++) {
        make_batch(&s, first + step);
        const double got =
            step < STEPS - 1 ? lesson_step(&s.lesson, step, rate) : lesson_gradients(&s.lesson);
        worst = worse(worst, fabs(got / tensor_get(&rec->array[0], step) - 1));
    }
    ok(worst <= 1e-4, "%s: the losses of five steps are torch's, worst %.2g", s.name, worst);
    check_map(&s, first, &rec->array[1]);
    end(&s);
}

static void test_against_torch(void)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/distill.npys", tests ? tests : "tests");
    FILE *f = fopen(path, "rb");
    ok(f != NULL, "the dumps are there");
    if (!f)
        return;
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    size_t sessions = 0;
    for (; npys_read(r, &rec); sessions++)
        check_session(r, &rec);
    ok(sessions == 3, "three students");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
}

static void test_distance(void)
{
    const float a[3] = {1, 2, -2}, b[3] = {-2, 1, 2}, opposite[3] = {-10, -20, 20}, none[3] = {0};
    const float bad[3] = {1, NAN, 2}, small[3] = {1e-30f, 2e-30f, -2e-30f};
    ok_close(imitation_distance(a, a, 3), 0, 0, "itself: 0");
    ok_close(imitation_distance(a, opposite, 3), 2, 1e-15, "the opposite, of any length: 2");
    ok_close(imitation_distance(a, small, 3), 0, 1e-13, "the same direction, however short: 0");
    ok_close(imitation_distance(a, b, 3), 1 + 4.0 / 9, 1e-15, "1 - cos");
    ok_close(imitation_distance(a, none, 3), 1, 0, "zeros: 1");
    ok_close(imitation_distance(none, a, 3), 1, 0, "from zeros: 1");
    ok_close(imitation_distance(none, none, 3), 0, 0, "zeros from zeros: 0");
    ok(isnan(imitation_distance(a, bad, 3)) && isnan(imitation_distance(bad, a, 3)), "NaN stays");
}

/* An image whose taps are what the student makes of it has a map of zeros; with another sign, of 2 each. */
static void test_perfect(void)
{
    struct session s;
    struct safetensors st = {0};
    struct imitation m;
    float map[16 * 24];
    const struct map_size grid = {24, 16};
    struct imitation_rules rules = {IMITATION_SUM, MAP_ALIGN_CORNERS};
    double most = 0, least = INFINITY;
    begin(&s, "stfpm");
    lesson_export(&s.lesson, &st);
    imitation_begin(&m, &s.student, &st, "formula", &s.taps, DT_F32);
    make_image(&s, 1, 0);
    imitation_map(&m, &s.taps, map, grid, &rules);
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        const struct view made = infer_output(m.infer, i);
        view_copy_out(s.array[1 + i], &made, 0);
    }
    imitation_map(&m, &s.taps, map, grid, &rules);
    for (size_t i = 0; i < 16 * 24; i++)
        most = worse(most, fabs((double)map[i]));
    ok(most <= 0, "a teacher that is the student: 0 everywhere");
    for (size_t i = 0; i < STUDENT_TAPS; i++) {
        const struct tap *t = &s.taps.tap[1 + i];
        for (size_t k = 0; k < t->height * t->width * t->channels; k++)
            s.array[1 + i][k] = -s.array[1 + i][k];
    }
    rules.combine = IMITATION_PRODUCT;
    imitation_map(&m, &s.taps, map, grid, &rules);
    for (size_t i = 0; i < 16 * 24; i++)
        least = map[i] < least ? map[i] : least;
    ok_close(least, 8, 1e-4, "one that is its opposite: 2 in each layer");
    imitation_end(&m);
    safetensors_free(&st);
    end(&s);
}

/* torch decays all that learns, norms too: p - rate (g + decay p). */
static void test_decay(void)
{
    struct session s;
    size_t n;
    double worst = 0;
    begin(&s, "stfpm");
    make_batch(&s, 1);
    lesson_gradients(&s.lesson);
    const struct trainer_parameter *p = trainer_parameters(s.lesson.learner.trainer, &n);
    while (strcmp(p->name, "layer1.0.bn1.weight") != 0)
        p++;
    const float *value = trainer_values(s.lesson.learner.trainer, &n) + p->offset;
    const float *gradient = trainer_gradients(s.lesson.learner.trainer) + p->offset;
    double want[64];
    for (size_t i = 0; i < 64; i++)
        want[i] = (double)value[i] - 0.4 * ((double)gradient[i] + s.o.decay * (double)value[i]);
    learner_step(&s.lesson.learner, 0, 0.4);
    for (size_t i = 0; i < 64; i++)
        worst = worse(worst, fabs((double)value[i] - want[i]));
    ok(worst <= 1e-6, "norms decay, too, worst %.2g", worst);
    end(&s);
}

static void refuses(struct session *s, size_t tap, struct tap is, const char *what)
{
    const struct tap was = s->taps.tap[tap];
    struct err e = {""};
    s->taps.tap[tap] = is;
    const bool refused = !student_fits(&s->student, &s->taps, &e);
    ok(refused && strstr(e.text, what), "refused: %s", e.text);
    s->taps.tap[tap] = was;
}

static void test_fits(void)
{
    struct session s;
    struct err e;
    begin(&s, "basic");
    ok(student_fits(&s.student, &s.taps, &e), "taps that halve");
    refuses(&s, 0, (struct tap){16, 24, 5, NULL}, "5 channels");
    refuses(&s, 1, (struct tap){8, 13, 8, NULL}, "half");
    s.taps.n = 2;
    refuses(&s, 0, s.taps.tap[0], "2 taps");
    end(&s);
    begin(&s, "stfpm");
    ok(student_fits(&s.student, &s.taps, &e), "an image and its taps");
    refuses(&s, 0, (struct tap){64, 100, 3, NULL}, "tap 2 is 24x16");
    end(&s);
}

int main(void)
{
    test_counts();
    test_distance();
    test_against_torch();
    test_perfect();
    test_decay();
    test_fits();
    return done();
}
