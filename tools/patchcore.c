/* patchcore - anomaly maps by the distance to a memory bank of patch features. See patchcore.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "patchcore/input.h"
#include "patchcore/options.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: patchcore -o MODEL [-r RATIO] [-p DIMS] [-s SEED] [--as WHO] [-vq] [-j N] [FEATURES ...]\n"
    "       patchcore -m MODEL [-t FILE] [-vq] [-j N] [FEATURES ...]\n"
    "Fits a bank of patch features of normal images; scores patches by their distance to it.\n"
    "  -o, --output M      fit, and write the model\n"
    "  -m, --model M       score with it: a stream of maps\n"
    "  -r, --ratio R       of the patches that the bank keeps, by greedy k-centre (default 0.1)\n"
    "  -p, --project DIMS  of the random projection for that choice (default 128; 0: none; auto: by the number)\n"
    "  -s, --seed N        of the projection and the first patch (default 0)\n"
    "      --as WHO        anomalib or original: sets the options below, and -p\n"
    "      --projection P  gaussian, sparse or uniform (default gaussian)\n"
    "      --start N       1: begin with one patch at random; 10: with the mean distance to ten (default 1)\n"
    "      --patches P     pooled or binned: how 3x3 neighbourhoods become a vector (default pooled)\n"
    "      --distance D    euclidean or squared (default euclidean)\n"
    "      --neighbours K  1: an image's score is its largest; K: re-weighted by K in the bank (default 9)\n"
    "      --upsample U    bilinear or nearest (default bilinear)\n"
    "      --border B      of the blur: mirror, or edge to repeat the edge pixel (default mirror)\n"
    "      --half          keep the bank in half precision\n"
    "      --quantile Q    of the training images' scores that is the threshold (default 0.995)\n"
    "      --size WxH      of the maps (default: the network's input, as the stream says)\n"
    "      --mem BYTES     refuse to take more memory; suffixes K, M, G\n"
    "  -t, --table FILE    scores and verdicts as TSV; - for stdout instead of the maps\n"
    USAGE_THREADS USAGE_COMMON
    "examples:\n"
    "  imgcat -s train bottle | featx -w resnet18.safetensors | patchcore -r 0.01 -o bottle.safetensors\n"
    "  imgcat -s test bottle | featx -w resnet18.safetensors | patchcore -m bottle.safetensors | heatmap -O maps\n";
/* clang-format on */

struct opts {
    const char *output, *model, *table;
    struct patchcore_options method;
    struct map_size size;
    char **features;
    size_t features_n;
};

enum { O_SIZE = PATCHCORE_OPTION_END, O_MEM };

static const struct option table[] = {OPT_COMMON,
                                      OPT_THREADS,
                                      {"output", required_argument, NULL, 'o'},
                                      {"model", required_argument, NULL, 'm'},
                                      {"ratio", required_argument, NULL, 'r'},
                                      {"project", required_argument, NULL, 'p'},
                                      {"seed", required_argument, NULL, 's'},
                                      {"table", required_argument, NULL, 't'},
                                      {"as", required_argument, NULL, PATCHCORE_AS},
                                      {"projection", required_argument, NULL, PATCHCORE_PROJECTION},
                                      {"start", required_argument, NULL, PATCHCORE_START},
                                      {"patches", required_argument, NULL, PATCHCORE_PATCHES},
                                      {"distance", required_argument, NULL, PATCHCORE_DISTANCE},
                                      {"neighbours", required_argument, NULL, PATCHCORE_NEIGHBOURS},
                                      {"upsample", required_argument, NULL, PATCHCORE_UPSAMPLE},
                                      {"border", required_argument, NULL, PATCHCORE_BORDER},
                                      {"half", no_argument, NULL, PATCHCORE_HALF},
                                      {"quantile", required_argument, NULL, PATCHCORE_QUANTILE},
                                      {"size", required_argument, NULL, O_SIZE},
                                      {"mem", required_argument, NULL, O_MEM},
                                      OPT_END};

static void take_option(struct opts *o, int c)
{
    if (c == 'o')
        o->output = optarg;
    else if (c == 'm')
        o->model = optarg;
    else if (c == 't')
        o->table = optarg;
    else if (c == O_SIZE)
        o->size = map_size_option("--size", optarg);
    else if (c == O_MEM)
        mem_limit(opt_bytes("--mem", optarg));
    else
        patchcore_take_option(&o->method, c, optarg);
}

/* Twice: --as sets what the other options change, wherever it stands. */
static struct opts parse(int argc, char **argv)
{
    struct opts o = {.method = patchcore_defaults};
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        if (c == PATCHCORE_AS)
            patchcore_take_person(&o.method, optarg);
    optind = 0; /* glibc: from the beginning */
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        take_option(&o, c);
    if (!o.output == !o.model)
        misuse("one of -o MODEL (fit) and -m MODEL (score) is needed (see patchcore --help)");
    if (o.model && o.method.fit_only)
        misuse("only --neighbours and --upsample can be changed with -m; the model keeps the rest");
    if (o.output && o.table)
        misuse("-t needs -m MODEL: a fit gives no scores");
    o.features = argv + optind;
    o.features_n = (size_t)(argc - optind);
    return o;
}

struct fitting {
    const struct opts *o;
    struct patchcore_fit *fit;
    struct safetensors model;   /* its metadata: what later streams must agree with */
    struct note opening, first; /* of the first stream, and of its first record */
    struct map_size size;
    struct progress progress;
};

