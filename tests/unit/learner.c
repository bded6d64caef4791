/* A student that learns through train/loop: losses at two depths, Adam, frozen beginnings, beside a second network; killed
 * with -9, resumed, and then against torch (tests/oracle/learner.py). */
#include "train/learner.h"
#include "base/file.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/checkpoint.h"
#include "train/feature_loss.h"
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 16, BATCH = 4, STEPS = 5, NEVER = 99 };

/* The student, and a twin of it that learns the same by SGD; all of it decays. */
struct distillation {
    struct learner student, twin;
    uint64_t die_at;
    double loss[STEPS];
};

static struct graph student_graph(size_t output[2])
{
    struct graph g = {.arch = "student"};
    const struct convolution first = {3, 8, 3, 2, 1}, second = {8, 8, 3, 1, 1};
    size_t x = graph_input(&g, 3);
    output[0] = graph_relu(&g, graph_batchnorm(&g, graph_conv(&g, x, "conv1", first, false), "bn1"));
    x = graph_batchnorm(&g, graph_conv(&g, output[0], "conv2", second, false), "bn2");
    output[1] = graph_relu(&g, graph_add(&g, x, output[0]));
    return g;
}

static struct safetensors initial(void)
{
    size_t output[2];
    struct graph g = student_graph(output);
    struct safetensors st = {0};
    fill(&st, &g);
    graph_free(&g);
    return st;
}

static void learner_new(struct learner *l, bool frozen, const struct optimiser_options *o, bool decay_all)
{
    static const char *const beginning[] = {"conv1", "bn1", NULL};
    size_t output[2];
    struct graph g = student_graph(output);
    struct safetensors st = initial();
    const struct trainer_plan plan = {.output = output,
                                      .outputs = 2,
                                      .n = BATCH,
                                      .h = SIDE,
                                      .w = SIDE,
                                      .precision = DT_F32,
                                      .frozen = frozen ? beginning : NULL};
    learner_init(l, trainer_new(&g, &st, "formula", &plan), o, 0.05, decay_all);
    safetensors_free(&st);
    graph_free(&g);
}

/* Uniform numbers of a name, from the view's first pixel on. */
static void fill_view(const struct view *v, const char *name)
{
    const size_t size = v->h * v->w * v->c;
    for (size_t i = 0; i < v->n * size; i++) {
        const size_t at = i % size / v->c;
        view_at(v, i / size, (ptrdiff_t)(at / v->w), (ptrdiff_t)(at % v->w))[i % v->c] =
            (float)formula(formula_seed(name), i);
    }
}

static double learn(struct learner *l, uint64_t step, double rate)
{
    char name[32];
    const struct view in = trainer_input(l->trainer, 0);
    double loss = 0;
    learner_clear(l);
    snprintf(name, sizeof name, "images %d", (int)step);
    fill_view(&in, name);
    trainer_forward(l->trainer);
    for (size_t tap = 0; tap < 2; tap++) {
        const struct view got = trainer_output(l->trainer, tap),
                          gradient = trainer_output_gradient(l->trainer, tap);
        struct view teacher = {.n = got.n, .h = got.h, .w = got.w, .c = got.c, .type = DT_F32};
        teacher.data = xmalloc(view_bytes(&teacher), 1);
        snprintf(name, sizeof name, "teacher %d %c", (int)step, "ab"[tap]);
        fill_view(&teacher, name);
        loss += loss_cosine_positions(&gradient, &got, &teacher, 2.0 / (double)(got.n * got.h * got.w));
        free(teacher.data);
    }
    trainer_backward(l->trainer);
    learner_step(l, step, rate);
    return loss;
}

static bool take_step(void *arg, uint64_t step, struct loop_report *r)
{
    struct distillation *d = arg;
    if (step == d->die_at)
        raise(SIGKILL);
    d->loss[step] = learn(&d->student, step, 0.02);
    learn(&d->twin, step, 0.1);
    *r = (struct loop_report){.loss = d->loss[step], .images = BATCH, .samples = (step + 1) * BATCH};
    return true;
}

