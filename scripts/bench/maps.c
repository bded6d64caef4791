/* maps - anomaly maps without end, for scripts/bench/auroc-memory: a stream of N maps of SIDE x SIDE, or of their masks.
 *
 * usage: build/bench/maps maps|masks N SIDE > FILE
 *
 * Scores are sums of uniform numbers, of a row's and of a pixel's own, and use all bits of a float, as those of a detector do;
 * every second map has two round defects, which score higher. By the map's number alone. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/rng.h"
#include "stream/image.h"
#include "stream/npys.h"
#include <stdlib.h>
#include <string.h>

struct disc {
    size_t x, y, radius;
};

struct map {
    size_t number, side;
    bool defective;
    struct disc disc[2];
    struct rng rng;
};

static struct map map_of(size_t number, size_t side)
{
    struct map m = {number, side, number % 2, {{0}}, rng_new(1, number)};
    for (size_t i = 0; i < 2; i++) {
        m.disc[i].radius = side / 64 + (size_t)(rng_uniform(&m.rng) * (double)side / 16);
        m.disc[i].x = (size_t)(rng_uniform(&m.rng) * (double)side);
        m.disc[i].y = (size_t)(rng_uniform(&m.rng) * (double)side);
    }
    return m;
}

static bool in_defect(const struct map *m, size_t x, size_t y)
{
    for (size_t i = 0; i < 2 && m->defective; i++) {
        const struct disc *d = &m->disc[i];
        const size_t dx = x > d->x ? x - d->x : d->x - x, dy = y > d->y ? y - d->y : d->y - y;
        if (dx * dx + dy * dy < d->radius * d->radius)
            return true;
    }
    return false;
}

/* Two numbers of 32 bits out of one of 64, each from 0 to 1: their sum. */
static double noise(uint64_t bits)
{
    const uint64_t a = bits & UINT32_MAX, b = bits >> 32;
    return (double)(a + b) / 4294967296.0;
}

static float draw(float *value, struct map *m)
{
    float most = 0;
    for (size_t y = 0, i = 0; y < m->side; y++) {
        const double row = noise(rng_u64(&m->rng));
        for (size_t x = 0; x < m->side; x++, i++) {
            value[i] = (float)(row + noise(rng_u64(&m->rng)) + (in_defect(m, x, y) ? .8 : 0));
            most = value[i] > most ? value[i] : most;
        }
    }
    return most;
}

static void name_it(struct note *note, const struct map *m)
{
    note_setf(note, "name", "%s/%06zu", m->defective ? "disc" : "good", m->number);
    note_set(note, "label", m->defective ? "1" : "0");
    note_set(note, "defect", m->defective ? "disc" : "good");
}

static void write_maps(size_t n, size_t side)
{
    struct note opening = {0};
    note_set(&opening, "stream", "maps");
    struct npys_writer *w = npys_writer_new(stdout, "stdout", &opening, "maps");
    struct npys_record rec = {.n = 1};
    rec.array[0] = tensor_new(DT_F32, 2, (size_t[]){side, side});
    for (size_t i = 0; i < n; i++) {
        struct map m = map_of(i, side);
        const float most = draw(rec.array[0].data, &m);
        name_it(&rec.note, &m);
        note_setf(&rec.note, "score", "%.9g", (double)most);
        npys_write(w, &rec, "map");
    }
    npys_writer_end(w);
    tensor_free(&rec.array[0]);
    note_clear(&rec.note);
    note_clear(&opening);
}

static void write_masks(size_t n, size_t side)
{
    struct image_writer *w = image_writer_new(stdout, "stdout");
    struct image im = {.raster = raster_new(side, side, 1, 255)};
    for (size_t i = 0; i < n; i++) {
        const struct map m = map_of(i, side);
        unsigned char *sample = im.raster.samples;
        for (size_t y = 0; y < side; y++)
            for (size_t x = 0; x < side; x++)
                *sample++ = in_defect(&m, x, y) ? 255 : 0;
        name_it(&im.note, &m);
        image_write(w, &im);
    }
    image_writer_end(w);
    image_free(&im);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    if (argc != 4)
        misuse("maps|masks N SIDE are needed");
    const size_t n = opt_size("N", argv[2], 1, 1000000), side = opt_size("SIDE", argv[3], 64, 16384);
    if (strcmp(argv[1], "maps") == 0)
        write_maps(n, side);
    else if (strcmp(argv[1], "masks") == 0)
        write_masks(n, side);
    else
        misuse("%s: maps or masks", argv[1]);
    return out_close();
}
