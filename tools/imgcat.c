/* imgcat - images of inspection data sets as one stream. See imgcat.1. */
#include "base/ahead.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/thread.h"
#include "dataset/open.h"
#include "dataset/decode.h"
#include "dataset/leak.h"
#include "dataset/load.h"
#include "dataset/walk.h"
#include "stream/image.h"
#include <stdlib.h>

static const char usage[] =
    "usage: imgcat [-kMqv] [-s SUBSET] [-r SIZE] [-c CROP] [-l N] [-j N] [--layout LAYOUT]\n"
    "              [--split FILE] [--normal NAME] [--no-leak-check] [DIR|FILE ...]\n"
    "Writes the images of data sets, lists and files as an image stream; - or nothing: stdin, a stream.\n"
    "  -s, --subset S    train, validation, test or all (default) of a DIR or list that tells them apart\n"
    "  -r, --resize N    squash to N x N, anti-aliased (default 256); 0 keeps the size\n"
    "  -c, --crop N      instead resize the short side to -r and keep the middle N x N\n"
    "  -M, --masks       the masks of the same images in the same order, black where normal\n"
    "  -k, --skip        skip images that can't be read, name and count them\n"
    "  -l, --limit N     the first N images only\n"
    "      --layout L    auto (default), mvtec, visa, loco, btad, folder, list\n"
    "      --split FILE  the split file of raw VisA (default split_csv/1cls.csv above DIR)\n"
    "      --normal NAME one more folder name for normal images, beside good, ok, normal, ...\n"
    "      --no-leak-check  don't look for files that are in train and in test\n" USAGE_THREADS USAGE_COMMON
    "examples:\n"
    "  imgcat -s train mvtec/bottle | featx -w fractal.safetensors | patchcore -o bottle.safetensors\n"
    "  imgcat -s test -r 256 -c 224 -M mvtec/bottle > masks.pam\n";

enum { LAYOUT = OPT_LONG, SPLIT, NORMAL, NO_LEAK_CHECK };

struct opts {
    enum dataset_split subset;
    struct dataset_options set;
    struct load_options fit;
    bool skip, leak_check;
    size_t limit;
    size_t operands;
    char **operand;
};

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          OPT_THREADS,
                                          {"subset", required_argument, NULL, 's'},
                                          {"resize", required_argument, NULL, 'r'},
                                          {"crop", required_argument, NULL, 'c'},
                                          {"masks", no_argument, NULL, 'M'},
                                          {"skip", no_argument, NULL, 'k'},
                                          {"limit", required_argument, NULL, 'l'},
                                          {"layout", required_argument, NULL, LAYOUT},
                                          {"split", required_argument, NULL, SPLIT},
                                          {"normal", required_argument, NULL, NORMAL},
                                          {"no-leak-check", no_argument, NULL, NO_LEAK_CHECK},
                                          OPT_END};
    struct opts o = {.fit = {.resize = 256}, .leak_check = true, .limit = SIZE_MAX};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 's':
            o.subset = (enum dataset_split)opt_choice("-s", optarg, split_names);
            break;
        case 'r':
            o.fit.resize = opt_size("-r", optarg, 0, RASTER_SIDE_MAX);
            break;
        case 'c':
            o.fit.crop = opt_size("-c", optarg, 1, RASTER_SIDE_MAX);
            break;
        case 'M':
            o.fit.masks = true;
            break;
        case 'k':
            o.skip = true;
            break;
        case 'l':
            o.limit = opt_size("-l", optarg, 1, SIZE_MAX);
            break;
        case LAYOUT:
            o.set.layout = (enum dataset_layout)opt_choice("--layout", optarg, layout_names);
            break;
        case SPLIT:
            o.set.split_file = optarg;
            break;
        case NORMAL:
            o.set.normal = optarg;
            break;
        case NO_LEAK_CHECK:
            o.leak_check = false;
            break;
        }
    if (o.fit.resize && o.fit.crop > o.fit.resize)
        misuse("-c %zu is more than -r %zu leaves", o.fit.crop, o.fit.resize);
    static char *standard_input[] = {"-"};
    bool none = optind == argc;
    o.operands = none ? 1 : (size_t)(argc - optind);
    o.operand = none ? standard_input : argv + optind;
    return o;
}

/* An image on its way through the line of threads. */
struct slot {
    struct image image;
    enum load_result result;
    struct err reason;
};

