/* Included by winograd_{plain,avx2,avx512,bf16}.c, which name WINOGRAD_KERNELS. As many channels at once as a
 * register holds. */
#include "num/winograd_kernel.h"
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
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

INLINE void input_channels(void *v, size_t step, const void *const d[WINOGRAD_INPUTS], size_t channels,
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

static void input(void *v, size_t step, const void *const d[WINOGRAD_INPUTS], size_t channels,
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

const struct winograd_kernels WINOGRAD_KERNELS = {input, output};