/* Writes "student" and "twin". */
static void distil(struct distillation *d, bool frozen, bool resume)
{
    const struct loop_options o = {
        .checkpoint = frozen ? "frozen" : "whole", .resume = resume, .every = 1, .log_every = 1};
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .momentum = 0.9, .average = 0.5};
    const struct loop_task task = {.recipe = "a student and its twin", .step = take_step, .arg = d};
    struct learner *const learners[2] = {&d->student, &d->twin};
    static const char *const names[2] = {"student", "twin"};
    struct loop *l = loop_new(&o);
    learner_new(&d->student, frozen, &optimiser_adam, false);
    learner_new(&d->twin, frozen, &sgd, true);
    learner_parts(&d->student, l, "student.");
    learner_parts(&d->twin, l, "twin.");
    loop_resume(l, &task);
    loop_run(l, STEPS);
    for (size_t i = 0; i < 2; i++) {
        struct safetensors st = {0};
        learner_export(learners[i], &st);
        safetensors_write(&st, names[i]);
        safetensors_free(&st);
        learner_free(learners[i]);
    }
    loop_end(l);
}

/* Steps 0 to 2 in a process that then dies: its checkpoint is left. */
static void begin(bool frozen)
{
    struct distillation d = {.die_at = 3};
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        distil(&d, frozen, false);
        _exit(0);
    }
    waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && access(frozen ? "frozen" : "whole", F_OK) == 0,
       "killed with -9 before step 4");
}

/* |got - want| / |want - before|, or whether nothing has moved where nothing should. */
static double change_error(const struct tensor *got, const struct tensor *before, const struct tensor *want)
{
    double off = 0, change = 0;
    for (size_t i = 0; i < tensor_count(want); i++) {
        off += pow(tensor_get(got, i) - tensor_get(want, i), 2);
        change += pow(tensor_get(want, i) - tensor_get(before, i), 2);
    }
    return change > 0 ? sqrt(off / change) : off > 0 ? INFINITY : 0;
}

static bool same(const struct safetensors *a, const struct safetensors *b, const char *name)
{
    const struct tensor *x = safetensors_find(a, name), *y = safetensors_find(b, name);
    return x && y && tensor_same_shape(x, y) && !memcmp(x->data, y->data, tensor_bytes(x));
}

/* Array 0 holds the losses, the others tensors. */
static void resumed(const struct npys_record *rec)
{
    const bool frozen = strcmp(note_get(&rec->note, "frozen"), "1") == 0;
    struct distillation d = {.die_at = NEVER};
    struct safetensors got = {0}, before = initial();
    char names[256];
    double loss = 0, weights = 0;
    size_t i = 0;
    distil(&d, frozen, true);
    safetensors_open(&got, "student");
    for (size_t step = 3; step < STEPS; step++)
        loss = worse(loss, fabs(d.loss[step] / tensor_get(&rec->array[0], step) - 1));
    snprintf(names, sizeof names, "%s", note_get(&rec->note, "arrays"));
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ","), i++)
        if (i)
            weights = worse(weights, change_error(safetensors_find(&got, name),
                                                  safetensors_find(&before, name), &rec->array[i]));
    const char *what = note_get(&rec->note, "name");
    ok(loss < 1e-5, "%s, resumed: the losses of steps 4 and 5 are torch's, worst %.2g", what, loss);
    ok(i == 11 && weights < 1e-3, "what five steps change in every tensor is, too, worst %.2g of it",
       weights);
    ok(frozen == same(&got, &before, "conv1.weight"), "the first convolution %s",
       frozen ? "stays, to the bit" : "moves");
    safetensors_free(&got);
    safetensors_free(&before);
}

/* A twin that was never killed. */
static void whole(uint64_t want)
{
    struct distillation d = {.die_at = NEVER};
    struct safetensors st = {0}, before = initial();
    distil(&d, true, false);
    safetensors_open(&st, "twin");
    ok(safetensors_hash(&st) == want, "two networks in one loop: the other one is resumed to the same bits");
    ok(same(&st, &before, "conv1.weight") && same(&st, &before, "bn1.weight") &&
           !same(&st, &before, "bn2.weight"),
       "what is frozen does not decay where all decays, nor does its average move");
    safetensors_free(&st);
    safetensors_free(&before);
}

static uint64_t hash_of(const char *path)
{
    struct safetensors st = {0};
    safetensors_open(&st, path);
    const uint64_t hash = safetensors_hash(&st);
    safetensors_free(&st);
    return hash;
}

int main(void)
{
    char folder[] = "/tmp/learner.XXXXXX", path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/learner.npys", tests ? tests : "tests");
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    begin(false); /* before the pool has threads, which a fork would lose */
    begin(true);
    while (npys_read(r, &rec))
        resumed(&rec);
    whole(hash_of("twin"));
    unlink("student"), unlink("twin");
    ok(rmdir(folder) == 0, "no checkpoint is left");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    return done();
}