struct job {
    const struct opts *o;
    struct image_writer *writer;
    struct dataset waiting; /* images that are listed and not yet written */
    struct slot *slot;
    struct progress progress;
    size_t listed, written, skipped; /* images so far */
};

static void write_next(struct job *j, struct image *im)
{
    if (!note_get(&im->note, "id"))
        note_setf(&im->note, "id", "%zu", j->listed);
    image_write(j->writer, im);
    j->written++;
}

static void load_entry(void *arg, size_t i, size_t slot, size_t worker)
{
    (void)worker;
    struct job *j = arg;
    struct slot *s = &j->slot[slot];
    s->result = entry_load(&s->image, &j->waiting.entry[i], &j->o->fit, &s->reason);
}

static void take_entry(void *arg, size_t i, size_t slot)
{
    struct job *j = arg;
    struct slot *s = &j->slot[slot];
    (void)i;
    if (s->result == LOAD_DONE) {
        write_next(j, &s->image);
    } else {
        if (s->result == LOAD_NO_MASK || !j->o->skip)
            die("%s", s->reason.text);
        warning("skipped: %s", s->reason.text);
        j->skipped++;
    }
    j->listed++;
    raster_free(&s->image.raster);
    progress_add(&j->progress, 1);
}

/* Writes what is waiting, loaded ahead by all threads. */
static void flush_entries(struct job *j)
{
    size_t left = j->o->limit - j->listed, n = j->waiting.n < left ? j->waiting.n : left;
    if (n == 0)
        return;
    struct ahead line = {n, 2 * pool_size(), NULL, load_entry, take_entry, j};
    j->slot = xcalloc(line.window, sizeof *j->slot);
    j->progress = progress_start("images", n);
    ahead_run(&line);
    progress_end(&j->progress);
    for (size_t i = 0; i < line.window; i++)
        image_free(&j->slot[i].image);
    free(j->slot);
    dataset_free(&j->waiting);
}

/* The images of a stream; those without a name get that of their file. */
static void copy_stream(struct job *j, const char *path)
{
    FILE *f = file_open(path);
    struct image_reader *r = image_reader_new(f, file_label(path));
    struct image im = {0};
    struct err e;
    while (j->listed < j->o->limit && image_read(r, &im)) {
        size_t number = image_reader_count(r);
        if (!note_get(&im.note, "name") && f != stdin)
            note_setf(&im.note, "name", number > 1 ? "%s#%zu" : "%s", path, number);
        if (!image_fit(&im, &j->o->fit, &e))
            image_reader_die(r, "%s", e.text);
        write_next(j, &im);
        j->listed++;
    }
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

static void list_set(struct job *j, const char *path)
{
    const struct opts *o = j->o;
    struct dataset d = {0};
    struct err e;
    if (!dataset_open(&d, path, &o->set, &e))
        die("%s: %s", path, e.text);
    if (o->leak_check && !o->fit.masks)
        leaks_report(&d, path);
    if (o->subset != SPLIT_ALL && d.n && !dataset_has_splits(&d) && d.layout != LAYOUT_LIST)
        die("%s: is a plain folder, where nothing tells -s %s: leave it out", path, split_names[o->subset]);
    if (dataset_has_splits(&d))
        dataset_keep(&d, o->subset);
    if (d.n == 0)
        die("%s: no images%s%s", path, o->subset ? " in " : "", o->subset ? split_names[o->subset] : "");
    char *category = path_last(path);
    for (size_t i = 0; i < d.n; i++)
        dataset_move(&j->waiting, &d.entry[i], o->operands > 1 && d.layout != LAYOUT_LIST ? category : "");
    free(category);
    dataset_free(&d);
}

static void run(const struct opts *o, FILE *out)
{
    struct job j = {.o = o, .writer = image_writer_new(out, "stdout")};
    for (size_t i = 0; i < o->operands; i++) {
        const char *path = o->operand[i];
        if (image_is_stream(path)) {
            flush_entries(&j);
            copy_stream(&j, path);
        } else if (is_folder(path) || o->set.layout == LAYOUT_LIST || dataset_is_list(path)) {
            list_set(&j, path);
        } else {
            dataset_add(&j.waiting, path, path);
        }
    }
    flush_entries(&j);
    dataset_free(&j.waiting); /* what --limit left */
    if (j.skipped)
        warning("%zu of %zu images skipped", j.skipped, j.listed);
    if (j.written == 0)
        die("no image could be read");
    image_writer_end(j.writer);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    run(&o, out_binary());
    return out_close();
}
