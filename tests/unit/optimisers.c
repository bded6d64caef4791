/* train/optimiser and train/penalty: five steps of each against torch (tests/oracle/optimisers.py), against a plain loop over
 * more than a chunk, on any number of threads; what is frozen. */
#include "train/optimiser.h"
#include "base/file.h"
#include "base/thread.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/penalty.h"

enum { N = 70, SPLIT = 40, STEPS = 5 };
static const double rate = 0.05;

static double number(const struct npys_record *rec, const char *key)
{
    const char *text = note_get(&rec->note, key);
    return text ? atof(text) : 0;
}

static struct optimiser_options options_of(const struct npys_record *rec)
{
    return (struct optimiser_options){.kind = (enum optimiser_kind)number(rec, "kind"),
                                      .momentum = number(rec, "momentum"),
                                      .beta1 = number(rec, "beta1"),
                                      .beta2 = number(rec, "beta2"),
                                      .epsilon = number(rec, "epsilon")};
}

static void start(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(formula(formula_seed("values"), i) - 0.5);
}

static void gradients_of(float *gradients, size_t n, size_t step)
{
    char name[32];
    snprintf(name, sizeof name, "gradient %zu", step);
    for (size_t i = 0; i < n; i++)
        gradients[i] = (float)((formula(formula_seed(name), i) - 0.5) * pow(10, (double)(i % 5) - 4));
}

/* |got - want| / |want - what it was in the beginning| */
static double change_error(const float *got, const struct tensor *want, size_t row)
{
    double off = 0, change = 0;
    for (size_t i = 0; i < N; i++) {
        const double w = tensor_get(want, row * N + i), before = formula(formula_seed("values"), i) - 0.5;
        off += pow((double)got[i] - w, 2);
        change += pow(w - before, 2);
    }
    return sqrt(off / change);
}

static void five_steps(const struct npys_record *rec)
{
    float values[N], gradients[N];
    const struct optimiser_stretch stretch[2] = {{0, SPLIT, (float)number(rec, "decay"), 1},
                                                 {SPLIT, N - SPLIT, 0, 0.1f}};
    const struct optimiser_options o = options_of(rec);
    struct optimiser s;
    const double clip = number(rec, "clip");
    double worst = 0, norms = 0;
    start(values, N);
    optimiser_init(&s, &o, values, gradients, stretch, 2);
    for (size_t step = 0; step < STEPS; step++) {
        gradients_of(gradients, N, step);
        if (clip > 0)
            norms = worse(norms, fabs(optimiser_clip(&s, clip) - tensor_get(&rec->array[1], step)));
        optimiser_step(&s, step, rate);
        worst = worse(worst, change_error(values, &rec->array[0], step));
    }
    ok(worst < 1e-5, "%s: five steps as torch's, worst %.2g of what they change",
       note_get(&rec->note, "name"), worst);
    if (clip > 0)
        ok(norms < 1e-6, "norms before clipping as torch's, worst %.2g", norms);
    optimiser_free(&s);
}

static void penalties(const struct npys_record *rec)
{
    float values[N], gradients[N], anchor[N], importance[N];
    double worst = 0;
    start(values, N);
    for (size_t i = 0; i < N; i++) {
        anchor[i] = (float)formula(formula_seed("anchor"), i);
        importance[i] = (float)formula(formula_seed("importance"), i);
        gradients[i] = 1;
    }
    const struct penalty p = {anchor, importance, N, number(rec, "weight")};
    const double got = penalty_add(gradients, values, &p), want = tensor_get(&rec->array[0], 0);
    for (size_t i = 0; i < N; i++)
        worst = worse(worst, fabs((double)gradients[i] - 1 - tensor_get(&rec->array[1], i)));
    ok(fabs(got - want) < 1e-6 * want && worst < 1e-6,
       "a quadratic penalty and its gradient, added: worst %.2g", worst);
    const struct penalty alike = {values, NULL, N, 3};
    ok(penalty_add(gradients, anchor, &alike) > 0 && fabs(penalty_add(gradients, values, &alike)) <= 0,
       "at the anchor there is none");
}

static void against_torch(void)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/optimisers.npys", tests ? tests : "tests");
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(r, &rec))
        if (note_get(&rec.note, "kind"))
            five_steps(&rec);
        else
            penalties(&rec);
    ok(npys_reader_count(r) == 7, "all dumps were there");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
}

/* The formulas one number after another, in f64. */
static void naive_step(double *p, double moment[2], double g, double decay, double pace,
                       const struct optimiser_options *o, size_t step)
{
    const double t = (double)step + 1;
    if (o->kind == OPTIMISER_SGD) {
        moment[0] = o->momentum * moment[0] + g + decay * *p;
        *p -= pace * moment[0];
        return;
    }
    if (o->kind == OPTIMISER_ADAM)
        g += decay * *p;
    else
        *p -= pace * decay * *p;
    moment[0] = o->beta1 * moment[0] + (1 - o->beta1) * g;
    moment[1] = o->beta2 * moment[1] + (1 - o->beta2) * g * g;
    *p -=
        pace * (moment[0] / (1 - pow(o->beta1, t))) / (sqrt(moment[1] / (1 - pow(o->beta2, t))) + o->epsilon);
}