static void begin_fit(struct fitting *run, const struct patchcore_input *in)
{
    const char *weights = note_get(in->opening, "weights"), *layers = note_get(&in->record.note, "arrays");
    run->fit = patchcore_fit_new(in->shape.height, in->shape.width, in->shape.channels);
    run->size = map_size_of(run->o->size, in->reader, &in->record);
    note_copy(&run->opening, in->opening);
    note_copy(&run->first, &in->record.note);
    if (weights)
        note_set(&run->model.meta, "weights", weights);
    if (layers)
        note_set(&run->model.meta, "layers", layers);
}

static void fit_image(void *arg, struct patchcore_input *in)
{
    struct fitting *run = arg;
    if (!run->fit)
        begin_fit(run, in);
    model_match(&run->model.meta, run->o->output, in->reader, in->opening, &in->record.note);
    patchcore_fit_add(run->fit, in->patch);
    progress_add(&run->progress, 1);
}

static void write_model(struct fitting *run, const struct patchcore *m, const struct calibration *c)
{
    const struct opts *o = run->o;
    char *by = patchcore_fit_by(&o->method);
    patchcore_save(&run->model, m, o->method.plan.half);
    note_setf(&run->model.meta, "images", "%zu", patchcore_fit_images(run->fit));
    model_describe(&run->model.meta, "patchcore", &run->opening, &run->first, by, c);
    safetensors_write(&run->model, o->output);
    notice("%s: %zu images, a bank of %zu x %zu, threshold %.6g, peak memory %.0f MB", o->output,
           patchcore_fit_images(run->fit), m->n, m->channels, (double)c->threshold, (double)mem_peak() / 1e6);
    free(by);
}

static void fit(const struct opts *o)
{
    struct fitting run = {.o = o, .progress = progress_start("images", 0)};
    patchcore_input_read(o->features, o->features_n, o->method.rules.patches,
                         (struct patchcore_use){NULL, fit_image, &run});
    progress_end(&run.progress);
    if (!run.fit)
        die("no images to fit");
    struct patchcore m = {.rules = o->method.rules};
    patchcore_fit_bank(run.fit, &m, &o->method.plan);
    const struct calibration c = patchcore_fit_calibrate(run.fit, &m, run.size, o->method.plan.quantile);
    write_model(&run, &m, &c);
    patchcore_fit_free(run.fit);
    patchcore_free(&m);
    safetensors_free(&run.model);
    note_clear(&run.opening);
    note_clear(&run.first);
}

struct scoring {
    const struct opts *o;
    struct safetensors file;
    struct patchcore model;
    struct calibration calibration;
    struct score_writer *out;
    size_t pixels; /* room in map */
    float *map;
    struct progress progress;
};

static void open_scores(void *arg, const struct note *opening)
{
    struct scoring *run = arg;
    if (run->out)
        return;
    char *by = patchcore_score_by(&run->model.rules);
    run->out = score_writer_new(opening, by, &run->calibration, run->o->table);
    free(by);
}

static void score_image(void *arg, struct patchcore_input *in)
{
    struct scoring *run = arg;
    const struct map_size size = map_size_of(run->o->size, in->reader, &in->record);
    model_match(&run->file.meta, run->o->model, in->reader, in->opening, &in->record.note);
    if (in->shape.channels != run->model.channels)
        npys_reader_die(in->reader, "patches of %zu channels, but %s was fitted on %zu", in->shape.channels,
                        run->o->model, run->model.channels);
    if (size.width * size.height > run->pixels) {
        free(run->map);
        run->pixels = size.width * size.height;
        mem_need(2 * run->pixels * sizeof *run->map, "an anomaly map");
        run->map = xaligned(run->pixels, sizeof *run->map);
    }
    const double score = patchcore_score(&run->model, run->map, size, in->patch, in->shape.height,
                                         in->shape.width, NEIGHBOURS_ALL);
    if (!isfinite(score))
        npys_reader_die(in->reader, "the features are too large to measure distances");
    score_write(run->out, &in->record.note, score, run->map, size);
    progress_add(&run->progress, 1);
}

static void change_rules(struct scoring *run)
{
    const struct patchcore_options *asked = &run->o->method;
    struct patchcore_rules *rules = &run->model.rules, fitted = *rules;
    if (asked->neighbours_set)
        rules->neighbours = asked->rules.neighbours;
    if (asked->upsample_set)
        rules->upsample = asked->rules.upsample;
    if (rules->neighbours != fitted.neighbours)
        warning("%s: its threshold was found with --neighbours %zu", run->o->model, fitted.neighbours);
}

static void score(const struct opts *o)
{
    struct scoring run = {.o = o, .progress = progress_start("images", 0)};
    safetensors_open(&run.file, o->model);
    run.calibration = model_calibration(&run.file.meta, o->model, "patchcore");
    patchcore_load(&run.model, &run.file, o->model);
    change_rules(&run);
    patchcore_input_read(o->features, o->features_n, run.model.rules.patches,
                         (struct patchcore_use){open_scores, score_image, &run});
    score_writer_end(run.out);
    progress_end(&run.progress);
    free(run.map);
    patchcore_free(&run.model);
    safetensors_free(&run.file);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    const struct opts o = parse(argc, argv);
    if (o.output)
        fit(&o);
    else
        score(&o);
    return out_close();
}
