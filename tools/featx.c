/* featx - feature maps of images by a frozen network. See featx.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "nn/frozen_stream.h"
#include "nn/precision_option.h"
#include "stream/alike.h"
#include "stream/image.h"
#include "stream/npys.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: featx -w WEIGHTS [-l LAYERS] [-a ARCH] [-n LIST] [--norm NORM]\n"
    "             [--precision P] [-b N] [-vq] [-j N] [IMAGES ...]\n"
    "Feature maps of an image stream by a frozen network, as a tensor stream.\n"
    "  -w, --weights W   a safetensors file, or random:SEED for an untrained network\n"
    "  -l, --layers L    taps, separated by commas: layer1..layer4, avgpool; half:layer1 or\n"
    "                    quarter:layer1, of the image at that part of its size; pool:layer3, the\n"
    "                    mean over all pixels (default: as the weights recommend, else layer2,layer3)\n"
    "  -a, --arch ARCH   resnet18, resnet34, resnet50, resnet101 or wide_resnet50_2\n"
    "                    (default: as the weights say; resnet18 for random ones)\n"
    "  -n, --names LIST  name the images again: a TSV with a column name, others become keys\n"
    "      --norm NORM   imagenet, none, or MEAN/STD such as .5,.5,.5/.2,.2,.2\n"
    "                    (default: as the weights say, else imagenet)\n" USAGE_PRECISION
    "                     int8: 8-bit products where that is faster than bf16\n"
    "  -b, --batch N     images at once where so many have come (default: up to\n"
    "                    16, half a million pixels); never changes a result\n" USAGE_THREADS USAGE_COMMON
    "examples:\n"
    "  imgcat -s train bottle | featx -w resnet18.safetensors | patchcore -o bottle.safetensors\n"
    "  imgcat -s test bottle | featx -w random:1 -l layer1,half:layer1 | npyls\n";

/* Images at once: at most, and where the user does not say so many as PIXELS allow. */
enum { BATCH_MAX = 256, BATCH_AUTO = 16, PIXELS = 1 << 19 };
enum { NORM = OPT_LONG, PRECISION };

struct opts {
    struct frozen_options net;
    const char *names;
    enum dtype precision;
    size_t batch;
    char **images;
    size_t images_n;
};

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          OPT_THREADS,
                                          {"weights", required_argument, NULL, 'w'},
                                          {"layers", required_argument, NULL, 'l'},
                                          {"arch", required_argument, NULL, 'a'},
                                          {"names", required_argument, NULL, 'n'},
                                          {"batch", required_argument, NULL, 'b'},
                                          {"norm", required_argument, NULL, NORM},
                                          {"precision", required_argument, NULL, PRECISION},
                                          OPT_END};
    struct opts o = {.batch = 0};
    const char *precision = "auto";
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        switch (c) {
        case 'w':
            o.net.weights = optarg;
            break;
        case 'l':
            o.net.layers = optarg;
            break;
        case 'a':
            o.net.arch = optarg;
            break;
        case 'n':
            o.names = optarg;
            break;
        case 'b':
            o.batch = opt_size("-b", optarg, 1, BATCH_MAX);
            break;
        case NORM:
            o.net.norm = optarg;
            break;
        case PRECISION:
            precision = optarg;
            break;
        }
    if (!o.net.weights)
        misuse("-w WEIGHTS is needed (see featx --help)");
    o.precision = precision_option("--precision", precision);
    o.images = argv + optind;
    o.images_n = (size_t)(argc - optind);
    return o;
}

/* State of a run over several operands. */
struct run {
    const struct opts *o;
    struct frozen net;
    struct table names;
    struct npys_writer *out;
    struct infer *infer;
    struct progress progress;
    struct note known;           /* what the images so far were made by (identity.h) */
    struct note note[BATCH_MAX]; /* of the images waiting in the network's input */
    size_t batch, waiting, done;
};

/* Row `i` of the list replaces what the image says of itself. */
static void rename_image(struct image *im, const struct table *list, size_t i)
{
    for (size_t c = 0; c < list->columns; c++)
        note_set(&im->note, list->head[c], list->cell[i][c]);
}

