/* pictures - large pictures of a woven cloth, for scripts/bench/tiles: an image stream of N of WIDTH x HEIGHT, or of their masks.
 *
 * usage: build/bench/pictures images|masks good|spot FIRST N WIDTH HEIGHT > FILE
 *
 * Threads of 16 pixels wander by smooth noise; their yarn is lighter here and darker there, from one crossing to the next; light
 * falls off to the sides; every pixel has a little noise of its own. A spot is a place of 12 pixels across, anywhere, with less
 * than half the light. By the picture's number alone. */
#include "base/err.h"
#include "base/file.h"
#include "base/opt.h"
#include "base/rng.h"
#include "stream/image.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SPOT = 12, CELL = 64, THREAD = 16 };

struct picture {
    size_t number, width, height;
    bool spot;
    double x, y;  /* its middle */
    float *drift; /* how far threads are off, at the corners of cells: of both directions */
    size_t across;
    struct rng rng;
};

static struct picture picture_of(size_t number, bool spot, size_t width, size_t height)
{
    struct picture p = {number, width, height, spot, 0, 0, NULL, width / CELL + 2, rng_new(spot, number)};
    p.x = SPOT + rng_uniform(&p.rng) * (double)(width - 2 * SPOT);
    p.y = SPOT + rng_uniform(&p.rng) * (double)(height - 2 * SPOT);
    return p;
}

static bool in_spot(const struct picture *p, size_t x, size_t y)
{
    const double dx = (double)x + .5 - p->x, dy = (double)y + .5 - p->y;
    return p->spot && dx * dx + dy * dy < SPOT * SPOT / 4.0;
}

static double drift(const struct picture *p, size_t x, size_t y, size_t direction)
{
    const size_t i = y / CELL * p->across + x / CELL;
    const double u = (double)(x % CELL) / CELL, v = (double)(y % CELL) / CELL;
    const float *a = p->drift + 2 * i + direction, *b = a + 2 * p->across;
    return (1 - v) * ((1 - u) * (double)a[0] + u * (double)a[2]) +
           v * ((1 - u) * (double)b[0] + u * (double)b[2]);
}

/* The tone of the crossing of two threads. */
static double yarn(const struct picture *p, long warp, long weft)
{
    struct rng r =
        rng_new(p->number + 1000000 * p->spot, (uint64_t)(warp + 100000) << 32 | (uint64_t)(weft + 100000));
    return .7 + .6 * rng_uniform(&r);
}

/* Of warp and weft the one that lies above, as in a plain weave. */
static double cloth(const struct picture *p, size_t x, size_t y)
{
    const double s = ((double)x + drift(p, x, y, 0)) / THREAD, t = ((double)y + drift(p, x, y, 1)) / THREAD;
    const bool warp = ((long)floor(s) + (long)floor(t)) % 2 == 0;
    const double u = 2 * (warp ? s - floor(s) : t - floor(t)) - 1;
    return (warp ? .62 : .5) * (1 - .5 * u * u) * yarn(p, (long)floor(s), (long)floor(t));
}

static void draw(unsigned char *rgb, struct picture *p)
{
    static const double colour[3] = {1, .92, .78};
    const size_t corners = p->across * (p->height / CELL + 2);
    p->drift = calloc(2 * corners, sizeof *p->drift);
    for (size_t i = 0; i < 2 * corners; i++)
        p->drift[i] = (float)(2 * rng_normal(&p->rng));
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++) {
            const double across = (double)x / (double)p->width - .5, noise = rng_uniform(&p->rng) - .5;
            double light = cloth(p, x, y) * (1 - .3 * across * across) + .04 * noise;
            light *= in_spot(p, x, y) ? .4 : 1;
            for (size_t c = 0; c < 3; c++)
                *rgb++ = (unsigned char)(255 * fmin(light * colour[c], 1) + .5);
        }
    free(p->drift);
}

static void draw_mask(unsigned char *grey, const struct picture *p)
{
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            *grey++ = in_spot(p, x, y) ? 255 : 0;
}

int main(int argc, char **argv)
{
    static const char *const what[] = {"images", "masks", NULL}, *const kind[] = {"good", "spot", NULL};
    err_init(argv[0]);
    if (argc != 7)
        misuse("images|masks good|spot FIRST N WIDTH HEIGHT are needed");
    const bool masks = opt_choice("what", argv[1], what), spot = opt_choice("kind", argv[2], kind);
    const size_t first = opt_size("FIRST", argv[3], 0, 1000000), n = opt_size("N", argv[4], 1, 1000000);
    const size_t width = opt_size("WIDTH", argv[5], 64, 16384),
                 height = opt_size("HEIGHT", argv[6], 64, 16384);
    struct image_writer *w = image_writer_new(stdout, "stdout");
    struct image im = {.raster = raster_new(width, height, masks ? 1 : 3, 255)};
    for (size_t i = first; i < first + n; i++) {
        struct picture p = picture_of(i, spot, width, height);
        if (masks)
            draw_mask(im.raster.samples, &p);
        else
            draw(im.raster.samples, &p);
        note_setf(&im.note, "name", "%s/%03zu.png", kind[spot], i);
        note_set(&im.note, "label", spot ? "1" : "0");
        note_set(&im.note, "defect", kind[spot]);
        image_write(w, &im);
    }
    image_writer_end(w);
    image_free(&im);
    return out_close();
}
