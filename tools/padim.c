/* padim - anomaly maps by a Gaussian at every position of the feature maps. See padim.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "padim/fit.h"
#include "padim/input.h"
#include "padim/map.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: padim -o MODEL [-d DIMS] [-s SEED] [--ridge R] [--as WHO] [-vq] [-j N] [FEATURES ...]\n"
    "       padim -m MODEL [-t FILE] [-vq] [-j N] [FEATURES ...]\n"
    "Fits a Gaussian to the features of normal images at every position; scores by Mahalanobis distance.\n"
    "  -o, --output M    fit, and write the model\n"
    "  -m, --model M     score with it: a stream of maps\n"
    "  -d, --dims N      channels to keep (default 550; 100 of 448, ResNet-18 and -34)\n"
    "  -s, --seed N      of the draw of the channels (default 0)\n"
    "      --ridge R     added to the covariances' diagonal (default 0.01)\n"
    "      --as WHO      anomalib or original: ridge and the border of the blur\n"
    "      --quantile Q  of the training images' scores that is the threshold (default 0.995)\n"
    "      --form F      of the covariances: auto, packed or low-rank (default auto, the smaller)\n"
    "      --size WxH    of the maps (default: the network's input, as the stream says)\n"
    "      --mem BYTES   refuse to take more memory; suffixes K, M, G\n"
    "  -t, --table FILE  scores and verdicts as TSV; - for stdout instead of the maps\n"
    USAGE_THREADS USAGE_COMMON
    "examples:\n"
    "  featx -w w.safetensors -l layer1,layer2,layer3 < train.pam | padim -o m.safetensors\n"
    "  featx -w w.safetensors -l layer1,layer2,layer3 < test.pam | padim -m m.safetensors | auroc -M masks.pam\n";
/* clang-format on */

/* Whom to follow. Anomalib 2 adds the 1e-5 before it inverts; nothing asked: its border, the paper's ridge.
 */
static const char *const people[] = {"anomalib", "original", NULL};
static const double ridges[] = {0.01 + 1e-5, 0.01};
#define RIDGE 0.01
static const char *const forms[] = {"auto", "packed", "low-rank", NULL}; /* enum padim_form */
static const char *const borders[] = {"mirror", "edge", NULL};           /* enum map_border */

struct opts {
    const char *output, *model, *table;
    size_t dims; /* 0: by the number of channels */
    uint64_t seed;
    double ridge; /* 0: as `border` says */
    double quantile;
    enum map_border border;
    enum padim_form form;
    bool fit_only; /* an option of a fit was given */
    struct map_size size;
    char **features;
    size_t features_n;
};

enum { O_SIZE = OPT_LONG, O_MEM, O_RIDGE, O_AS, O_QUANTILE, O_FORM };

