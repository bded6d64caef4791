#include "fractal/compose.h"
#include "fractal/elementary.h"
#include "num/cpu.h"
#include <math.h>
#include <string.h>

void blur_mix_plain(uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n,
                    unsigned edge)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((edge * (a[i] + c[i]) + (256 - 2 * edge) * b[i] + 128) >> 8);
}

#ifndef __x86_64__
void blur_mix_avx2(uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t n,
                   unsigned edge)
{
    blur_mix_plain(out, a, b, c, n, edge);
}
#endif

void blur3(uint8_t *rgb, size_t side, double sigma, uint8_t *work)
{
    void (*blur_mix)(uint8_t *, const uint8_t *, const uint8_t *, const uint8_t *, size_t, unsigned) =
        cpu_level() >= CPU_AVX2 ? blur_mix_avx2 : blur_mix_plain;
    size_t n = 3 * side;
    double tail = portable_exp(-0.5 / (sigma * sigma));
    unsigned edge = (unsigned)floor(256 * tail / (1 + 2 * tail) + 0.5);
    uint8_t *above = work, *here = work + n, *mixed = work + 2 * n;

    memcpy(above, rgb + n, n); /* the mirror image of row 1 */
    for (size_t y = 0; y < side; y++) {
        uint8_t *row = rgb + y * n;
        memcpy(here, row, n);
        blur_mix(mixed, above, here, y + 1 < side ? row + n : above, n, edge);
        blur_mix(row + 3, mixed, mixed + 3, mixed + 6, n - 6, edge);
        blur_mix(row, mixed + 3, mixed, mixed + 3, 3, edge);
        blur_mix(row + n - 3, mixed + n - 6, mixed + n - 3, mixed + n - 6, 3, edge);
        uint8_t *t = above;
        above = here;
        here = t;
    }
}
