/* method/detector: the frame, by two small methods: one that can't leave an image out, so that every tenth is held back, and one
 * without maps. Their model is the mean of the first value of all images; a score is how far an image is from it. */
#include "method/detector.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/thread.h"
#include "method/detector_parts.h"
#include "stream/npys.h"
#include "tap.h"
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct options {
    double factor;
    size_t extra;
    bool odd;
};
static const struct options defaults = {.factor = 1, .extra = 3};

struct toy {
    double sum, mean, factor;
    size_t n, held;
    bool odd;
};

static const struct setting settings[] = {
    {"factor", 'f', SETTING_REAL, offsetof(struct options, factor), 0, 9, NULL, "F", "of scores",
     DETECTOR_BOTH | DETECTOR_KEPT, NULL},
    {"extra", 'x', SETTING_SIZE, offsetof(struct options, extra), 0, 9, NULL, "N", "of nothing", DETECTOR_FIT,
     NULL},
    {"odd", 0, SETTING_FLAG, offsetof(struct options, odd), 0, 0, NULL, NULL, "add 100 to scores",
     DETECTOR_FIT | DETECTOR_KEPT, NULL},
    SETTINGS_END,
};

static void *begin(void *options, const struct taps *first)
{
    struct toy *t = xcalloc(1, sizeof *t);
    (void)first;
    t->factor = ((struct options *)options)->factor;
    t->odd = ((struct options *)options)->odd;
    return t;
}

static void take(void *fit, const struct taps *image)
{
    struct toy *t = fit;
    t->sum += (double)image->tap[0].value[0];
    t->n++;
}

static void *end(void *fit, const struct detector_end *with)
{
    struct toy *t = fit;
    t->mean = t->sum / (double)t->n;
    t->held = with->held ? tap_store_images(with->held) : 0;
    return t;
}

static void save(void *model, struct safetensors *file)
{
    struct toy *t = model;
    note_setf(&file->meta, "mean", "%.17g", t->mean);
    note_setf(&file->meta, "seen", "%zu+%zu", t->n, t->held);
    safetensors_add(file, "nothing",
                    &(struct tensor){.type = DT_F32, .rank = 1, .dim = {1}, .data = &(float){0}});
}

static void describe(const void *model, char text[100])
{
    snprintf(text, 100, "a mean of %g", ((const struct toy *)model)->mean);
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    struct toy *t = begin((void *)(uintptr_t)options, NULL);
    t->mean = model_number(&file->meta, path, "mean");
    return t;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    (void)model;
    return image->n == 1 || err_set(e, "%zu taps", image->n);
}

/* One distance: the same all over. */
static struct map_size grid(const void *model, struct map_size size)
{
    (void)model;
    (void)size;
    return (struct map_size){1, 1};
}

static struct map_rules rules(const void *model)
{
    (void)model;
    return (struct map_rules){MAP_NEAREST, {.score = {.form = SCORE_IMAGE}}};
}

static double score(void *model, const struct taps *image, float *distance, struct map_size size)
{
    const struct toy *t = model;
    (void)size;
    const double d = t->factor * fabs((double)image->tap[0].value[0] - t->mean) + (t->odd ? 100 : 0);
    if (distance)
        *distance = (float)d + 0.5f;
    return d;
}

static const struct detector held = {.name = "toy",
                                     .settings = settings,
                                     .defaults = &defaults,
                                     .options_size = sizeof defaults,
                                     .images_min = HELD_EVERY,
                                     .begin = begin,
                                     .take = take,
                                     .end = end,
                                     .save = save,
                                     .describe = describe,
                                     .load = load,
                                     .accepts = accepts,
                                     .grid = grid,
                                     .rules = rules,
                                     .score = score,
                                     .free = free};
static const struct detector mapless = {.name = "toy",
                                        .settings = settings,
                                        .defaults = &defaults,
                                        .options_size = sizeof defaults,
                                        .images_min = HELD_EVERY,
                                        .begin = begin,
                                        .take = take,
                                        .end = end,
                                        .save = save,
                                        .describe = describe,
                                        .load = load,
                                        .accepts = accepts,
                                        .score = score,
                                        .free = free};
