/* Compiled once for every level (num/level.h), bf16 too: its narrowing is an instruction. As many channels at once as a register
 * holds. */
#include "conv/winograd_kernel.h"
#include "num/level.h"
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { LANES = LEVEL_REGISTER / 4 };
typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint16_t halves __attribute__((vector_size(2 * LANES)));
typedef float lanes_at __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t halves_at __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* a * b + c */
INLINE lanes fused(float a, lanes b, lanes c)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_fmadd_ps(_mm512_set1_ps(a), (__m512)b, (__m512)c);
#elif defined(__FMA__)
    return (lanes)_mm256_fmadd_ps(_mm256_set1_ps(a), (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

INLINE lanes load(const void *p, size_t i, enum dtype type)
{
    if (type == DT_F32)
        return *(const lanes_at *)((const float *)p + i);
    const halves h = *(const halves_at *)((const uint16_t *)p + i);
    return (lanes)(__builtin_convertvector(h, words) << 16);
}

INLINE void store(void *p, size_t i, lanes x, enum dtype type)
{
    if (type == DT_F32) {
        *(lanes_at *)((float *)p + i) = x;
        return;
    }
#if defined(__AVX512BF16__)
    *(halves_at *)((uint16_t *)p + i) = (halves)_mm512_cvtneps_pbh((__m512)x);
#else
    const words u = (words)x, rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16;
    *(halves_at *)((uint16_t *)p + i) = __builtin_convertvector(rounded, halves);
#endif
}

/* B^T d along one axis: six values `step` apart to six. */
INLINE void input_axis(lanes *v, const lanes *d, size_t step)
{
    const lanes d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
                d5 = d[5 * step];
    const lanes a = d3 - d1, b = d4 - d2;
    v[0] = fused(-1.5f, a, fused(-2, d2, d0 + d4));
    v[1] = fused(2, d1 - d4, fused(5, d2, d3));
    v[2] = fused(2, d1 + d4, fused(-5, d3, d2));
    v[3] = fused(2, b, a);
    v[4] = fused(2, a, -b);
    v[5] = fused(-1.5f, b, fused(-2, d3, d1 + d5));
}

INLINE void input_channels(void *v, size_t step, const void *const d[WINOGRAD_POINTS], size_t channels,
                           enum dtype type)
{
    for (size_t c = 0; c < channels; c += LANES) {
        lanes half[WINOGRAD_POINTS], pixel[WINOGRAD_IN], whole[WINOGRAD_IN];
#pragma GCC unroll 6
        for (size_t row = 0; row < WINOGRAD_IN; row++) {
            for (size_t x = 0; x < WINOGRAD_IN; x++)
                pixel[x] = load(d[row * WINOGRAD_IN + x], c, type);
            input_axis(half + row * WINOGRAD_IN, pixel, 1);
        }
#pragma GCC unroll 6
        for (size_t column = 0; column < WINOGRAD_IN; column++) {
            input_axis(whole, half + column, WINOGRAD_IN);
            for (size_t row = 0; row < WINOGRAD_IN; row++)
                store(v, (row * WINOGRAD_IN + column) * step + c, whole[row], type);
        }
    }
}

static void input(void *v, size_t step, const void *const d[WINOGRAD_POINTS], size_t channels,
                  enum dtype type)
{
    if (type == DT_F32)
        input_channels(v, step, d, channels, DT_F32);
    else
        input_channels(v, step, d, channels, DT_BF16);
}

/* A^T m along one axis: six values `step` apart to four. */
INLINE void output_axis(lanes *y, const lanes *m, size_t step)
{
    const lanes m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step],
                m5 = m[5 * step];
    const lanes s = m1 + m2, d = m1 - m2;
    y[0] = m0 + s + (m3 + m4);
    y[1] = fused(2, m3, fused(-0.5f, m4, d));
    y[2] = fused(4, m3, fused(0.25f, m4, s));
    y[3] = fused(8, m3, fused(-0.125f, m4, d + m5));
}

INLINE void output_pixel(const struct winograd_output *o, size_t pixel, size_t c, lanes x, enum dtype type)
{
    if (!o->out[pixel])
        return;
    if (o->bias)
        x += *(const lanes_at *)(o->bias + c);
    if (o->residual[pixel])
        x += load(o->residual[pixel], c, type);
    if (o->relu)
        x = (lanes)((words)x & (words)(x > 0.0f));
    store(o->out[pixel], c, x, type);
}

INLINE void output_channels(const struct winograd_output *o, enum dtype type)
{
    for (size_t c = 0; c < o->channels; c += LANES) {
        lanes half[WINOGRAD_IN * WINOGRAD_OUT], sum[WINOGRAD_IN], y[WINOGRAD_OUT];
#pragma GCC unroll 6
        for (size_t row = 0; row < WINOGRAD_IN; row++) {
            for (size_t x = 0; x < WINOGRAD_IN; x++)
                sum[x] = load(o->sum, (row * WINOGRAD_IN + x) * o->step + c, DT_F32);
            output_axis(half + row * WINOGRAD_OUT, sum, 1);
        }
#pragma GCC unroll 4
        for (size_t column = 0; column < WINOGRAD_OUT; column++) {
            output_axis(y, half + column, WINOGRAD_OUT);
            for (size_t row = 0; row < WINOGRAD_OUT; row++)
                output_pixel(o, row * WINOGRAD_OUT + column, c, y[row], type);
        }
    }
}

static void output(const struct winograd_output *o)
{
    if (o->type == DT_F32)
        output_channels(o, DT_F32);
    else
        output_channels(o, DT_BF16);
}

/* G g along one axis: three values to six. */
INLINE void filter_axis(lanes *u, const lanes *g, size_t step)
{
    const lanes g0 = g[0], g1 = g[step], g2 = g[2 * step], even = g0 + g2, far = fused(4, g2, g0);
    u[0] = g0;
    u[1] = (even + g1) * (1.0f / 6);
    u[2] = (even - g1) * (1.0f / 6);
    u[3] = fused(2, g1, far) * (1.0f / 30);
    u[4] = fused(-2, g1, fused(4, g0, g2)) * (4.0f / 15);
    u[5] = g2;
}

static void filter(float *u, const float *const g[WINOGRAD_TAPS])
{
    for (size_t c = 0; c < CONV_PANEL; c += LANES) {
        lanes half[WINOGRAD_IN * 3], tap[3], whole[WINOGRAD_IN];
        for (size_t x = 0; x < 3; x++) {
            for (size_t y = 0; y < 3; y++)
                tap[y] = load(g[3 * y + x], c, DT_F32);
            filter_axis(whole, tap, 1);
            for (size_t i = 0; i < WINOGRAD_IN; i++)
                half[i * 3 + x] = whole[i];
        }
        for (size_t i = 0; i < WINOGRAD_IN; i++) {
            filter_axis(whole, half + i * 3, 1);
            for (size_t j = 0; j < WINOGRAD_IN; j++)
                store(u, (i * WINOGRAD_IN + j) * CONV_PANEL + c, whole[j], DT_F32);
        }
    }
}

/* G^T m along one axis: six values to three. */
INLINE void filter_gradient_axis(lanes *g, const lanes *m, size_t step)
{
    const lanes m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step],
                m5 = m[5 * step];
    const lanes sum = (m1 + m2) * (1.0f / 6), far = m3 * (1.0f / 30), near = m4 * (4.0f / 15);
    g[0] = m0 + sum + fused(4, near, far);
    g[1] = fused(1.0f / 6, m1 - m2, 2.0f * far) - 2.0f * near;
    g[2] = sum + fused(4, far, near) + m5;
}

