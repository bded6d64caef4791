/* method/fitting with a training of one number, in processes of its own: orders, the epoch that is kept, --minutes, what is undone
 * after it was tried, kills and resuming, losses that are not finite, maps that are constant. */
#include "method/fitting.h"
#include "base/err.h"
#include "base/file.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IMAGES = 23, HELD = 3, BATCH = 5, STEPS = 5, A_STEP = 4, EPOCHS = 6, NEVER = 1000 };

/* Every step depends on all before it and on the values of its images, to the last bit. */
struct walk {
    struct fitting *f;
    double x;
    float moment[2];
    const double *losses; /* of the epochs' looks; NULL: of x */
    uint64_t kill_at, nan_at;
    size_t flat_from; /* the looks that see constant maps */
    uint64_t looks;   /* epochs looked at: a part */
    unsigned wait;    /* microseconds of a step */
    size_t steps;     /* that an epoch must have; 0: not looked at */
    FILE *trace;      /* the images of each step */
    FILE *rates;      /* the rate of each step */
};

static double walk_step(void *arg, const struct fitting_step *s)
{
    struct walk *w = arg;
    double sum = 0;
    usleep(w->wait);
    if (w->steps && (s->epoch != s->step / w->steps || fitting_epoch_steps(w->f) != w->steps))
        _exit(8);
    if (s->step == w->kill_at)
        raise(SIGKILL);
    for (size_t i = 0; i < s->n; i++) {
        const struct taps *t = fitting_taps(w->f, s->image[i]);
        sum += (double)(t->tap[0].value[0] + 2 * t->tap[1].value[1]) * (double)(i + 1);
        if (w->trace)
            fprintf(w->trace, "%llu %zu\n", (unsigned long long)s->step, s->image[i]);
    }
    if (w->rates)
        fprintf(w->rates, "%a\n", s->rate);
    if (s->step == w->nan_at)
        return (double)NAN;
    w->moment[s->step % 2] += (float)(0.1 * sum);
    w->x += s->rate * (double)w->moment[1 - s->step % 2] - 0.01 * w->x;
    return w->x * w->x;
}

static struct fitting_held walk_look(void *arg)
{
    struct walk *w = arg;
    const size_t look = (size_t)w->looks++;
    return (struct fitting_held){w->losses ? w->losses[look] : fabs(w->x), 0.5f,
                                 look >= w->flat_from ? 0.5f : 1};
}

static void add(struct fitting *f, struct tap_store *store, float first)
{
    const float a[2] = {first, 1}, b[3] = {0.25f, first / 2, 0};
    struct taps t = {.n = 2, .tap = {{1, 1, 2, a}, {1, 1, 3, b}}};
    if (f)
        fitting_take(f, &t);
    else
        tap_store_add(store, &t);
}

static struct fitting_options plain(void)
{
    struct fitting_options o = FITTING_DEFAULTS(BATCH, 0.3);
    o.seed = 4;
    o.checkpoint = "walk";
    o.log_every = 5;
    return o;
}

static struct walk fresh(void)
{
    return (struct walk){.x = 1, .kill_at = NEVER, .nan_at = NEVER, .flat_from = NEVER};
}

/* The whole of a fit; what it came to is written to "result". */
static void fit(struct walk w, struct fitting_options *o, float first)
{
    struct tap_store *held = tap_store_new("held", DT_F32);
    fitting_open(o, "model");
    w.f = fitting_new(o);
    for (size_t i = 0; i < IMAGES; i++)
        add(w.f, NULL, first + (float)i / 7);
    for (size_t i = 0; i < HELD; i++)
        add(NULL, held, (float)i);
    const struct fitting_task task = {
        .recipe = "a walk", .epochs = EPOCHS, .held = held, .step = walk_step, .look = walk_look, .arg = &w};
    fitting_begin(w.f, &task);
    fitting_model_part(w.f, "x", DT_F64, &w.x, 1);
    fitting_part(w.f, "moment", DT_F32, w.moment, 2);
    fitting_part(w.f, "looks", DT_I64, &w.looks, 1);
    fitting_train(w.f);
    FILE *out = fopen("result", "wb");
    fprintf(out, "%a epoch %zu of %zu, %a, %zu a step\n", w.x, fitting_epoch(w.f), o->epochs,
            fitting_loss(w.f), fitting_step_images(w.f));
    fclose(out);
    fitting_free(w.f);
    tap_store_free(held);
}

