/* heatmap - anomaly maps as pictures. See heatmap.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/product.h"
#include "base/folder.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/places.h"
#include "codec/png.h"
#include "draw/heat.h"
#include "stream/companion.h"
#include "stream/npys.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: heatmap [-vq] [-i IMAGES] [-M MASKS] [-a ALPHA] [-c] [-t T] [--plain|--panel] [--original]\n"
    "               [--scale stream|image|LOW,HIGH] [--colours MAP] [-O DIR] [MAPS ...]\n"
    "Draws a stream of anomaly maps, over their images where those are given.\n"
    "  -i, --images FILE   the stream of the images, in the same order\n"
    "  -M, --masks FILE    the stream of their masks: outlined in green\n"
    "  -c, --contour       outline in white what reaches the stream's pixel_threshold=\n"
    "  -t, --threshold T   outline what reaches T instead\n"
    "  -a, --alpha A       strength of the colours over the image, 0 to 1 (default 0.5)\n"
    "  -p, --plain         the colours alone, without the image\n"
    "  -P, --panel         image, mask and overlay side by side, with name and score\n"
    "  -r, --original      in the geometry of the original picture (size=, crop=)\n"
    "      --scale SCALE   values from darkest to brightest: LOW,HIGH; stream: its scale= (default);\n"
    "                      image: each map's own\n"
    "      --colours MAP   inferno (default), viridis, turbo or grey\n"
    "  -O, --output DIR    write DIR/NAME.png for each instead of an image stream\n"
    USAGE_COMMON
    "examples:\n"
    "  heatmap -i <(imgcat -s test bottle) -O overlays < bottle.maps\n"
    "  patchcore -m bottle.safetensors < bottle.features | heatmap --plain --scale image > maps.pam\n";
/* clang-format on */

enum { SCALE = OPT_LONG, COLOURS };
enum scale_from { FROM_STREAM, FROM_MAP, GIVEN };

struct opts {
    const char *images, *masks, *output;
    bool own_threshold;
    enum scale_from scale_from;
    struct heat_style style;
};

/* Every stream has its own scale and thresholds. */
static struct heat_style style_of(const struct opts *o, const struct note *opening, const char *label)
{
    struct heat_style s = o->style;
    const char *threshold = note_get(opening, "pixel_threshold"), *scale = note_get(opening, "scale"),
               *kind = note_get(opening, "stream");
    char more;
    if (kind && strcmp(kind, "maps") != 0)
        die("%s: is a stream of %s, not of maps", label, kind);
    s.own_scale = o->scale_from == FROM_MAP;
    if (o->scale_from == FROM_STREAM && !scale) {
        warning("%s: has no scale=: each map gets its own", label);
        s.own_scale = true;
    } else if (o->scale_from == FROM_STREAM && sscanf(scale, "%lf,%lf%c", &s.low, &s.high, &more) != 2) {
        s.low = 0;
        if (sscanf(scale, "%lf%c", &s.high, &more) != 1)
            die("%s: scale=%s is not LOW,HIGH", label, scale);
    }
    if (s.contour && !o->own_threshold &&
        (!threshold || sscanf(threshold, "%lf%c", &s.threshold, &more) != 1))
        die("%s: has no pixel_threshold= (give one by -t)", label);
    if (s.contour && !o->own_threshold && s.threshold == 0)
        warning("%s: its pixel_threshold= is 0: the outline holds every pixel from 0 on (give another by -t)",
                label);
    return s;
}

static struct heat_map map_of(const struct npys_reader *r, const struct npys_record *rec)
{
    const struct tensor *t = rec->array;
    if (rec->n != 1 || t->type != DT_F32 || t->rank != 2)
        npys_reader_die(r, "is no anomaly map: one array <f4 (height, width) is wanted");
    struct heat_map m = {&rec->note, t->data, t->dim[1], t->dim[0]};
    if (!raster_sane(m.width, m.height, 3, 255))
        npys_reader_die(r, "a map of %zux%zu is out of range", m.width, m.height);
    for (size_t i = 0; i < m.width * m.height; i++)
        if (!isfinite(m.values[i]))
            npys_reader_die(r, "the map has a value that is not finite");
    return m;
}

/* DIR/NAME.png; maps without a name are numbered. */
static char *png_path(struct places *places, const char *name, const struct npys_reader *r)
{
    struct err e;
    char number[32];
    snprintf(number, sizeof number, "%06zu", npys_reader_count(r));
    char *path = places_take(places, name ? name : number, &e);
    if (path)
        return path;
    npys_reader_die(r, "%s", e.text);
}

static void write_png(const char *path, const struct raster *picture)
{
    char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    folder_make(folder);
    struct product *p = product_open(path);
    png_write(product_file(p), path, picture, PNG_LEVEL_USUAL);
    product_commit(p);
    free(folder);
}

/* The map's keys go on; geometry only where the picture still has it. */
static void write_image(struct image_writer *w, const struct raster *picture, const struct note *note,
                        const struct heat_style *s)
{
    struct image im = {.raster = *picture};
    note_copy(&im.note, note);
    note_remove(&im.note, "arrays");
    if (s->panel)
        note_remove(&im.note, "size");
    if (s->panel || s->original)
        note_remove(&im.note, "crop");
    image_write(w, &im);
    note_clear(&im.note);
}