static void take_option(struct opts *o, int c)
{
    o->fit_only |= c == 'd' || c == 's' || c >= O_RIDGE;
    switch (c) {
    case 'o':
        o->output = optarg;
        break;
    case 'm':
        o->model = optarg;
        break;
    case 't':
        o->table = optarg;
        break;
    case 'd':
        o->dims = opt_size("-d", optarg, 1, (size_t)PADIM_SIDE_MAX * PADIM_TAPS_MAX);
        break;
    case 's':
        o->seed = opt_u64("-s", optarg);
        break;
    case O_SIZE:
        o->size = map_size_option("--size", optarg);
        break;
    case O_MEM:
        mem_limit(opt_bytes("--mem", optarg));
        break;
    case O_RIDGE:
        o->ridge = opt_real("--ridge", optarg, 1e-12, 1e12);
        break;
    case O_AS:
        o->border = (enum map_border)opt_choice("--as", optarg, people);
        o->ridge = o->ridge > 0 ? o->ridge : ridges[o->border];
        break;
    case O_QUANTILE:
        o->quantile = opt_real("--quantile", optarg, 0, 1);
        break;
    default:
        o->form = (enum padim_form)opt_choice("--form", optarg, forms);
    }
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          OPT_THREADS,
                                          {"output", required_argument, NULL, 'o'},
                                          {"model", required_argument, NULL, 'm'},
                                          {"table", required_argument, NULL, 't'},
                                          {"dims", required_argument, NULL, 'd'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"size", required_argument, NULL, O_SIZE},
                                          {"mem", required_argument, NULL, O_MEM},
                                          {"ridge", required_argument, NULL, O_RIDGE},
                                          {"as", required_argument, NULL, O_AS},
                                          {"quantile", required_argument, NULL, O_QUANTILE},
                                          {"form", required_argument, NULL, O_FORM},
                                          OPT_END};
    struct opts o = {.quantile = NORMALS_QUANTILE};
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        take_option(&o, c);
    if (!o.output == !o.model)
        misuse("one of -o MODEL (fit) and -m MODEL (score) is needed (see padim --help)");
    if (o.model && o.fit_only)
        misuse("-d, -s, --ridge, --as, --quantile and --form are of the fit; the model keeps them");
    if (o.output && o.table)
        misuse("-t needs -m MODEL: a fit gives no scores");
    o.ridge = o.ridge > 0 ? o.ridge : RIDGE;
    o.features = argv + optind;
    o.features_n = (size_t)(argc - optind);
    return o;
}

struct fitting {
    const struct opts *o;
    struct padim_fit *fit;
    struct safetensors model; /* its metadata: what later streams must agree with */
    struct note opening, first;
    struct map_size size;
    struct progress progress;
};

static void begin_fit(struct fitting *run, const struct padim_input *in, const struct note *opening)
{
    const struct opts *o = run->o;
    const size_t total = padim_channels(in->shape, in->taps);
    const size_t dims = o->dims ? o->dims : total <= 448 ? 100 : 550, kept = dims < total ? dims : total;
    size_t *chosen = padim_draw(total, kept, o->seed);
    struct padim_grid grid;
    struct err e;
    if (!padim_grid_new(&grid, in->shape, in->taps, chosen, kept, &e))
        npys_reader_die(in->reader, "%s", e.text);
    notice("%zu of %zu channels, %zux%zu positions", kept, total, grid.height, grid.width);
    free(chosen);
    run->fit = padim_fit_new(&grid);
    run->size = map_size_of(o->size, in->reader, &in->record);
    note_copy(&run->opening, opening);
    note_copy(&run->first, &in->record.note);
    if (note_get(opening, "weights"))
        note_set(&run->model.meta, "weights", note_get(opening, "weights"));
    if (note_get(&run->first, "arrays"))
        note_set(&run->model.meta, "layers", note_get(&run->first, "arrays"));
}

static void fit_record(void *arg, struct padim_input *in, const struct note *opening)
{
    struct fitting *run = arg;
    if (!run->fit)
        begin_fit(run, in, opening);
    model_match(&run->model.meta, run->o->output, in->reader, opening, &in->record.note);
    padim_input_values(in, padim_fit_grid(run->fit));
    padim_fit_add(run->fit, in->values);
    progress_add(&run->progress, 1);
}

static void write_model(struct fitting *run, struct padim *fitted, const struct calibration *c)
{
    const struct opts *o = run->o;
    char *by = xprintf("padim " FERN_VERSION " -d %zu -s %llu --ridge %.9g --border %s --quantile %.9g",
                       fitted->grid.channels, (unsigned long long)o->seed, o->ridge, borders[o->border],
                       o->quantile);
    padim_save(&run->model, fitted);
    note_set(&run->model.meta, "border", borders[o->border]);
    model_describe(&run->model.meta, "padim", &run->opening, &run->first, by, c);
    safetensors_write(&run->model, o->output);
    notice("%s: %zu images, %s, %.1f MB, threshold %.6g, peak memory %.0f MB", o->output, fitted->images,
           forms[fitted->form],
           (double)padim_size(&fitted->grid, fitted->images, fitted->form) * sizeof(float) / 1e6,
           (double)c->threshold, (double)mem_peak() / 1e6);
    free(by);
}

