/* verdict - scores of a camera's frames to alarms, line by line. See verdict.1.
 *
 * A frame's way from its score to an alarm:
 *
 *   score_source_next   a line of a table, or a record of a map stream (verdict/source)
 *   over                a defect? By --threshold, else the model's or the stream's threshold, else the table's own verdict
 *   alarm_take          K of the last N frames, with hysteresis (verdict/alarm)
 *   watch_drift         what is judged good is held against the fit's good parts (verdict/drift)
 *   write_frame         a line, at once; with --changes only where alarm or drift are new */
#include "base/err.h"
#include "base/file.h"
#include "base/opt.h"
#include "method/model.h"
#include "stream/safetensors.h"
#include "stream/table.h"
#include "verdict/alarm.h"
#include "verdict/drift.h"
#include "verdict/source.h"
#include <math.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: verdict [-cvq] [-m MODEL] [--threshold T] [--hysteresis LOW] [--of K/N]\n"
    "               [--drift N] [--drift-level A] [SCORES]\n"
    "Turns scores, a table or a map stream, into verdicts and alarms, each frame at once.\n"
    "  -m, --model MODEL    whose threshold counts, and whose normal scores for the drift\n"
    "      --threshold T    a defect is at it or above (default: the model's, the map stream's,\n"
    "                       or as the table's own verdicts say)\n"
    "      --hysteresis LOW an alarm stays until a score is below LOW\n"
    "      --of K/N         an alarm are K of the last N frames (default: 1/1)\n"
    "      --drift N        compare every N good parts with those of the fit (default: 100, where\n"
    "                       their scores are known; 0: don't)\n"
    "      --drift-level A  chance of a drift where there is none (default: 0.0001)\n"
    "  -c, --changes        the first frame, then only those where alarm or drift change\n"
    USAGE_COMMON
    "examples:\n"
    "  imgcat -k - | featx -w net.safetensors | patchcore -m M -t - | verdict -m M --of 3/5 --changes\n"
    "  padim -m M < features.npys | verdict --threshold 3.5 --hysteresis 3\n";
/* clang-format on */

enum { THRESHOLD = OPT_LONG, HYSTERESIS, OF, DRIFT, LEVEL };
enum { FRAMES_MAX = 1000000, DRIFT_DEFAULT = 100 };

/* NAN, SIZE_MAX: not given. */
struct opts {
    const char *model, *file;
    double threshold, low, level;
    size_t k, n, drift;
    bool changes;
};

static double real(const char *option, const char *text)
{
    return opt_real(option, text, -HUGE_VAL, HUGE_VAL);
}

static void parse_of(struct opts *o, const char *text)
{
    const char *slash = strchr(text, '/');
    char first[24];
    if (!slash || slash - text >= (ptrdiff_t)sizeof first)
        misuse("--of %s: is not K/N, such as 3/5", text);
    snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
    o->n = opt_size("--of", slash + 1, 1, FRAMES_MAX);
    o->k = opt_size("--of", first, 1, o->n);
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          {"model", required_argument, NULL, 'm'},
                                          {"threshold", required_argument, NULL, THRESHOLD},
                                          {"hysteresis", required_argument, NULL, HYSTERESIS},
                                          {"of", required_argument, NULL, OF},
                                          {"drift", required_argument, NULL, DRIFT},
                                          {"drift-level", required_argument, NULL, LEVEL},
                                          {"changes", no_argument, NULL, 'c'},
                                          OPT_END};
    struct opts o = {
        .threshold = (double)NAN, .low = (double)NAN, .k = 1, .n = 1, .drift = SIZE_MAX, .level = 1e-4};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 'm':
            o.model = optarg;
            break;
        case THRESHOLD:
            o.threshold = real("--threshold", optarg);
            break;
        case HYSTERESIS:
            o.low = real("--hysteresis", optarg);
            break;
        case OF:
            parse_of(&o, optarg);
            break;
        case DRIFT:
            o.drift = opt_size("--drift", optarg, 0, DRIFT_WINDOW_MAX);
            break;
        case LEVEL:
            o.level = opt_real("--drift-level", optarg, 1e-9, 0.5);
            break;
        case 'c':
            o.changes = true;
            break;
        }
    if (argc - optind > 1)
        misuse("one table or map stream, not %d (cat joins them)", argc - optind);
    o.file = argv[optind];
    return o;
}