/* The same in a process of its own, its messages in "errors"; the status of waitpid. */
static int fit_apart_with(struct walk w, struct fitting_options o, float first)
{
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (!freopen("errors", "w", stderr))
            _exit(9);
        setvbuf(stderr, NULL, _IONBF, 0); /* what was said before a kill */
        fit(w, &o, first);
        exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

static int fit_apart(struct walk w, struct fitting_options o)
{
    return fit_apart_with(w, o, 0.5f);
}

static char *slurp(const char *file)
{
    unsigned char *data;
    size_t n;
    struct err e;
    if (!file_slurp(file, 1 << 20, &data, &n, &e))
        return strdup("");
    char *text = strndup((char *)data, n);
    free(data);
    return text;
}

static bool holds(const char *file, const char *text)
{
    char *is = slurp(file);
    const bool found = strstr(is, text) != NULL;
    if (!found)
        printf("# %s: %s", file, is);
    free(is);
    return found;
}

static bool exited(int status, int with)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == with;
}

static void orders(void)
{
    unsigned seen[EPOCHS][IMAGES] = {{0}}, ever[IMAGES] = {0};
    unsigned long long step;
    size_t image, n = 0, same = 0, worst = 0, missed = 0, before[A_STEP * STEPS] = {0};
    struct walk w = fresh();
    struct fitting_options o = plain();
    err_verbosity = -1; /* nothing is tried */
    w.trace = fopen("trace", "w");
    ok(exited(fit_apart(w, o), 0), "a fit of 23 images in steps of 5 at most");
    err_verbosity = 0;
    fclose(w.trace);
    ok(holds("result", " of 6, ") && holds("result", ", 4 a step"), "5 steps an epoch, of 4 images");
    FILE *trace = fopen("trace", "r");
    for (; fscanf(trace, "%llu %zu", &step, &image) == 2; n++) {
        const unsigned times = ++seen[step / STEPS][image];
        worst = times > worst ? times : worst;
        ever[image]++;
        same += n >= A_STEP * STEPS && before[n % (A_STEP * STEPS)] == image;
        before[n % (A_STEP * STEPS)] = image;
    }
    fclose(trace);
    for (size_t i = 0; i < IMAGES; i++)
        missed += ever[i] == 0;
    ok(n == EPOCHS * STEPS * A_STEP && worst == 1, "no image comes twice in an epoch");
    ok(missed == 0, "those left out are others in each epoch");
    ok(same < n / 4, "each epoch has its own order");
    err_verbosity = -1;
    o.batch = 3;
    w = fresh();
    w.steps = 8; /* of 2 images; 23 / 2 would be more */
    ok(exited(fit_apart(w, o), 0) && holds("result", ", 2 a step"), "each step knows its epoch");
    err_verbosity = 0;
}

static void choice(void)
{
    static const double losses[EPOCHS] = {5, 3, 4, 3, 7, 6};
    struct walk w = fresh();
    struct fitting_options o = plain();
    err_verbosity = -1;
    o.epochs = 2;
    w.losses = losses;
    fit_apart(w, o);
    char *two = slurp("result");
    o.epochs = FITTING_AUTO;
    fit_apart(w, o);
    err_verbosity = 0;
    ok(holds("result", "epoch 2 of 6, 0x1.8p+1"),
       "the epoch with the lowest loss on held images, the first of equals");
    char *all = slurp("result");
    ok(strncmp(two, all, strcspn(two, " ")) == 0, "the model is what it was then");
    free(two);
    free(all);
}