static void filter_gradient(float *const g[WINOGRAD_TAPS], const float *m, size_t step)
{
    for (size_t c = 0; c < CONV_PANEL; c += LANES) {
        lanes half[WINOGRAD_IN * 3], point[WINOGRAD_IN], tap[3];
        for (size_t i = 0; i < WINOGRAD_IN; i++) {
            for (size_t j = 0; j < WINOGRAD_IN; j++)
                point[j] = load(m, (i * WINOGRAD_IN + j) * step + c, DT_F32);
            filter_gradient_axis(half + i * 3, point, 1);
        }
        for (size_t x = 0; x < 3; x++) {
            filter_gradient_axis(tap, half + x, 3);
            for (size_t y = 0; y < 3; y++)
                store(g[3 * y + x], c, load(g[3 * y + x], c, DT_F32) + tap[y], DT_F32);
        }
    }
}

/* Two numbers in a word, each rounded to bf16: the first in the lower half. */
INLINE lanes paired(lanes first, lanes second)
{
    const words a = (words)first, b = (words)second;
    const words low = (a + 0x7fff + (a >> 16 & 1)) >> 16, high = b + 0x7fff + (b >> 16 & 1);
    return (lanes)(low | (high & 0xffff0000u));
}

/* 36 words a channel: of one tile, or of two as pairs. */
INLINE void write_lines(const struct winograd_lines *to, size_t c, lanes tile[2][WINOGRAD_POINTS],
                        enum dtype type)
{
    float *first = (float *)to->first + c / to->block * to->block_step + c % to->block;
    for (size_t i = 0; i < WINOGRAD_POINTS; i++)
        store(first, i * to->point_step, type == DT_F32 ? tile[0][i] : paired(tile[0][i], tile[1][i]),
              DT_F32);
}

