/* AMX-BF16: tiles of 16 x 16 f32 sums, 32 products deep. Two by two of them share the loads of two tiles of
 * pixels and two of weights; the register file's other four tiles hold these. */
#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"
#include <string.h>

enum { SIDE = 16, DEPTH = 32, ROWS = 2 * SIDE, STRIP = 2 * SIDE, PAIR_BYTES = CONV_PANEL * 4 };

/* Palette 1: eight tiles of 16 rows of 64 bytes. The state is a thread's own, and released again, or every
 * context switch would save it. */
static void begin(void)
{
    static const struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } config = {
        .palette = 1, .bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&config);
}

static void end(void)
{
    _tile_release();
}

/* What was stored is in memory: gcc 12 doesn't know that tile loads read it. */
static inline __attribute__((always_inline)) void written(void)
{
    __asm__ volatile("" ::: "memory");
}

/* 16 pixels of one segment. Where they lie evenly spaced in memory they are read there, else through a copy
 * of 32 elements of each. */
struct pixels {
    const char *first;
    size_t stride;         /* bytes; 0: uneven */
    const void *const *in; /* their bases */
    char copy[SIDE * 64] __attribute__((aligned(64)));
};

static void pixels_take(struct pixels *p, const void *const *in)
{
    const ptrdiff_t step = (const char *)in[1] - (const char *)in[0];
    bool even = step > 0;
    for (size_t r = 2; r < SIDE; r++)
        even &= (const char *)in[r] - (const char *)in[r - 1] == step;
    p->in = in;
    p->stride = even ? (size_t)step : 0;
}

/* Bytes from `at` on of each pixel: where a tile is loaded from, and how far apart its rows are. */
static inline __attribute__((always_inline)) const void *pixels_at(struct pixels *p, ptrdiff_t at,
                                                                   size_t *stride)
{
    *stride = p->stride ? p->stride : 64;
    if (p->stride)
        return (const char *)p->in[0] + at;
    for (size_t r = 0; r < SIDE; r++)
        _mm512_store_si512(p->copy + 64 * r, _mm512_loadu_si512((const char *)p->in[r] + at));
    return p->copy;
}

/* 32 pixels x 32 channels from `panel` on. */
static void strip(float sums[ROWS][STRIP], struct pixels p[2], const char *panel,
                  const struct conv_walk *walk)
{
    size_t s0, s1;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t s = 0; s < walk->segments; s++) {
        const ptrdiff_t from = walk->segment[s].offset * 2;
        const size_t bytes = walk->segment[s].length * 2;
        for (size_t k = 0; k < bytes; k += 2 * DEPTH, panel += DEPTH / 2 * PAIR_BYTES) {
            const void *a0 = pixels_at(&p[0], from + (ptrdiff_t)k, &s0);
            const void *a1 = pixels_at(&p[1], from + (ptrdiff_t)k, &s1);
            written();
            _tile_loadd(4, a0, s0);
            _tile_loadd(6, panel, PAIR_BYTES);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(7, panel + 64, PAIR_BYTES);
            _tile_dpbf16ps(1, 4, 7);
            _tile_loadd(5, a1, s1);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, sums[0], sizeof *sums);
    _tile_stored(1, sums[0] + SIDE, sizeof *sums);
    _tile_stored(2, sums[SIDE], sizeof *sums);
    _tile_stored(3, sums[SIDE] + SIDE, sizeof *sums);
}

static void tile(const struct conv_tile *t)
{
    float sums[ROWS][STRIP] __attribute__((aligned(64)));
    struct pixels p[2];
    pixels_take(&p[0], t->in);
    pixels_take(&p[1], t->in + SIDE);
    for (size_t at = 0; at < t->columns; at += STRIP) {
        strip(sums, p, (const char *)t->panel + 4 * at, t->walk);
        for (size_t r = 0; r < t->rows; r++)
            for (size_t v = at; v < at + STRIP && v < t->columns; v += 16)
                store_lanes(t, r, v, _mm512_load_ps(sums[r] + v - at));
    }
}

