/* imgcat - images of inspection data sets as one stream. See imgcat.1.
 *
 * An image's way from its folder to the pixels that leave:
 *
 *   read_operand    a folder, a list, a file, a stream: a stream is copied as it comes (copy_stream), a list by a pipe line by
 *                   line (copy_rows); all else
 *   dataset_open    becomes entries by the reader of its layout (dataset/open, folders, visa, list, plain): a path, a name,
 *   add_set         a label, the paths of masks (dataset/ground_truth); those of the subset wait
 *   flush_entries   makes a line of those that wait (base/ahead): each thread takes one
 *   load_entry      and decodes it (dataset/decode, codec/), turns it upright (image/orient), or puts its mask in its place
 *                   (dataset/mask), resizes and crops it (image/resize), makes it 8-bit RGB (image/colour)
 *   take_entry      in the order of the line, as soon as it is there, remarks what is odd
 *   write_next      and writes it, with its comments, as PAM (stream/image), or one tile after the other (dataset/tiles) */
#include "base/ahead.h"
#include "base/err.h"
#include "base/feed.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/thread.h"
#include "dataset/open.h"
#include "dataset/decode.h"
#include "dataset/leak.h"
#include "dataset/load.h"
#include "dataset/tiles.h"
#include "dataset/walk.h"
#include "stream/complain.h"
#include "stream/image.h"
#include "stream/salvage.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: imgcat [-kMqv] [-s SUBSET] [-r SIZE] [-c CROP] [--tiles SIDE[+OVERLAP]] [-l N] [-j N]\n"
    "              [--layout LAYOUT] [--split FILE] [--normal NAME] [--no-leak-check] [DIR|FILE ...]\n"
    "Writes the images of data sets, lists and files as an image stream; - or nothing: stdin, a stream or a "
    "list.\n"
    "  -s, --subset S    train, validation, test or all (default) of a DIR or list that tells them apart\n"
    "  -r, --resize N    squash to N x N, anti-aliased (default 256); 0 keeps the size\n"
    "  -c, --crop N      instead resize the short side to -r and keep the middle N x N\n"
    "      --tiles S+O   cut into tiles of S x S that overlap by O or more (default 0), at full size\n"
    "                    unless -r is given; tilejoin puts their maps together\n"
    "  -M, --masks       the masks of the same images in the same order, black where normal\n"
    "  -k, --skip        skip images that can't be read, name and count them\n"
    "  -l, --limit N     the first N images only\n"
    "      --layout L    auto (default), mvtec, mvtec2, visa, loco, btad, folder, list\n"
    "      --split FILE  the split file of raw VisA (default split_csv/1cls.csv above DIR)\n"
    "      --normal NAME one more folder name for normal images, beside good, ok, normal, ...\n"
    "      --no-leak-check  don't look for files that are in train and in test\n" USAGE_THREADS USAGE_COMMON
    "examples:\n"
    "  imgcat -s train mvtec/bottle | featx -w fractal.safetensors | patchcore -o bottle.safetensors\n"
    "  imgcat -s test -r 256 -c 224 -M mvtec/bottle > masks.pam\n";

enum { TILES = OPT_LONG, LAYOUT, SPLIT, NORMAL, NO_LEAK_CHECK };

#define RESIZE_UNSAID SIZE_MAX

struct opts {
    enum dataset_split subset;
    struct dataset_options set;
    struct load_options load;
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
                                          {"tiles", required_argument, NULL, TILES},
                                          {"masks", no_argument, NULL, 'M'},
                                          {"skip", no_argument, NULL, 'k'},
                                          {"limit", required_argument, NULL, 'l'},
                                          {"layout", required_argument, NULL, LAYOUT},
                                          {"split", required_argument, NULL, SPLIT},
                                          {"normal", required_argument, NULL, NORMAL},
                                          {"no-leak-check", no_argument, NULL, NO_LEAK_CHECK},
                                          OPT_END};
    struct opts o = {.load = {.resize = RESIZE_UNSAID}, .leak_check = true, .limit = SIZE_MAX};
    struct err e;
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 's':
            o.subset = (enum dataset_split)opt_choice("-s", optarg, split_names);
            break;
        case 'r':
            o.load.resize = opt_size("-r", optarg, 0, RASTER_SIDE_MAX);
            break;
        case 'c':
            o.load.crop = opt_size("-c", optarg, 1, RASTER_SIDE_MAX);
            break;
        case TILES:
            if (!tiling_parse(&o.load.tiles, optarg, &e))
                misuse("--tiles: %s", e.text);
            break;
        case 'M':
            o.load.masks = true;
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
    if (o.load.resize == RESIZE_UNSAID)
        o.load.resize = o.load.tiles.side && !o.load.crop ? 0 : 256;
    if (o.load.resize && o.load.crop > o.load.resize)
        misuse("-c %zu is more than -r %zu leaves", o.load.crop, o.load.resize);
    static char *standard_input[] = {"-"};
    bool none = optind == argc;
    o.operands = none ? 1 : (size_t)(argc - optind);
    o.operand = none ? standard_input : argv + optind;
    return o;
}