/* A run on its way. */
struct run {
    const struct opts *o;
    struct score_source *source;
    double threshold; /* NAN: the table's verdicts count */
    struct alarm *alarm;
    struct drift *drift; /* NULL: not watched */
    size_t frames;
    bool on, drifted; /* as the last frame left them */
};

static struct score_known known_of(const struct opts *o, const struct score_source *source)
{
    if (!o->model)
        return score_source_known(source);
    struct safetensors file;
    safetensors_open(&file, o->model);
    const struct score_known known = {model_number(&file.meta, o->model, "threshold"),
                                      model_scores(&file.meta, o->model)};
    safetensors_free(&file);
    return known;
}

static void begin_drift(struct run *r, const struct normal_scores *normals)
{
    const struct opts *o = r->o;
    const bool asked = o->drift != SIZE_MAX;
    struct err e;
    if (o->drift == 0 || (!asked && normals->images == 0))
        return;
    if (normals->images == 0)
        die("--drift: %s does not know what normal images score%s", o->model ? o->model : file_label(o->file),
            o->model ? ": fit it again" : ": give the model by -m");
    r->drift = drift_new(normals, r->threshold, asked ? o->drift : DRIFT_DEFAULT, o->level, &e);
    if (!r->drift && asked)
        die("--drift: %s", e.text);
    if (!r->drift)
        notice("no drift is looked for: %s", e.text);
}

static struct run begin(const struct opts *o)
{
    struct run r = {.o = o, .source = score_source_open(o->file), .alarm = alarm_new(o->k, o->n)};
    const struct score_known known = known_of(o, r.source);
    r.threshold = isnan(o->threshold) ? known.threshold : o->threshold;
    if (isnan(r.threshold) && !score_source_judges(r.source))
        die("%s: says nothing of a threshold: give --threshold, or the model by -m", file_label(o->file));
    if (o->low > r.threshold)
        misuse("--hysteresis %.9g is above the threshold %.9g", o->low, r.threshold);
    begin_drift(&r, &known.normals);
    return r;
}

/* Told when it begins and when it ends, not every window. */
static void watch_drift(struct run *r, const struct score_frame *f)
{
    struct drift_result d;
    if (!drift_take(r->drift, f->value, &d))
        return;
    if (d.drifted != r->drifted)
        warning("frame %zu: %s: the last good parts' scores have the median %.4g, the fit's %.4g; their "
                "distributions are %.3f "
                "apart, of %.3f",
                r->frames, d.drifted ? "drift" : "the drift is over", d.median, d.normal_median, d.distance,
                d.limit);
    r->drifted = d.drifted;
}

static void write_frame(const struct run *r, const struct score_frame *f, bool defect)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", r->frames);
    const char *const cell[] = {number,
                                r->on ? "1" : "0",
                                !r->drift    ? "-"
                                : r->drifted ? "1"
                                             : "0",
                                defect ? "defect" : "ok",
                                f->score,
                                f->name,
                                f->label,
                                f->defect};
    table_write(stdout, "stdout", sizeof cell / sizeof *cell, cell);
    if (fflush(stdout))
        die("stdout:");
}

static void take_frame(struct run *r, const struct score_frame *f)
{
    const struct opts *o = r->o;
    const bool first = r->frames++ == 0, on = r->on, drifted = r->drifted;
    const bool defect = isnan(r->threshold) ? strcmp(f->verdict, "defect") == 0 : f->value >= r->threshold;
    r->on = alarm_take(r->alarm, defect, f->value >= o->low);
    if (r->drift)
        watch_drift(r, f);
    if (!o->changes || first || r->on != on || r->drifted != drifted)
        write_frame(r, f, defect);
}

int main(int argc, char **argv)
{
    static const char *const head[] = {"frame", "alarm", "drift", "verdict",
                                       "score", "name",  "label", "defect"};
    err_init(argv[0]);
    const struct opts o = parse(argc, argv);
    struct run r = begin(&o);
    struct score_frame f;
    table_write(stdout, "stdout", sizeof head / sizeof *head, head);
    fflush(stdout);
    while (score_source_next(r.source, &f))
        take_frame(&r, &f);
    score_source_close(r.source);
    alarm_free(r.alarm);
    drift_free(r.drift);
    return out_close();
}