static void fit(const struct opts *o)
{
    struct fitting run = {.o = o, .progress = progress_start("images", 0)};
    struct padim_input in = {0};
    struct padim fitted;
    float *left_out;
    padim_input_read(&in, o->features, o->features_n, (struct padim_use){NULL, fit_record, &run});
    progress_end(&run.progress);
    padim_input_free(&in);
    const size_t images = run.fit ? padim_fit_images(run.fit) : 0;
    if (images < PADIM_IMAGES_MIN)
        die("%zu images; a fit needs %d or more", images, PADIM_IMAGES_MIN);
    padim_fit_end(&fitted, run.fit, o->ridge, o->form, &left_out);
    const struct calibration c = padim_calibrate(left_out, images, fitted.grid.height, fitted.grid.width,
                                                 run.size, o->border, o->quantile);
    free(left_out);
    write_model(&run, &fitted, &c);
    padim_free(&fitted);
    safetensors_free(&run.model);
    note_clear(&run.opening);
    note_clear(&run.first);
}

struct scoring {
    const struct opts *o;
    struct safetensors file;
    struct padim model;
    struct calibration calibration;
    enum map_border border;
    struct score_writer *out;
    struct map_size size; /* of map */
    float *map, *distance;
    struct progress progress;
};

static void open_model(struct scoring *run, struct padim_input *in)
{
    const char *path = run->o->model;
    struct err e;
    safetensors_open(&run->file, path);
    run->calibration = model_calibration(&run->file.meta, path, "padim");
    if (!padim_load(&run->model, &run->file, &e))
        die("%s: %s", path, e.text);
    const char *border = note_get(&run->file.meta, "border");
    run->border = border && strcmp(border, borders[MAP_MIRROR_EDGE]) == 0 ? MAP_MIRROR_EDGE : MAP_MIRROR;
    in->taps = run->model.grid.taps;
    memcpy(in->shape, run->model.grid.shape, sizeof in->shape);
    run->distance = xaligned(run->model.grid.height * run->model.grid.width, sizeof *run->distance);
}

static void open_maps(void *arg, const struct note *opening)
{
    struct scoring *run = arg;
    if (!run->out)
        run->out = score_writer_new(opening, "padim " FERN_VERSION " -m", &run->calibration, run->o->table);
}

static void score_record(void *arg, struct padim_input *in, const struct note *opening)
{
    struct scoring *run = arg;
    const struct padim_grid *grid = &run->model.grid;
    const struct map_size size = map_size_of(run->o->size, in->reader, &in->record);
    model_match(&run->file.meta, run->o->model, in->reader, opening, &in->record.note);
    if (!run->map || size.width * size.height > run->size.width * run->size.height) {
        free(run->map);
        mem_need(size.width * size.height * sizeof *run->map, "a map");
        run->map = xaligned(size.width * size.height, sizeof *run->map);
        run->size = size;
    }
    padim_input_values(in, grid);
    padim_distances(run->distance, &run->model, in->values);
    const double score = padim_finish(run->map, size, run->border, run->distance, grid->height, grid->width);
    if (!isfinite(score))
        npys_reader_die(in->reader, "the score is not a finite number; is %s damaged?", run->o->model);
    score_write(run->out, &in->record.note, score, run->map, size);
    progress_add(&run->progress, 1);
}

static void score(const struct opts *o)
{
    struct scoring run = {.o = o, .progress = progress_start("images", 0)};
    struct padim_input in = {0};
    open_model(&run, &in);
    padim_input_read(&in, o->features, o->features_n, (struct padim_use){open_maps, score_record, &run});
    score_writer_end(run.out);
    progress_end(&run.progress);
    padim_input_free(&in);
    free(run.map);
    free(run.distance);
    padim_free(&run.model);
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