/* How many images have something that a user should hear of, and which was the first. */
struct tally {
    size_t n;
    char *first;
};

/* An image on its way through the line of threads. */
struct slot {
    struct image image;
    struct load_remarks remarks;
    enum load_result result;
    struct err reason;
};

struct job {
    const struct opts *o;
    struct image_writer *writer;
    struct dataset waiting; /* images that are listed and not yet written */
    struct slot *slot;
    struct progress progress;
    size_t listed, written, skipped;            /* images so far */
    struct tally turned, lossy_mask, grey_mask; /* of those written */
};

static void count(struct tally *t, bool so, const char *path)
{
    if (so && t->n++ == 0)
        t->first = xstrdup(path);
}

static void report(struct tally *t, const char *what)
{
    if (t->n)
        warning("%s: %zu of the images, first %s", what, t->n, t->first);
    free(t->first);
}

static void write_image(void *writer, const struct image *im)
{
    image_write(writer, im);
}

static void write_next(struct job *j, struct image *im)
{
    const struct tiling *tiles = &j->o->load.tiles;
    if (!note_get(&im->note, "id"))
        note_setf(&im->note, "id", "%zu", j->listed);
    if (tiles->side)
        tiles_cut(im, tiles, write_image, j->writer);
    else
        image_write(j->writer, im);
    j->written++;
}

static void load_entry(void *arg, size_t i, size_t slot, size_t worker)
{
    (void)worker;
    struct job *j = arg;
    struct slot *s = &j->slot[slot];
    s->result = entry_load(&s->image, &s->remarks, &j->waiting.entry[i], &j->o->load, &s->reason);
}

/* What is odd about an image that was loaded: a line each with -v, or counted for one line at the end. */
static void remark(struct job *j, const struct load_remarks *r, const char *path)
{
    if (r->odd.text[0])
        notice("%s: %s; no sample is touched", path, r->odd.text);
    count(&j->turned, r->orientation != 1, path);
    count(&j->lossy_mask, r->mask.lossy, path);
    count(&j->grey_mask, r->mask.grey, path);
}

