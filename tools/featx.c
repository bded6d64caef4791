/* featx - feature maps of images by a frozen network. See featx.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "nn/infer.h"
#include "nn/networks.h"
#include "nn/normalise.h"
#include "nn/weights.h"
#include "stream/image.h"
#include "stream/npys.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: featx -w WEIGHTS [-l LAYERS] [-a ARCH] [-n LIST] [--norm NORM] [-vq] [-j N] [IMAGES ...]\n"
    "Feature maps of an image stream by a frozen network, as a tensor stream.\n"
    "  -w, --weights W   a safetensors file, or random:SEED for an untrained network\n"
    "  -l, --layers L    taps, separated by commas: layer1..layer4, avgpool (default layer2,layer3)\n"
    "  -a, --arch ARCH   resnet18, resnet34, resnet50, resnet101 or wide_resnet50_2\n"
    "                    (default: as the weights say; resnet18 for random ones)\n"
    "  -n, --names LIST  name the images again: a TSV with a column name, others become keys\n"
    "      --norm NORM   imagenet, none, or MEAN/STD such as .5,.5,.5/.2,.2,.2\n"
    "                    (default: as the weights say, else imagenet)\n" USAGE_THREADS USAGE_COMMON
    "examples:\n"
    "  imgcat -s train bottle | featx -w resnet18.safetensors | patchcore -o bottle.safetensors\n"
    "  imgcat -s test bottle | featx -w random:1 -l layer1,layer2 | npyls\n";

enum { TAPS_MAX = 6 };

struct opts {
    const char *weights, *layers, *arch, *names, *norm;
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
                                          {"norm", required_argument, NULL, OPT_LONG},
                                          OPT_END};
    struct opts o = {.layers = "layer2,layer3"};
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        switch (c) {
        case 'w':
            o.weights = optarg;
            break;
        case 'l':
            o.layers = optarg;
            break;
        case 'a':
            o.arch = optarg;
            break;
        case 'n':
            o.names = optarg;
            break;
        default:
            o.norm = optarg;
        }
    if (!o.weights)
        misuse("-w WEIGHTS is needed (see featx --help)");
    o.images = argv + optind;
    o.images_n = (size_t)(argc - optind);
    return o;
}

/* A frozen network: what the options and the weights file make of it. */
struct network {
    struct graph graph;
    struct safetensors weights;
    size_t tap[TAPS_MAX], taps;
    struct normalisation norm;
    char identity[300]; /* weights=NAME:HASH */
};

static void find_taps(struct network *net, const char *layers)
{
    char *list = xstrdup(layers), *save = NULL;
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        const ptrdiff_t tap = graph_find_tap(&net->graph, name);
        if (tap < 0)
            misuse("-l: '%s' is not one of layer1, layer2, layer3, layer4, avgpool", name);
        if (net->taps == TAPS_MAX)
            misuse("-l: more than %d layers", TAPS_MAX);
        net->tap[net->taps++] = (size_t)tap;
    }
    if (net->taps == 0)
        misuse("-l: no layers");
    free(list);
}

static void choose_norm(struct network *net, const char *norm, const char *file)
{
    struct err e;
    net->norm = normalisation_imagenet;
    if (!norm) {
        if (!normalisation_from_note(&net->norm, &net->weights.meta, &e) && e.text[0])
            die("%s: %s", file, e.text);
    } else if (strcmp(norm, "none") == 0) {
        net->norm = (struct normalisation){{0, 0, 0}, {1, 1, 1}};
    } else if (strcmp(norm, "imagenet") != 0) {
        char *mean = xstrdup(norm), *std = strchr(mean, '/');
        if (std)
            *std++ = 0;
        if (!std || !normalisation_parse(net->norm.mean, mean) || !normalisation_parse(net->norm.std, std) ||
            !(net->norm.std[0] > 0 && net->norm.std[1] > 0 && net->norm.std[2] > 0))
            misuse("--norm: '%s' is not imagenet, none or r,g,b/r,g,b", norm);
        free(mean);
    }
}

static void open_random(struct network *net, const char *seed, const char *arch)
{
    if (!network_build(&net->graph, arch ? arch : "resnet18", 0))
        misuse("-a: '%s' is not a network that featx knows (see featx --help)", arch);
    weights_random(&net->weights, &net->graph, opt_u64("-w random", seed));
}

static void open_file(struct network *net, const char *file, const char *arch)
{
    safetensors_open(&net->weights, file);
    const char *known = arch ? arch : network_guess(&net->weights);
    if (!known && note_get(&net->weights.meta, "arch"))
        die("%s: arch=%s is not a network that featx knows", file, note_get(&net->weights.meta, "arch"));
    if (!known)
        die("%s: which network these weights are for can't be told; say it with -a", file);
    if (!network_build(&net->graph, known, 0))
        misuse("-a: '%s' is not a network that featx knows (see featx --help)", known);
}

