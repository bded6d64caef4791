/* num/bf16 and num/channel: roundings by hand, every kind of kernel alike, bf16 as f32 rounded. */
#include "num/bf16.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/tensor.h"
#include "num/bf16_kernel.h"
#include "num/channel.h"
#include "num/cpu.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static void by_hand(void)
{
    /* 1 + 2^-8 lies half way between 1 and 1 + 2^-7: to even; the next one up goes up. */
    const struct {
        float in, out;
    } known[] = {{1.0f, 1.0f},
                 {1.00390625f, 1.0f},
                 {1.00390637f, 1.0078125f},
                 {1.01171875f, 1.015625f},
                 {-1.00390637f, -1.0078125f},
                 {3.4e38f, INFINITY},
                 {-INFINITY, -INFINITY},
                 {0.0f, 0.0f},
                 {1e-45f, 0.0f}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const float got = bf16_to_f32(f32_to_bf16(known[i].in));
        ok(got == known[i].out, "%.9g is %.9g in bf16 (%.9g)", (double)known[i].in, (double)known[i].out,
           (double)got);
    }
    ok(isnan(bf16_to_f32(f32_to_bf16(NAN))), "no number stays none");
    uint32_t bits = 0x7f800001u; /* a NaN whose upper half is that of infinity */
    float quiet;
    memcpy(&quiet, &bits, sizeof quiet);
    ok(isnan(bf16_to_f32(f32_to_bf16(quiet))), "also where its bits are all in the lower half");
}

enum { N = 203 };

static void kernels(void)
{
    const struct bf16_kernels *const kind[] = {&bf16_plain, CPU_X86(bf16_avx2), CPU_X86(bf16_avx512)};
    float even[N], odd[N], wide[N];
    uint16_t narrow[N], rows[6 * 64];
    uint32_t pairs[N], lines[3 * 70];
    struct rng r = rng_new(1, 2);
    for (size_t i = 0; i < N; i++) {
        even[i] = (float)(rng_normal(&r) * exp(10 * rng_normal(&r)));
        odd[i] = (float)rng_normal(&r);
    }
    even[7] = NAN, even[8] = INFINITY, odd[9] = -0.0f;
    for (size_t i = 0; i < 6 * 64; i++)
        rows[i] = (uint16_t)(i * 2654435761u >> 16);
    const ptrdiff_t at[5] = {256, 0, 64, 192, 128};
    for (int k = CPU_PLAIN; k <= CPU_AVX512 && k <= (int)cpu_level(); k++) {
        bool right = true;
        kind[k]->narrow(narrow, even, N);
        kind[k]->widen(wide, narrow, N);
        kind[k]->pair(pairs, even, odd, N);
        for (size_t i = 0; i < N; i++) {
            const float want = bf16_to_f32(f32_to_bf16(even[i]));
            right &= narrow[i] == f32_to_bf16(even[i]) && memcmp(&wide[i], &want, sizeof want) == 0;
            right &= pairs[i] == (f32_to_bf16(even[i]) | (uint32_t)f32_to_bf16(odd[i]) << 16);
        }
        const size_t widths[] = {48, 64, 13};
        for (size_t w = 0; w < 3; w++) {
            kind[k]->gather_pairs(lines, 70, rows, at, 5, widths[w]);
            for (size_t i = 0; i < widths[w]; i++) {
                right &= lines[i] == (rows[256 + i] | (uint32_t)rows[i] << 16);
                right &= lines[70 + i] == (rows[64 + i] | (uint32_t)rows[192 + i] << 16);
                right &= lines[140 + i] == rows[128 + i];
            }
        }
        ok(right, "the %s loops", cpu_level_name((enum cpu_level)k));
    }
}