enum { MANY = 150000, FIRST = 70000, FROZEN = 20000 };

/* Three stretches, the middle one frozen. */
static void larger(enum optimiser_kind kind)
{
    const struct optimiser_options o = {kind, 0.9, 0.9, 0.999, 1e-8, 0.5};
    const struct optimiser_stretch stretch[3] = {
        {0, FIRST, 0.1f, 1}, {FIRST, FROZEN, 0.1f, 0}, {FIRST + FROZEN, MANY - FIRST - FROZEN, 0, 0.5f}};
    float *values = xmalloc(MANY, sizeof *values), *gradients = xmalloc(MANY, sizeof *gradients);
    double worst = 0, average = 0;
    bool stays = true;
    struct optimiser s;
    start(values, MANY);
    optimiser_init(&s, &o, values, gradients, stretch, 3);
    for (size_t step = 0; step < 3; step++) {
        gradients_of(gradients, MANY, step);
        optimiser_step(&s, step, rate);
    }
    float *g[3];
    for (size_t step = 0; step < 3; step++)
        gradients_of(g[step] = xmalloc(MANY, sizeof **g), MANY, step);
    for (size_t i = 0; i < MANY; i++) {
        const struct optimiser_stretch *at = &stretch[i < FIRST ? 0 : i < FIRST + FROZEN ? 1 : 2];
        const float before = (float)(formula(formula_seed("values"), i) - 0.5);
        double p = (double)before, mean = p, moment[2] = {0, 0};
        for (size_t step = 0; step < 3 && at->rate > 0; step++) {
            naive_step(&p, moment, (double)g[step][i], (double)at->decay, rate * (double)at->rate, &o, step);
            mean = 0.5 * mean + 0.5 * p;
        }
        worst = worse(worst, fabs((double)values[i] - p));
        average = worse(average, fabs((double)optimiser_result(&s)[i] - mean));
        stays &= at->rate > 0 || (!memcmp(&values[i], &before, sizeof before) &&
                                  !memcmp(&s.average[i], &before, sizeof before) && s.moment[0][i] == 0);
    }
    ok(worst < 1e-6 && average < 1e-6,
       "kind %d: %d numbers as a plain loop has them, worst %.2g, of the moving average %.2g", (int)kind,
       MANY, worst, average);
    ok(stays, "what is frozen stays, to the bit; so do its moments and average");
    for (size_t step = 0; step < 3; step++)
        free(g[step]);
    optimiser_free(&s);
    free(values), free(gradients);
}

/* In a task, so that it runs on this thread alone. */
static void clip_inside(void *arg, size_t task, size_t worker)
{
    (void)worker;
    if (task == 0)
        optimiser_clip(arg, 1);
}

static void clips(void)
{
    const struct optimiser_stretch stretch[2] = {{0, FIRST, 0, 1}, {FIRST, MANY - FIRST, 0, 0}};
    const struct optimiser_options o = {.kind = OPTIMISER_SGD};
    float *values = xcalloc(MANY, sizeof *values), *one = xmalloc(MANY, sizeof *one),
          *two = xmalloc(MANY, sizeof *two);
    struct optimiser s;
    gradients_of(one, MANY, 0);
    gradients_of(two, MANY, 0);
    optimiser_init(&s, &o, values, one, stretch, 2);
    double sum = 0;
    for (size_t i = 0; i < FIRST; i++)
        sum += (double)one[i] * (double)one[i];
    const double norm = optimiser_clip(&s, 1), after = optimiser_clip(&s, 1);
    ok(fabs(norm - sqrt(sum)) < 1e-9 * norm && fabs(after - 1) < 1e-5,
       "the norm is that of what is not frozen, then 1");
    ok(!memcmp(one + FIRST, two + FIRST, (MANY - FIRST) * sizeof *one), "frozen gradients are not scaled");
    optimiser_free(&s);
    optimiser_init(&s, &o, values, two, stretch, 2);
    pool_run(2, clip_inside, &s);
    s.gradients = one;
    gradients_of(one, MANY, 0);
    optimiser_clip(&s, 1);
    ok(!memcmp(one, two, MANY * sizeof *one), "one thread: the same bits");
    memcpy(two, one, MANY * sizeof *one);
    two[5] = NAN;
    s.gradients = two;
    ok(isnan(optimiser_clip(&s, 0.1)) && two[6] == one[6],
       "a norm that is not finite is said, and nothing scaled");
    optimiser_free(&s);
    free(values), free(one), free(two);
}

int main(void)
{
    pool_start(3);
    against_torch();
    larger(OPTIMISER_SGD);
    larger(OPTIMISER_ADAM);
    larger(OPTIMISER_ADAMW);
    clips();
    return done();
}
