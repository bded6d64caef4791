/* patchcore/patches: PatchCore's patch vectors against torch (tests/oracle/map.py) and by hand. */
#include "patchcore/patches.h"
#include "../oracle/features.h"
#include "base/mem.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* The formula of tests/oracle/map.py. */
static struct tap tap(size_t height, size_t width, size_t channels)
{
    float *value = xmalloc(height * width * channels, sizeof *value);
    for (size_t i = 0; i < height * width * channels; i++)
        value[i] = (float)((double)(i * 37 % 101) / 101 - 0.5);
    return (struct tap){height, width, channels, value};
}

static void forget(struct taps *t)
{
    for (size_t i = 0; i < t->n; i++)
        free((void *)(uintptr_t)t->tap[i].value);
}

static double distance(const float *a, const float *b, size_t n, size_t step)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = worse(worst, fabs((double)(a[i * step] - b[i])));
    return worst;
}

static void pooled(void)
{
    struct taps image = {.n = 2, .tap = {tap(3, 5, 2), tap(6, 5, 4)}, .finest = 1};
    struct patches p = patches_new(PATCH_POOLED, &image);
    ok(p.height == 6 && p.width == 5 && p.channels == 6 && p.dims >= 6, "the finest tap is the grid");
    float *out = xmalloc(30 * p.dims, sizeof *out), second[6 * 5 * 4];
    double behind = 0;
    memset(out, 0xff, 30 * p.dims * sizeof *out);
    patches_make(&p, out, &image);
    for (size_t i = 0; i < 30; i++)
        memcpy(second + 4 * i, out + p.dims * i + 2, 4 * sizeof *out);
    ok_close(distance(second, pooled_6x5x4, 120, 1), 0, 1e-6, "3x3 average as torch's avg_pool2d");
    /* rows 0 and 1 of the fine grid lie at -.25 and .25 of the coarse one: the first is clamped to row 0 */
    const float *coarse = image.tap[0].value;
    float sum = 0;
    for (size_t y = 0; y < 2; y++)
        for (size_t x = 0; x < 2; x++)
            sum += coarse[(y * 5 + x) * 2];
    ok_close((double)out[0], (double)sum / 9, 1e-6, "a corner: four values over nine");
    for (size_t i = 0; i < 30; i++)
        for (size_t k = p.channels; k < p.dims; k++)
            behind = worse(behind, fabs((double)out[i * p.dims + k]));
    ok(behind <= 0, "zeros behind the channels");
    free(out);
    patches_free(&p);
    forget(&image);
}

static void binned(void)
{
    struct taps image = {.n = 2, .tap = {tap(6, 4, 200), tap(3, 2, 150)}};
    struct patches p = patches_new(PATCH_BINNED, &image);
    static float out[24 * PATCH_BINS];
    ok(p.channels == 1024 && p.dims == 1024, "1024 bins");
    patches_make(&p, out, &image);
    ok_close(distance(out, binned_every_61st, (24 * 1024 + 60) / 61, 61), 0, 1e-6,
             "binned as PatchCore's authors");
    patches_free(&p);
    forget(&image);
}

int main(void)
{
    pooled();
    binned();
    return done();
}