/* bf16 rows give what their f32 values give, rounded. */
static void channels(void)
{
    enum { C = 75, PIXELS = 9 };
    float x[PIXELS * C], y[PIXELS * C], out[PIXELS * C], scale[C], shift[C];
    uint16_t x16[PIXELS * C], y16[PIXELS * C], out16[PIXELS * C];
    double sum[C] = {0}, squares[C] = {0}, sum16[C] = {0}, squares16[C] = {0};
    struct rng r = rng_new(3, 4);
    for (size_t i = 0; i < PIXELS * C; i++) {
        x16[i] = f32_to_bf16((float)rng_normal(&r));
        y16[i] = f32_to_bf16((float)rng_normal(&r));
        x[i] = bf16_to_f32(x16[i]);
        y[i] = bf16_to_f32(y16[i]);
    }
    for (size_t i = 0; i < C; i++) {
        scale[i] = (float)rng_normal(&r);
        shift[i] = (float)rng_normal(&r);
    }
    channel_affine(DT_F32, out, x, scale, shift, y, true, PIXELS, C);
    channel_affine(DT_BF16, out16, x16, scale, shift, y16, true, PIXELS, C);
    bool same = true;
    for (size_t i = 0; i < PIXELS * C; i++)
        same &= out16[i] == f32_to_bf16(out[i]);
    ok(same, "scale, shift, shortcut and ReLU in bf16: f32's, rounded");
    channel_sums(DT_F32, sum, squares, x, PIXELS, C);
    channel_sums(DT_BF16, sum16, squares16, x16, PIXELS, C);
    double worst = 0;
    for (size_t i = 0; i < C; i++)
        worst = worse(worst, fabs(sum[i] - sum16[i]) + fabs(squares[i] - squares16[i]));
    ok_close(worst, 0, 1e-5, "sums of bf16");
    memcpy(out16, x16, sizeof out16);
    channel_largest(DT_BF16, out16, y16, PIXELS * C);
    same = true;
    for (size_t i = 0; i < PIXELS * C; i++)
        same &= bf16_to_f32(out16[i]) == fmaxf(x[i], y[i]);
    ok(same, "the larger of two");
}

/* A gradient behind a ReLU, also written where it lies, and totals, against their definitions; 19 numbers: blocks and a tail. */
static void masks(enum cpu_level level)
{
    enum { WIDE = 19, ROWS = 3 };
    float x[ROWS * WIDE], y[ROWS * WIDE], in_place[ROWS * WIDE], added[ROWS * WIDE];
    uint16_t x16[ROWS * WIDE], y16[ROWS * WIDE], in_place16[ROWS * WIDE];
    double total[WIDE] = {0}, total16[WIDE] = {0}, want[WIDE] = {0};
    struct rng r = rng_new(5, 5);
    bool right = true, right16 = true, sums = true;
    for (size_t i = 0; i < ROWS * WIDE; i++) {
        x16[i] = f32_to_bf16((float)rng_normal(&r));
        y16[i] = f32_to_bf16(i % 7 == 3 ? 0 : (float)rng_normal(&r));
        x[i] = bf16_to_f32(x16[i]);
        y[i] = i == 5 ? NAN : bf16_to_f32(y16[i]);
        want[i % WIDE] += (double)x[i];
    }
    cpu_pretend(level);
    memcpy(in_place, x, sizeof x);
    memcpy(in_place16, x16, sizeof x16);
    memcpy(added, x, sizeof x);
    channel_mask(DT_F32, in_place, false, in_place, y, ROWS * WIDE);
    channel_mask(DT_BF16, in_place16, false, in_place16, y16, ROWS * WIDE);
    channel_mask(DT_F32, added, true, x, y, ROWS * WIDE);
    channel_totals(DT_F32, total, x, ROWS, WIDE);
    channel_totals(DT_BF16, total16, x16, ROWS, WIDE);
    for (size_t i = 0; i < ROWS * WIDE; i++) {
        right &= in_place[i] == (y[i] > 0 ? x[i] : 0) && added[i] == (y[i] > 0 ? 2 * x[i] : x[i]);
        right16 &= bf16_to_f32(in_place16[i]) == (bf16_to_f32(y16[i]) > 0 ? x[i] : 0);
    }
    for (size_t i = 0; i < WIDE; i++)
        sums &= fabs(total[i] - want[i]) < 1e-15 && fabs(total16[i] - want[i]) < 1e-6;
    ok(right && right16, "%s: a ReLU's gradient, in place and added, 0 where it saw NaN",
       cpu_level_name(level));
    ok(sums, "%s: totals", cpu_level_name(level));
}

int main(void)
{
    const enum cpu_level is = cpu_level();
    by_hand();
    kernels();
    channels();
    for (enum cpu_level level = CPU_PLAIN; level <= is && level <= CPU_AVX512; level++)
        masks(level);
    return done();
}
