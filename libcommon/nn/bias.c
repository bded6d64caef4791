#include "nn/bias.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/channel.h"
#include <stdlib.h>

/* Rows of pixels are summed in so many chunks whatever the number of threads, and the chunks in order. */
enum { CHUNKS = 32 };

struct bias {
    const struct view *dy;
    double *sums; /* CHUNKS x channels */
};

static void sum_chunk(void *arg, size_t chunk, size_t worker)
{
    (void)worker;
    const struct bias *b = arg;
    const struct view *dy = b->dy;
    const size_t rows = dy->n * dy->h, end = rows * (chunk + 1) / CHUNKS, run = view_dense(dy) ? dy->w : 1;
    double *sums = b->sums + dy->c * chunk;
    for (size_t row = rows * chunk / CHUNKS; row < end; row++)
        for (size_t x = 0; x < dy->w; x += run)
            channel_totals(dy->type, sums,
                           view_pixel(dy, row / dy->h, (ptrdiff_t)(row % dy->h), (ptrdiff_t)x), run, dy->c);
}

void bias_backward(float *gradient, const struct view *dy)
{
    struct bias b = {dy, xcalloc(CHUNKS * dy->c, sizeof *b.sums)};
    pool_run(CHUNKS, sum_chunk, &b);
    for (size_t c = 0; c < dy->c; c++) {
        double sum = 0;
        for (size_t i = 0; i < CHUNKS; i++)
            sum += b.sums[dy->c * i + c];
        gradient[c] += (float)sum;
    }
    free(b.sums);
}
