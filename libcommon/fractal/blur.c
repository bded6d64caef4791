#include "fractal/compose.h"
#include "fractal/elementary.h"
#include "num/cpu.h"
#include <math.h>
#include <string.h>

static void mix(uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n, unsigned edge)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((edge * (a[i] + c[i]) + (256 - 2 * edge) * b[i] + 128) >> 8);
}

const struct blur_kernels blur_plain = {mix};

static const struct blur_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &blur_plain, [CPU_AVX2] = CPU_X86(blur_avx2)};
    return cpu_choose(by_level);
}

void blur3(uint8_t *rgb, size_t side, double sigma, uint8_t *work)
{
    const struct blur_kernels *k = kernels();
    size_t n = 3 * side;
    double tail = portable_exp(-0.5 / (sigma * sigma));
    unsigned edge = (unsigned)floor(256 * tail / (1 + 2 * tail) + 0.5);
    uint8_t *above = work, *here = work + n, *mixed = work + 2 * n;

    memcpy(above, rgb + n, n); /* the mirror image of row 1 */
    for (size_t y = 0; y < side; y++) {
        uint8_t *row = rgb + y * n;
        memcpy(here, row, n);
        k->mix(mixed, above, here, y + 1 < side ? row + n : above, n, edge);
        k->mix(row + 3, mixed, mixed + 3, mixed + 6, n - 6, edge);
        k->mix(row, mixed + 3, mixed, mixed + 3, 3, edge);
        k->mix(row + n - 3, mixed + n - 6, mixed + n - 3, mixed + n - 6, 3, edge);
        uint8_t *t = above;
        above = here;
        here = t;
    }
}
