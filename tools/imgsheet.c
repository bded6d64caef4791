/* imgsheet - a contact sheet of an image stream. See imgsheet.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/product.h"
#include "base/mem.h"
#include "base/opt.h"
#include "codec/png.h"
#include "image/colour.h"
#include "image/resize.h"
#include "stream/image.h"
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: imgsheet [-g COLSxROWS] [-z SIDE] [-b GAP] [-o FILE.png] [-vq] [IMAGES ...]\n"
    "Lays the first images of a stream out on one sheet, row by row.\n"
    "  -g, --grid COLSxROWS  the sheet; reading stops when it is full (default 8x6)\n"
    "  -z, --size SIDE       squash every image to SIDE x SIDE (default: the first image's size)\n"
    "  -b, --gap N           pixels between images (default 2)\n"
    "  -o, --output FILE     write a PNG; without it the sheet is an image on standard output\n"
    USAGE_COMMON
    "examples:\n"
    "  ifsgen -m multi -c 8 -n 6 --tone log | imgsheet -g 8x6 -z 128 -o multi.png\n"
    "  imgcat -s test bottle | imgsheet -g 10x8 -z 96 -o bottle.png\n";
/* clang-format on */

enum { GRID_MAX = 1000 };

struct opts {
    size_t columns, rows, side, gap;
    const char *output;
};

struct sheet {
    const struct opts *o;
    size_t tile_width, tile_height, n;
    struct raster raster;
    struct product *png; /* NULL: the sheet goes to stdout */
};

/* The first image decides how large a tile is. */
static void sheet_begin(struct sheet *s, const struct raster *first)
{
    const struct opts *o = s->o;
    s->tile_width = o->side ? o->side : first->width;
    s->tile_height = o->side ? o->side : first->height;
    size_t width = o->columns * (s->tile_width + o->gap) - o->gap;
    size_t height = o->rows * (s->tile_height + o->gap) - o->gap;
    if (!raster_sane(width, height, 3, 255))
        die("a sheet of %zu x %zu pixels is too large (see -z)", width, height);
    mem_need(3 * width * height, "the sheet");
    s->raster = raster_new(width, height, 3, 255);
    memset(s->raster.samples, 64, raster_bytes(&s->raster));
}

static void sheet_add(struct sheet *s, const struct raster *picture)
{
    struct geometry g = {s->tile_width, s->tile_height, 0, 0, s->tile_width, s->tile_height};
    struct raster rgb = colour_rgb(picture), tile = resize_bilinear(&rgb, &g);
    size_t x = s->n % s->o->columns * (s->tile_width + s->o->gap);
    size_t y = s->n / s->o->columns * (s->tile_height + s->o->gap);
    uint8_t *to = (uint8_t *)s->raster.samples + 3 * (y * s->raster.width + x);
    const uint8_t *from = tile.samples;
    for (size_t row = 0; row < tile.height; row++)
        memcpy(to + 3 * row * s->raster.width, from + 3 * row * tile.width, 3 * tile.width);
    s->n++;
    raster_free(&rgb);
    raster_free(&tile);
}

static void read_stream(struct sheet *s, const char *file)
{
    FILE *f = file_open(file);
    struct image_reader *r = image_reader_new(f, file_label(file));
    struct image im = {0};
    while (s->n < s->o->columns * s->o->rows && image_read(r, &im)) {
        if (!s->raster.samples)
            sheet_begin(s, &im.raster);
        sheet_add(s, &im.raster);
    }
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

/* Rows that hold an image. */
static void sheet_trim(struct sheet *s)
{
    size_t rows = (s->n + s->o->columns - 1) / s->o->columns;
    s->raster.height = rows * (s->tile_height + s->o->gap) - s->o->gap;
}

static void sheet_write(const struct sheet *s)
{
    if (!s->png) {
        struct image im = {.raster = s->raster};
        struct image_writer *w = image_writer_new(out_binary(), "stdout");
        note_set(&im.note, "name", "sheet");
        image_write(w, &im);
        image_writer_end(w);
        note_clear(&im.note);
        return;
    }
    png_write(product_file(s->png), s->o->output, &s->raster, PNG_LEVEL_USUAL);
    product_commit(s->png);
}

static void parse_grid(struct opts *o, const char *text)
{
    const char *x = strchr(text, 'x');
    char *columns = xstrndup(text, x ? (size_t)(x - text) : 0);
    o->columns = opt_size("-g COLSxROWS", columns, 1, GRID_MAX);
    o->rows = opt_size("-g COLSxROWS", x ? x + 1 : text, 1, GRID_MAX);
    free(columns);
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          {"grid", required_argument, NULL, 'g'},
                                          {"size", required_argument, NULL, 'z'},
                                          {"gap", required_argument, NULL, 'b'},
                                          {"output", required_argument, NULL, 'o'},
                                          OPT_END};
    struct opts o = {.columns = 8, .rows = 6, .gap = 2};
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        switch (c) {
        case 'g':
            parse_grid(&o, optarg);
            break;
        case 'z':
            o.side = opt_size("-z", optarg, 1, 4096);
            break;
        case 'b':
            o.gap = opt_size("-b", optarg, 0, 256);
            break;
        case 'o':
            o.output = optarg;
            break;
        }
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    struct sheet s = {.o = &o, .png = o.output ? product_open(o.output) : NULL};
    if (optind == argc)
        read_stream(&s, NULL);
    for (; optind < argc; optind++)
        read_stream(&s, argv[optind]);
    if (s.n == 0)
        die("no images");
    sheet_trim(&s);
    sheet_write(&s);
    notice("%zu images", s.n);
    raster_free(&s.raster);
    return out_close();
}