static void network_open(struct network *net, const struct opts *o)
{
    const char *name = strrchr(o->weights, '/');
    char hash[17];
    if (strncmp(o->weights, "random:", 7) == 0)
        open_random(net, o->weights + 7, o->arch);
    else
        open_file(net, o->weights, o->arch);
    find_taps(net, o->layers);
    choose_norm(net, o->norm, o->weights);
    hash_text(hash, safetensors_hash(&net->weights));
    snprintf(net->identity, sizeof net->identity, "%s:%s", name ? name + 1 : o->weights, hash);
    for (char *p = net->identity; *p && strrchr(net->identity, ':') > p; p++)
        if (*p == ':')
            *p = '-'; /* random:7 */
}

/* Row `i` of the list replaces what the image says of itself. */
static void rename_image(struct image *im, const struct table *list, size_t i, const struct image_reader *r)
{
    if (i >= list->rows)
        image_reader_die(r, "the list of names has only %zu rows", list->rows);
    for (size_t c = 0; c < list->columns; c++)
        note_set(&im->note, list->head[c], list->cell[i][c]);
}

static void write_record(struct npys_writer *out, const struct infer *x, const struct network *net,
                         const struct image *im, const char *layers)
{
    struct npys_record rec = {.n = net->taps};
    note_copy(&rec.note, &im->note);
    note_setf(&rec.note, "input", "%zux%zu", im->raster.width, im->raster.height);
    for (size_t i = 0; i < net->taps; i++) {
        const struct view v = infer_output(x, i);
        const size_t dim[3] = {v.h, v.w, v.c};
        rec.array[i] = tensor_new(DT_F32, 3, dim);
        view_copy_out(rec.array[i].data, &v, 0);
    }
    npys_write(out, &rec, layers);
    npys_record_free(&rec);
}

/* State of a run over several operands. */
struct run {
    const struct opts *o;
    struct network *net;
    struct table names;
    struct npys_writer *out;
    struct infer *infer;
    struct progress progress;
    size_t done;
};

static void one_image(struct run *run, const struct image_reader *r, struct image *im)
{
    if (run->o->names)
        rename_image(im, &run->names, run->done, r);
    if (!run->infer) {
        run->infer = infer_new(&run->net->graph, &run->net->weights, run->o->weights, run->net->tap,
                               run->net->taps, 1, im->raster.height, im->raster.width);
        notice("%s, %.1f MB of weights, %.1f MB of activations", run->net->graph.arch,
               (double)infer_weight_bytes(run->infer) / 1e6, (double)infer_arena_bytes(run->infer) / 1e6);
        safetensors_free(&run->net->weights);
    }
    const struct view in = infer_input(run->infer);
    if (in.h != im->raster.height || in.w != im->raster.width)
        image_reader_die(r, "image is %zux%zu, those before are %zux%zu (imgcat -r makes them equal)",
                         im->raster.width, im->raster.height, in.w, in.h);
    normalise(&in, 0, &im->raster, &run->net->norm);
    infer_run(run->infer);
    write_record(run->out, run->infer, run->net, im, run->o->layers);
    run->done++;
    progress_add(&run->progress, 1);
}

static void one_stream(struct run *run, const char *name)
{
    FILE *f = file_open(name);
    struct image_reader *r = image_reader_new(f, file_label(name));
    struct image im = {0};
    while (image_read(r, &im))
        one_image(run, r, &im);
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

static void write_opening(struct run *run, FILE *f)
{
    struct note opening = {0};
    char *by = xprintf("featx " FERN_VERSION " -l %s", run->o->layers);
    note_set(&opening, "stream", "features");
    note_set(&opening, "version", "1");
    note_set(&opening, "weights", run->net->identity);
    note_set(&opening, "arch", run->net->graph.arch);
    note_set(&opening, "layers", run->o->layers);
    note_set(&opening, "precision", "f32");
    note_setf(&opening, "norm", "%g,%g,%g/%g,%g,%g", run->net->norm.mean[0], run->net->norm.mean[1],
              run->net->norm.mean[2], run->net->norm.std[0], run->net->norm.std[1], run->net->norm.std[2]);
    run->out = npys_writer_new(f, "stdout", &opening, by);
    note_clear(&opening);
    free(by);
}

static void run_all(FILE *f, const struct opts *o)
{
    struct network net = {0};
    struct run run = {.o = o, .net = &net, .progress = progress_start("images", 0)};
    network_open(&net, o);
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
    safetensors_free(&net.weights);
    graph_free(&net.graph);
    table_free(&run.names);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    const struct opts o = parse(argc, argv);
    run_all(out_binary(), &o);
    return out_close();
}