INLINE void input_lines_of(const struct winograd_lines *to, const void *const *d, size_t channels,
                           enum dtype type)
{
    for (size_t c = 0; c < channels; c += LANES) {
        lanes half[WINOGRAD_POINTS], pixel[WINOGRAD_IN], whole[WINOGRAD_IN], tile[2][WINOGRAD_POINTS];
        for (size_t t = 0; t < (type == DT_F32 ? 1 : 2); t++) {
            for (size_t row = 0; row < WINOGRAD_IN; row++) {
                for (size_t x = 0; x < WINOGRAD_IN; x++)
                    pixel[x] = load(d[t * WINOGRAD_POINTS + row * WINOGRAD_IN + x], c, type);
                input_axis(half + row * WINOGRAD_IN, pixel, 1);
            }
            for (size_t column = 0; column < WINOGRAD_IN; column++) {
                input_axis(whole, half + column, WINOGRAD_IN);
                for (size_t row = 0; row < WINOGRAD_IN; row++)
                    tile[t][row * WINOGRAD_IN + column] = whole[row];
            }
        }
        write_lines(to, c, tile, type);
    }
}

static void input_lines(const struct winograd_lines *to, const void *const *d, size_t channels,
                        enum dtype type)
{
    if (type == DT_F32)
        input_lines_of(to, d, channels, DT_F32);
    else
        input_lines_of(to, d, channels, DT_BF16);
}

/* A y along one axis: four values to six. */
INLINE void output_gradient_axis(lanes *m, const lanes *y, size_t step)
{
    const lanes y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
    const lanes even = y0 + y2, odd = y1 + y3;
    m[0] = y0;
    m[1] = even + odd;
    m[2] = even - odd;
    m[3] = fused(2, fused(4, y3, y1), fused(4, y2, y0));
    m[4] = fused(-0.5f, fused(0.25f, y3, y1), fused(0.25f, y2, y0));
    m[5] = y3;
}

INLINE void output_lines_of(const struct winograd_lines *to, const void *const *y, size_t channels,
                            enum dtype type)
{
    for (size_t c = 0; c < channels; c += LANES) {
        lanes half[WINOGRAD_IN * WINOGRAD_OUT], pixel[WINOGRAD_OUT], whole[WINOGRAD_IN];
        lanes tile[2][WINOGRAD_POINTS];
        for (size_t t = 0; t < (type == DT_F32 ? 1 : 2); t++) {
            for (size_t x = 0; x < WINOGRAD_OUT; x++) {
                for (size_t row = 0; row < WINOGRAD_OUT; row++)
                    pixel[row] = load(y[t * WINOGRAD_OUTPUTS + row * WINOGRAD_OUT + x], c, type);
                output_gradient_axis(whole, pixel, 1);
                for (size_t i = 0; i < WINOGRAD_IN; i++)
                    half[i * WINOGRAD_OUT + x] = whole[i];
            }
            for (size_t i = 0; i < WINOGRAD_IN; i++)
                output_gradient_axis(tile[t] + i * WINOGRAD_IN, half + i * WINOGRAD_OUT, 1);
        }
        write_lines(to, c, tile, type);
    }
}

static void output_lines(const struct winograd_lines *to, const void *const *y, size_t channels,
                         enum dtype type)
{
    if (type == DT_F32)
        output_lines_of(to, y, channels, DT_F32);
    else
        output_lines_of(to, y, channels, DT_BF16);
}

const struct winograd_kernels KERNELS(winograd) = {input,           output,      filter,
                                                   filter_gradient, input_lines, output_lines};
