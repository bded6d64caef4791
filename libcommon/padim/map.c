#include "padim/map.h"
#include "base/mem.h"
#include "base/thread.h"
#include <math.h>
#include <stdlib.h>

#define SIGMA 4.0

double padim_finish(float *map, struct map_size size, enum map_border border, const float *distance,
                    size_t height, size_t width)
{
    float most = -INFINITY;
    map_resize(map, size.height, size.width, distance, height, width, 1, MAP_HALF_PIXEL);
    map_blur(map, size.height, size.width, SIGMA, border);
    for (size_t i = 0; i < size.height * size.width; i++)
        most = map[i] > most || isnan(map[i]) ? map[i] : most;
    return (double)most;
}

/* Images whose maps are made together, then counted one after the other. */
enum { BATCH = 16 };

struct batch {
    const float *left_out;
    size_t height, width, first;
    struct map_size size;
    enum map_border border;
    float *map; /* BATCH of them */
    double score[BATCH];
};

static void finish_one(void *arg, size_t task, size_t worker)
{
    struct batch *b = arg;
    (void)worker;
    b->score[task] =
        padim_finish(b->map + task * b->size.height * b->size.width, b->size, b->border,
                     b->left_out + (b->first + task) * b->height * b->width, b->height, b->width);
}

struct calibration padim_calibrate(const float *left_out, size_t images, size_t height, size_t width,
                                   struct map_size size, enum map_border border, double quantile)
{
    struct batch b = {left_out, height, width, 0, size, border, NULL, {0}};
    const size_t pixels = size.height * size.width;
    struct normals *normals = normals_new();
    mem_need(BATCH * pixels * sizeof *b.map, "the training images' maps");
    b.map = xaligned(BATCH * pixels, sizeof *b.map);
    for (; b.first < images; b.first += BATCH) {
        const size_t n = images - b.first < BATCH ? images - b.first : BATCH;
        pool_run(n, finish_one, &b);
        for (size_t i = 0; i < n; i++)
            normals_add(normals, b.score[i], b.map + i * pixels, pixels);
    }
    free(b.map);
    return normals_calibrate(normals, quantile);
}