/* The rates of the steps of a fit, in steps of 1 of 3 epochs of 5. */
static void rates_of(double rate[3 * STEPS], struct fitting_options o)
{
    struct walk w = fresh();
    err_verbosity = -1;
    o.epochs = 3;
    w.rates = fopen("rates", "w");
    fit_apart(w, o);
    fclose(w.rates);
    err_verbosity = 0;
    FILE *f = fopen("rates", "r");
    for (size_t i = 0; i < 3 * STEPS; i++)
        if (fscanf(f, "%la", &rate[i]) != 1)
            rate[i] = (double)NAN;
    fclose(f);
}

static void schedules(void)
{
    struct fitting_options o = plain();
    double rate[3 * STEPS];
    bool steady = true;
    rates_of(rate, o);
    for (size_t i = 0; i < 3 * STEPS; i++)
        steady &= rate[i] == 0.3;
    ok(steady, "no schedule: the rate stays");
    o.warmup = 0.2; /* 3 steps of 15 */
    rates_of(rate, o);
    ok(fabs(rate[0] - 0.03) < 1e-15 && fabs(rate[1] - 0.12) < 1e-15 && fabs(rate[2] - 0.21) < 1e-15 &&
           rate[3] == 0.3 && rate[14] == 0.3,
       "--warmup: from a tenth");
    o.schedule = FITTING_COSINE;
    o.final = 0.1;
    rates_of(rate, o);
    ok(fabs(rate[0] - 0.03) < 1e-15 && fabs(rate[3] - 0.3) < 1e-15 && fabs(rate[9] - 0.165) < 1e-15 &&
           rate[14] < 0.035 && rate[14] > 0.03,
       "a cosine behind it: half way in the middle, near its end at the end");
}

static void patience(void)
{
    static const double losses[EPOCHS] = {5, 3, 4, 3, 2, 6};
    struct walk w = fresh();
    struct fitting_options o = plain();
    err_verbosity = -1;
    w.losses = losses;
    o.epochs = 2;
    fit_apart(w, o);
    char *two = slurp("result");
    o.epochs = EPOCHS;
    o.patience = 2;
    ok(exited(fit_apart(w, o), 0) && holds("result", "epoch 2 of 6, 0x1.8p+1"),
       "--patience 2: ended after epoch 4, before a better one");
    char *all = slurp("result");
    ok(strncmp(two, all, strcspn(two, " ")) == 0, "the model is what it was then");
    o.patience = 3;
    ok(exited(fit_apart(w, o), 0) && holds("result", "epoch 5 of 6, 0x1p+1"), "--patience 3: it comes to it");
    o.patience = 2;
    o.every = 1;
    w.kill_at = 4 * STEPS - 1;
    unlink("walk");
    fit_apart(w, o);
    w.kill_at = NEVER;
    o.resume = true;
    ok(exited(fit_apart(w, o), 0) && holds("result", all), "killed and resumed, it ends there, too");
    err_verbosity = 0;
    free(two);
    free(all);
}

static char *wanted; /* "result" of a fit that nothing interrupts */

static void plans(void)
{
    struct fitting_options o = plain();
    err_verbosity = -1;
    fit_apart(fresh(), o);
    wanted = slurp("result");
    err_verbosity = 0;
    fit_apart(fresh(), o);
    ok(holds("errors", "6 epochs of 5 steps of 4 images (23 to learn from, 3 held back): about"),
       "the plan is told");
    ok(holds("result", wanted), "what was tried for it is undone");
    struct walk slow = fresh();
    slow.wait = 2000;
    o.minutes = 0.25 / 60;
    fit_apart(slow, o);
    size_t epochs = 0;
    char *result = slurp("result");
    sscanf(result, "%*s epoch %*u of %zu", &epochs);
    free(result);
    ok(epochs >= 1 && epochs <= 25, "--minutes: %zu epochs of 10 ms in 250 ms", epochs);
    char *by_minutes = slurp("result");
    o.minutes = 0;
    o.epochs = epochs;
    fit_apart(fresh(), o);
    ok(holds("result", by_minutes), "the same bits by --epochs");
    free(by_minutes);
    o.minutes = 1;
    o.epochs = 3;
    fit_apart(fresh(), o);
    ok(holds("result", "of 3"), "--epochs beside --minutes is the most");
}