static void take_entry(void *arg, size_t i, size_t slot)
{
    struct job *j = arg;
    struct slot *s = &j->slot[slot];
    if (s->result == LOAD_DONE) {
        remark(j, &s->remarks, j->waiting.entry[i].path);
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
    /* Who asks for tiles has large images. */
    const size_t window = j->o->load.tiles.side ? pool_size() : 2 * pool_size();
    struct ahead line = {n, window, NULL, load_entry, take_entry, j};
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
static void copy_stream(struct job *j, struct feed *feed, const char *path, bool mend)
{
    struct salvage *s = salvage_open(feed, file_label(path), mend);
    struct image im = {0};
    struct err e;
    int got;
    for (; j->listed < j->o->limit && (got = salvage_read(s, &im, &e)) != 0; j->listed++) {
        const size_t number = salvage_number(s);
        if (got > 0 && !note_get(&im.note, "name") && strcmp(path, "-") != 0)
            note_setf(&im.note, "name", number > 1 ? "%s#%zu" : "%s", path, number);
        if (got > 0 && image_fit(&im, &j->o->load, &e)) {
            write_next(j, &im);
            continue;
        }
        if (!mend)
            complain(file_label(path), number, image_name(&im), e.text);
        warning("skipped: %s: image %zu: %s", file_label(path), number, e.text);
        j->skipped++;
    }
    image_free(&im);
    salvage_close(s);
}

/* The images of the wanted subset join those that wait. */
static void add_set(struct job *j, struct dataset *d, const char *path)
{
    const struct opts *o = j->o;
    if (o->leak_check && !o->load.masks)
        leaks_report(d, path);
    if (o->subset != SPLIT_ALL && d->n && !dataset_has_splits(d) && d->layout != LAYOUT_LIST)
        die("%s: is a plain folder, where nothing tells -s %s: leave it out", path, split_names[o->subset]);
    if (dataset_has_splits(d))
        dataset_keep(d, o->subset);
    if (d->n == 0)
        die("%s: no images%s%s", path, o->subset ? " in " : "", o->subset ? split_names[o->subset] : "");
    char *category = path_last(path);
    for (size_t i = 0; i < d->n; i++)
        dataset_move(&j->waiting, &d->entry[i], o->operands > 1 && d->layout != LAYOUT_LIST ? category : "");
    free(category);
    dataset_free(d);
}

/* A list that comes by a pipe. */
struct list {
    const char *path;
    char *header;
    size_t lines; /* read so far */
};

/* A line's image joins those of d. False where none has come. */
static bool take_row(struct job *j, struct list *l, struct feed *feed, bool wait, struct dataset *d)
{
    struct err e;
    size_t n;
    const char *line = feed_line(feed, wait, &n);
    if (!line)
        return false;
    l->lines++;
    if (!dataset_read_row(d, l->header, line, n, &j->o->set, &e))
        die("%s: line %zu: %s", file_label(l->path), l->lines, e.text);
    return true;
}

/* Each line's image leaves before the next line is waited for; what has come together is decoded together. */
static void copy_rows(struct job *j, struct list *l, struct feed *feed)
{
    while (j->listed < j->o->limit && (j->waiting.n || take_row(j, l, feed, true, &j->waiting))) {
        while (take_row(j, l, feed, false, &j->waiting))
            ;
        flush_entries(j);
    }
}

static void copy_list(struct job *j, struct feed *feed, const char *path)
{
    struct dataset d = {0};
    struct err e;
    size_t n;
    bool alone;
    struct list l = {path, xstrdup(feed_line(feed, true, &n)), 1};
    if (!dataset_read_header(l.header, n, &alone, &e))
        die("%s: %s", file_label(path), e.text);
    if (alone) {
        copy_rows(j, &l, feed);
    } else {
        while (take_row(j, &l, feed, true, &d))
            ;
        dataset_lie_alike(&d);
        add_set(j, &d, file_label(path));
    }
    free(l.header);
}

/* A stream, or a list, which begins with a small letter or a byte order mark. */
static void read_feed(struct job *j, struct feed *feed, const char *path)
{
    const unsigned char *data;
    const bool empty = feed_wait(feed, 1, &data) == 0, list = j->o->set.layout == LAYOUT_LIST;
    if (!empty && (list || islower(*data) || *data == 0xef)) {
        copy_list(j, feed, path);
        return;
    }
    if (list)
        die("%s: no data: did the program upstream die?", file_label(path));
    flush_entries(j);
    copy_stream(j, feed, path, j->o->skip && !empty);
}

static void read_operand(struct job *j, const char *path)
{
    const struct opts *o = j->o;
    struct dataset d = {0};
    struct err e;
    bool list = o->set.layout == LAYOUT_LIST, pipe = strcmp(path, "-") == 0 || is_pipe(path);
    if (pipe || (!list && image_is_stream(path))) {
        struct feed *feed = feed_open(path);
        read_feed(j, feed, path);
        feed_close(feed);
    } else if (list || is_folder(path) || dataset_is_list(path)) {
        if (!dataset_open(&d, path, &o->set, &e))
            die("%s: %s", path, e.text);
        add_set(j, &d, path);
    } else {
        dataset_add(&j->waiting, path, path);
    }
}

static void run(const struct opts *o, FILE *out)
{
    struct job j = {.o = o, .writer = image_writer_new(out, "stdout")};
    for (size_t i = 0; i < o->operands; i++)
        read_operand(&j, o->operand[i]);
    flush_entries(&j);
    dataset_free(&j.waiting); /* what --limit left */
    report(&j.turned,
           "EXIF's orientation is not honoured in a set with masks, which are drawn on the stored pixels");
    report(&j.lossy_mask, "masks are JPEGs, whose edges hold values that nobody drew");
    report(&j.grey_mask, "masks have more than two grey levels, and all above 0 are defect");
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