/* Rows of K are the tile's rows, pixels its columns: pairs of them, as `arrange` has turned them. */
static void gradient(float *grad, const void *in, const void *dy, size_t steps, size_t rows, size_t columns)
{
    enum { D = CONV_GRADIENT_DEPTH, LINE = CONV_PANEL * sizeof(float) };
    float some[D * CONV_PANEL] __attribute__((aligned(64)));
    float *to = rows == D ? grad : some;
    const char *a = in, *b = dy;
    if (to == some)
        memcpy(some, grad, rows * LINE);
    written();
    for (size_t c = 0; c < columns; c += SIDE) {
        _tile_loadd(0, to + c, LINE);
        _tile_loadd(1, to + c + SIDE * CONV_PANEL, LINE);
        _tile_loadd(2, to + c + 2 * SIDE * CONV_PANEL, LINE);
        for (size_t p = 0; p < steps; p += SIDE) {
            _tile_loadd(4, b + p * PAIR_BYTES + 4 * c, PAIR_BYTES);
            _tile_loadd(5, a + p * D * 4, D * 4);
            _tile_dpbf16ps(0, 5, 4);
            _tile_loadd(6, a + p * D * 4 + 64, D * 4);
            _tile_dpbf16ps(1, 6, 4);
            _tile_loadd(7, a + p * D * 4 + 128, D * 4);
            _tile_dpbf16ps(2, 7, 4);
        }
        _tile_stored(0, to + c, LINE);
        _tile_stored(1, to + c + SIDE * CONV_PANEL, LINE);
        _tile_stored(2, to + c + 2 * SIDE * CONV_PANEL, LINE);
    }
    if (to == some)
        memcpy(grad, some, rows * LINE);
}

/* One round of turning 16 rows of 16 words: pairs of rows `step` apart exchange half of their words. */
#define ROUND(to, from, step, low, high)                                                                     \
    for (size_t i = 0; i < SIDE; i++)                                                                        \
        if ((i & (step)) == 0) {                                                                             \
            (to)[i] = low((from)[i], (from)[i + (step)]);                                                    \
            (to)[i + (step)] = high((from)[i], (from)[i + (step)]);                                          \
        }

static inline __attribute__((always_inline)) __m512i quarters_low(__m512i a, __m512i b)
{
    return _mm512_shuffle_i32x4(a, b, 0x88);
}

static inline __attribute__((always_inline)) __m512i quarters_high(__m512i a, __m512i b)
{
    return _mm512_shuffle_i32x4(a, b, 0xdd);
}

/* Turns a square of 16 x 16 words in place, rows `line` words apart. The two rounds of unpacking leave the
 * second and third of four rows exchanged. */
static void turn(uint32_t *at, size_t line)
{
    __m512i a[SIDE], b[SIDE];
#pragma GCC unroll 16
    for (size_t i = 0; i < SIDE; i++)
        a[i] = _mm512_loadu_si512(at + i * line);
    ROUND(b, a, 1, _mm512_unpacklo_epi32, _mm512_unpackhi_epi32)
    ROUND(a, b, 2, _mm512_unpacklo_epi64, _mm512_unpackhi_epi64)
    ROUND(b, a, 4, quarters_low, quarters_high)
    ROUND(a, b, 8, quarters_low, quarters_high)
    for (size_t i = 0; i < SIDE; i++)
        _mm512_storeu_si512(at + ((i & ~(size_t)3) | (i & 1) << 1 | (i >> 1 & 1)) * line, a[i]);
}

/* Each square of pairs: steps x K becomes K x steps. */
static void arrange(void *in, size_t steps)
{
    enum { D = CONV_GRADIENT_DEPTH };
    for (size_t p = 0; p < steps; p += SIDE)
        for (size_t k = 0; k < D; k += SIDE)
            turn((uint32_t *)in + p * D + k, D);
}

const struct conv_kernels conv_amx = {.begin = begin,
                                      .end = end,
                                      .rows = ROWS,
                                      .granule = DEPTH,
                                      .tile = tile,
                                      .gradient = gradient,
                                      .gradient_rows = CONV_GRADIENT_DEPTH,
                                      .gradient_steps = SIDE,
                                      .arrange = arrange};