static void kills(void)
{
    struct fitting_options o = plain();
    bool killed = true, same = true;
    o.every = 3;
    err_verbosity = -1;
    for (uint64_t at = 3; at < EPOCHS * STEPS; at += 4) {
        struct walk w = fresh();
        w.kill_at = at;
        o.resume = false;
        unlink("walk");
        const int status = fit_apart(w, o);
        killed &= WIFSIGNALED(status) && access("walk", F_OK) == 0;
        o.resume = true;
        same &= exited(fit_apart(fresh(), o), 0) && holds("result", wanted);
    }
    err_verbosity = 0;
    ok(killed, "killed in step 4, 8, ...");
    ok(same && access("walk", F_OK) != 0, "resumed: the same bits");
}

/* A fit by minutes that is killed keeps its number of epochs, however fast the machine is later. */
static void kill_by_minutes(void)
{
    struct fitting_options o = plain();
    struct walk w = fresh();
    o.every = 1;
    o.minutes = 0.2 / 60;
    w.wait = 2000;
    w.kill_at = 3;
    unlink("walk");
    fit_apart(w, o);
    size_t epochs = 0, then = 0;
    char *plan = slurp("errors");
    sscanf(plan, "fitting: %zu", &epochs);
    free(plan);
    o.resume = true;
    fit_apart(fresh(), o);
    char *result = slurp("result");
    sscanf(result, "%*s epoch %*u of %zu", &then);
    free(result);
    ok(epochs > 0 && then == epochs, "--minutes: resumed, %zu epochs as decided first, %zu", then, epochs);
}

static void refusals(void)
{
    struct fitting_options o = plain();
    struct walk w = fresh();
    o.every = 2;
    w.kill_at = 7;
    fit_apart(w, o);
    ok(exited(fit_apart(fresh(), o), EXIT_MISUSE) && holds("errors", "--resume"),
       "a checkpoint that is there");
    o.resume = true;
    ok(exited(fit_apart_with(fresh(), o, 0.75f), EXIT_FAILED) &&
           holds("errors", "walk: made with other images"),
       "other images");
    o.rate = 0.2;
    ok(exited(fit_apart(fresh(), o), EXIT_FAILED) && holds("errors", "walk: "), "another rate");
    unlink("walk");
}

static void no_numbers(void)
{
    struct fitting_options o = plain();
    struct walk w = fresh();
    o.epochs = 2;
    fit_apart(w, o);
    char *two = slurp("result");
    o.epochs = 4;
    w.nan_at = 2 * STEPS + 1;
    ok(exited(fit_apart(w, o), 0) && holds("errors", "not finite in step 12"), "a loss of NaN is told");
    char *all = slurp("result");
    ok(strncmp(two, all, strcspn(two, " ")) == 0, "the last good epoch is the model");
    free(two);
    free(all);
    w.nan_at = 2;
    ok(exited(fit_apart(w, o), EXIT_FAILED) && holds("errors", "not finite in step 3"),
       "NaN before the first epoch is over");
    w = fresh();
    w.flat_from = 3; /* the look that was tried is one of them */
    fit_apart(w, o);
    ok(holds("errors", "epoch 4: the maps are constant"), "constant maps are told");
    w.flat_from = 0;
    unlink("result");
    ok(exited(fit_apart(w, o), EXIT_FAILED) && holds("errors", "the maps are constant in each"),
       "and are no model");
}

int main(void)
{
    char folder[] = "/tmp/fern.fitting.XXXXXX";
    err_init("fitting");
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    orders();
    choice();
    schedules();
    patience();
    plans();
    kills();
    kill_by_minutes();
    refusals();
    no_numbers();
    free(wanted);
    static const char *const files[] = {"trace", "rates", "result", "errors", "walk"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    if (chdir("/") || rmdir(folder))
        printf("# %s is left\n", folder);
    return done();
}