static void write_record(struct run *run, size_t image)
{
    struct npys_record rec = {.note = run->note[image]};
    frozen_arrays(&rec, run->infer, run->net.taps.n, image);
    npys_write(run->out, &rec, run->net.layers);
    npys_record_free(&rec);
    run->note[image] = (struct note){0};
}

/* All images that wait, through the network and out. */
static void finish_batch(struct run *run)
{
    if (run->waiting)
        infer_run(run->infer, run->waiting);
    for (size_t i = 0; i < run->waiting; i++)
        write_record(run, i);
    progress_add(&run->progress, run->waiting);
    run->waiting = 0;
}

static void begin_network(struct run *run, const struct raster *first)
{
    const size_t fit = PIXELS / (first->height * first->width);
    run->batch = run->o->batch ? run->o->batch : fit < 1 ? 1 : fit > BATCH_AUTO ? BATCH_AUTO : fit;
    run->infer = frozen_compile(&run->net, run->batch, first->height, first->width, run->o->precision);
    notice("%s in %s, %.1f MB of weights, %.1f MB of activations", run->net.graph.arch,
           precision_name(run->o->precision), (double)infer_weight_bytes(run->infer) / 1e6,
           (double)infer_arena_bytes(run->infer) / 1e6);
}

static void take_image(struct run *run, const struct image_reader *r, struct image *im)
{
    if (!run->infer)
        begin_network(run, &im->raster);
    struct err e;
    if (!images_same_size(run->net.height, run->net.width, im, &e) ||
        !images_same_making(&run->known, im, &e)) {
        finish_batch(run);
        image_reader_die(r, "%s", e.text);
    }
    if (run->o->names && run->done >= run->names.rows) {
        finish_batch(run);
        image_reader_die(r, "the list of names has only %zu rows", run->names.rows);
    }
    if (run->o->names)
        rename_image(im, &run->names, run->done);
    frozen_take(&run->net, run->infer, run->waiting, &im->raster);
    note_setf(&im->note, "input", "%zux%zu", im->raster.width, im->raster.height);
    run->note[run->waiting++] = im->note;
    im->note = (struct note){0};
    run->done++;
}

/* Images are taken together as long as they come without waiting. What came before a broken one is written. */
static void one_stream(struct run *run, const char *name)
{
    FILE *f = file_open(name);
    struct image_reader *r = image_reader_new(f, file_label(name));
    struct image im = {0};
    struct err e;
    int got;
    while ((got = image_try_read(r, &im, &e)) > 0) {
        take_image(run, r, &im);
        if (run->waiting == run->batch || !image_ready(r))
            finish_batch(run);
    }
    finish_batch(run);
    if (got < 0)
        image_reader_die(r, "%s", e.text);
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

static void write_opening(struct run *run, FILE *f)
{
    struct note opening = {0};
    char *by = xprintf("featx " FERN_VERSION " -l %s --precision %s", run->net.layers,
                       precision_name(run->o->precision));
    frozen_opening(&opening, &run->net, run->net.layers, run->o->precision);
    run->out = npys_writer_new(f, "stdout", &opening, by);
    note_clear(&opening);
    free(by);
}

static void run_all(FILE *f, const struct opts *o)
{
    struct run run = {.o = o, .progress = progress_start("images", 0)};
    frozen_open(&run.net, &o->net, &(struct frozen_names){"-w", "-l", "-a", "--norm"});
    if (o->names)
        table_read(&run.names, o->names);
    if (o->names && table_column(&run.names, "name") < 0)
        die("%s: no column 'name'", o->names);
    write_opening(&run, f);
    for (size_t i = 0; i < o->images_n; i++)
        one_stream(&run, o->images[i]);
    if (o->images_n == 0)
        one_stream(&run, "-");
    if (o->names && run.done < run.names.rows)
        die("%s: has %zu rows for %zu images", o->names, run.names.rows, run.done);
    npys_writer_end(run.out);
    progress_end(&run.progress);
    infer_free(run.infer);
    frozen_free(&run.net);
    table_free(&run.names);
    note_clear(&run.known);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    const struct opts o = parse(argc, argv);
    run_all(out_binary(), &o);
    return out_close();
}