static const struct detector_text text = {"Toys.\n", "  toy\n  toy\n"};

/* A stream of features: one value each. */
static void write_features(const char *path, size_t n, double first)
{
    FILE *f = fopen(path, "wb");
    struct note opening = {0};
    note_add(&opening, "stream", "features");
    struct npys_writer *w = npys_writer_new(f, path, &opening, "test 1");
    for (size_t i = 0; i < n; i++) {
        float value = (float)(first + (double)i);
        struct npys_record rec = {.n = 1, .array[0] = {DT_F32, 3, {1, 1, 1}, &value}};
        note_setf(&rec.note, "name", "%zu", i);
        note_set(&rec.note, "input", "2x3");
        npys_write(w, &rec, "a");
        note_clear(&rec.note);
    }
    npys_writer_end(w);
    note_clear(&opening);
    fclose(f);
}

/* The program in a process of its own; its exit status. Words are split at blanks; stdout to `out`, stderr to `err`. */
static int run(const struct detector *d, const char *words)
{
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        char *argv[20] = {"toy"}, *line = xstrdup(words);
        int argc = 1;
        for (char *w = strtok(line, " "); w; w = strtok(NULL, " "))
            argv[argc++] = w;
        if (!freopen("out", "wb", stdout) || !freopen("err", "wb", stderr))
            _exit(99);
        exit(detector_main(d, &text, argc, argv));
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool says(const char *file, const char *what)
{
    unsigned char *data;
    size_t n;
    struct err e;
    if (!file_slurp(file, 1 << 20, &data, &n, &e))
        return false;
    const bool found = memmem(data, n, what, strlen(what)) != NULL;
    if (!found)
        printf("# %s: %.300s\n", file, (char *)data);
    free(data);
    return found;
}

static bool has(const char *model, const char *key, const char *value)
{
    struct safetensors st;
    safetensors_open(&st, model);
    const char *is = note_get(&st.meta, key);
    const bool same = is && strcmp(is, value) == 0;
    if (!same)
        printf("# %s=%s\n", key, is ? is : "(none)");
    safetensors_free(&st);
    return same;
}

/* 0..24: the 10th and the 20th, 9 and 19, are held; the mean of the others is (300 - 28) / 23. */
static void holding(void)
{
    const double mean = 272.0 / 23;
    char want[40];
    write_features("train", 25, 0);
    write_features("few", 9, 0);
    write_features("test", 2, 20);
    ok(run(&held, "-o m.st -f 2 --quantile 1 train") == 0, "a fit that holds images back");
    ok(has("m.st", "seen", "23+2") && has("m.st", "held", "2") && has("m.st", "images", "25"),
       "the 10th and the 20th");
    snprintf(want, sizeof want, "%.9g", (double)(float)(2 * (19 - mean)));
    ok(has("m.st", "threshold", want), "they alone set the threshold");
    ok(has("m.st", "by", "test 1 | toy " FERN_VERSION " -f 2 -x 3 --quantile 1"), "by= has the settings");
    ok(has("m.st", "factor", "2") && has("m.st", "input", "2x3") && has("m.st", "layers", "a"),
       "what is kept, and the features' identity");
    ok(run(&held, "-o n.st few") == EXIT_FAILED && says("err", "9 images; a fit needs 10 or more") &&
           access("n.st", F_OK),
       "too few");
    ok(run(&held, "-m m.st -t - test") == 0, "scoring");
    snprintf(want, sizeof want, "1\t\t\t%.9g\tdefect\n", (double)(float)(2 * (21 - mean)));
    ok(says("out", want), "by the factor that the model keeps");
    ok(run(&held, "-m m.st -f 1 -t - test") == 0 && says("err", "m.st: its thresholds were found with -f 2"),
       "another is warned of");
    snprintf(want, sizeof want, "1\t\t\t%.9g\tok\n", (double)(float)(21 - mean));
    ok(says("out", want), "and obeyed");
    ok(run(&held, "-m m.st -x 1 test") == EXIT_MISUSE && says("err", "-x is of the fit: the model keeps it"),
       "an option of the fit");
    ok(run(&held, "-o n.st -t t.tsv train") == EXIT_MISUSE && says("err", "-t needs -m MODEL"),
       "an option of scoring");
    ok(run(&held, "-o n.st --as anybody train") == EXIT_MISUSE && says("err", "unknown option"),
       "no --as without people");
    ok(run(&held, "-m m.st test") == 0 && says("out", "by=toy " FERN_VERSION " -m -f 2") &&
           says("out", "pixel_threshold="),
       "the map stream");
}

/* A flag that is kept. */
static void flag(void)
{
    const double mean = 272.0 / 23;
    char want[40];
    ok(run(&held, "-o f.st --odd train") == 0 && has("f.st", "odd", "") && !has("m.st", "odd", ""),
       "a flag is kept where it was given");
    snprintf(want, sizeof want, "1\t\t\t%.9g\t", (double)(float)(121 - mean));
    ok(run(&held, "-m f.st -t - test") == 0 && says("out", want), "and recalled");
    unlink("f.st");
}

static void without_maps(void)
{
    const double mean = 272.0 / 23;
    char want[40];
    ok(run(&mapless, "-o v.st -q train") == 0 && !has("v.st", "scale", ""),
       "a method without maps has no scale");
    ok(run(&mapless, "-m v.st -t v.tsv test") == 0, "its scoring");
    snprintf(want, sizeof want, "0\t\t\t%.9g\t", (double)(float)(20 - mean));
    ok(says("v.tsv", want), "the table");
    FILE *f = fopen("out", "rb");
    struct npys_reader *r = npys_reader_new(f, "out");
    struct npys_record rec = {0};
    size_t records = 0, arrays = 0;
    const bool silent =
        !note_get(npys_opening(r), "pixel_threshold") && note_get(npys_opening(r), "threshold");
    for (; npys_read(r, &rec); records++)
        arrays += rec.n;
    ok(silent && records == 2 && arrays == 0, "a stream of scores without arrays");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
}

/* Methods of one program: their defaults are their own, --factor's and what a model keeps. */
static void choose(void *options, size_t method)
{
    struct options *o = options;
    o->factor = method == 0 ? 1 : 5;
}

static void several_methods(void)
{
    static const char *const methods[] = {"one", "five", NULL};
    struct detector two = held;
    two.methods = methods;
    two.choose = choose;
    ok(run(&two, "-o m.st train") == 0 && has("m.st", "method", "one") && has("m.st", "factor", "1"),
       "the first method");
    ok(run(&two, "-o m.st --quantile 1 --method five train") == 0 && has("m.st", "method", "five") &&
           has("m.st", "factor", "5") &&
           has("m.st", "by", "test 1 | toy " FERN_VERSION " --method five -f 5 -x 3 --quantile 1"),
       "another, with its own default");
    ok(run(&two, "-o n.st -f 2 --method five train") == 0 && has("n.st", "factor", "2"),
       "an option given wins");
    ok(run(&two, "-m m.st test") == 0 && says("out", "-m -f 5"), "a model is scored by its method");
    ok(run(&two, "-m m.st -f 3 test") == 0 && says("out", "-m -f 3"), "under what is given");
    ok(run(&two, "-m m.st --method five test") == EXIT_MISUSE && says("err", "--method is of the fit"),
       "which the model keeps");
    ok(run(&two, "-o n.st --method six train") == EXIT_MISUSE && says("err", "six"), "an unknown method");
    ok(run(&held, "-m m.st test") == EXIT_FAILED && says("err", "a model of five, not of toy"),
       "another program's model");
    ok(run(&held, "-o n.st --method five train") == EXIT_MISUSE && says("err", "unknown option"),
       "no --method where there is one");
}

int main(void)
{
    char folder[] = "/tmp/detector-test.XXXXXX";
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    err_init("test");
    holding();
    flag();
    without_maps();
    several_methods();
    static const char *const files[] = {"train", "few",  "test",  "out",   "err",
                                        "m.st",  "v.st", "v.tsv", "t.tsv", "n.st"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(folder);
    return done();
}