/* A run over several operands. */
struct run {
    const struct opts *o;
    struct companion images, masks;
    struct image_writer *writer; /* NULL: files, in their ... */
    struct places *places;
};

static void write_picture(struct run *run, const struct raster *picture, const struct npys_reader *r,
                          const struct note *note, const struct heat_style *style)
{
    if (run->writer) {
        write_image(run->writer, picture, note, style);
        return;
    }
    char *path = png_path(run->places, note_get(note, "name"), r);
    write_png(path, picture);
    free(path);
}

static void one_stream(struct run *run, const char *file)
{
    FILE *f = file_open(file);
    struct npys_reader *r = npys_reader_new(f, file_label(file));
    struct heat_style style = style_of(run->o, npys_opening(r), file_label(file));
    struct npys_record rec = {0};
    struct raster picture;
    struct err e;
    size_t scores = 0; /* records of knn and gauss have no maps */
    while (npys_read(r, &rec)) {
        const struct image *image = companion_next(&run->images, r, &rec.note);
        const struct image *mask = companion_next(&run->masks, r, &rec.note);
        if (rec.n == 0) {
            scores++;
            continue;
        }
        struct heat_map map = map_of(r, &rec);
        if (!heat_draw(&picture, &map, image, mask, &style, &e))
            npys_reader_die(r, "%s", e.text);
        write_picture(run, &picture, r, &rec.note, &style);
        raster_free(&picture);
    }
    if (scores)
        warning("%s: scores without maps, of which nothing can be drawn: %zu", file_label(file), scores);
    npys_record_free(&rec);
    npys_reader_free(r);
    file_close(f);
}

static void parse_scale(struct opts *o, const char *text)
{
    char more;
    if (strcmp(text, "stream") == 0)
        o->scale_from = FROM_STREAM;
    else if (strcmp(text, "image") == 0)
        o->scale_from = FROM_MAP;
    else if (sscanf(text, "%lf,%lf%c", &o->style.low, &o->style.high, &more) == 2 &&
             o->style.low < o->style.high && isfinite(o->style.high - o->style.low))
        o->scale_from = GIVEN;
    else
        misuse("--scale: '%s' is not stream, image or LOW,HIGH", text);
}

static void set_option(struct opts *o, int c)
{
    switch (c) {
    case 'i':
        o->images = optarg;
        break;
    case 'M':
        o->masks = optarg;
        break;
    case 'O':
        o->output = optarg;
        break;
    case 'a':
        o->style.alpha = opt_real("--alpha", optarg, 0, 1);
        break;
    case 'c':
        o->style.contour = true;
        break;
    case 't':
        o->style.contour = o->own_threshold = true;
        o->style.threshold = opt_real("--threshold", optarg, -HUGE_VAL, HUGE_VAL);
        break;
    case 'p':
        o->style.plain = true;
        break;
    case 'P':
        o->style.panel = true;
        break;
    case 'r':
        o->style.original = true;
        break;
    case SCALE:
        parse_scale(o, optarg);
        break;
    case COLOURS:
        o->style.colours = (enum colormap)opt_choice("--colours", optarg, colormap_names);
        break;
    }
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          {"images", required_argument, NULL, 'i'},
                                          {"masks", required_argument, NULL, 'M'},
                                          {"contour", no_argument, NULL, 'c'},
                                          {"threshold", required_argument, NULL, 't'},
                                          {"alpha", required_argument, NULL, 'a'},
                                          {"plain", no_argument, NULL, 'p'},
                                          {"panel", no_argument, NULL, 'P'},
                                          {"original", no_argument, NULL, 'r'},
                                          {"scale", required_argument, NULL, SCALE},
                                          {"colours", required_argument, NULL, COLOURS},
                                          {"output", required_argument, NULL, 'O'},
                                          OPT_END};
    struct opts o = {.style = {.alpha = 0.5}};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        set_option(&o, c);
    if (o.style.panel && !o.images)
        misuse("--panel shows images: give them by -i");
    int stdins =
        (o.images && strcmp(o.images, "-") == 0) + (o.masks && strcmp(o.masks, "-") == 0) + (optind == argc);
    if (stdins > 1)
        misuse("stdin can be only one of images, masks and maps");
    if (o.output && !*o.output)
        misuse("-O needs the name of a folder");
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    struct run run = {.o = &o};
    if (o.output) {
        folder_make(o.output);
        run.places = places_new(o.output, "png");
    } else {
        run.writer = image_writer_new(out_binary(), "stdout");
    }
    run.images = companion_open(o.images, "image");
    run.masks = companion_open(o.masks, "mask");
    if (optind == argc)
        one_stream(&run, NULL);
    for (; optind < argc; optind++)
        one_stream(&run, argv[optind]);
    companion_close(&run.images);
    companion_close(&run.masks);
    if (run.writer)
        image_writer_end(run.writer);
    places_free(run.places);
    return out_close();
}
