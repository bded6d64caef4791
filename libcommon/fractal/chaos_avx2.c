#include "fractal/chaos.h"
#include <immintrin.h>

/* Philox4x32-10 for the streams in the low halves of four 64-bit lanes, where _mm256_mul_epu32 looks; what
 * the high halves hold does not matter. */
static inline void philox_quarter(__m256i word[4], __m256i stream, uint64_t key, uint64_t index)
{
    const __m256i m0 = _mm256_set1_epi64x(0xD2511F53), m1 = _mm256_set1_epi64x(0xCD9E8D57);
    __m256i c0 = _mm256_set1_epi64x((int64_t)index), c1 = _mm256_srli_epi64(c0, 32);
    __m256i c2 = stream, c3 = _mm256_srli_epi64(stream, 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        __m256i p0 = _mm256_mul_epu32(c0, m0), p1 = _mm256_mul_epu32(c2, m1);
        c0 = _mm256_xor_si256(_mm256_srli_epi64(p1, 32), _mm256_xor_si256(c1, _mm256_set1_epi64x(k0)));
        c2 = _mm256_xor_si256(_mm256_srli_epi64(p0, 32), _mm256_xor_si256(c3, _mm256_set1_epi64x(k1)));
        c1 = p1;
        c3 = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    word[0] = c0;
    word[1] = c1;
    word[2] = c2;
    word[3] = c3;
}

static inline void philox_eight(__m256i word[4], uint64_t key, uint64_t stream, uint64_t index)
{
    __m256i even[4], odd[4];
    __m256i lane = _mm256_set_epi64x(6, 4, 2, 0);
    philox_quarter(even, _mm256_add_epi64(_mm256_set1_epi64x((int64_t)stream), lane), key, index);
    philox_quarter(odd, _mm256_add_epi64(_mm256_set1_epi64x((int64_t)(stream + 1)), lane), key, index);
    for (int i = 0; i < 4; i++)
        word[i] = _mm256_blend_epi32(even[i], _mm256_slli_epi64(odd[i], 32), 0xAA);
}

/* Eight chains. */
struct half {
    __m256 u, v, x_lo, x_hi, y_lo, y_hi;
};

static inline struct half half_load(const struct chaos *c, size_t i)
{
    return (struct half){_mm256_loadu_ps(c->x + i),    _mm256_loadu_ps(c->y + i),
                         _mm256_loadu_ps(c->x_lo + i), _mm256_loadu_ps(c->x_hi + i),
                         _mm256_loadu_ps(c->y_lo + i), _mm256_loadu_ps(c->y_hi + i)};
}

static inline void half_store(struct chaos *c, size_t i, const struct half *h)
{
    _mm256_storeu_ps(c->x + i, h->u);
    _mm256_storeu_ps(c->y + i, h->v);
    _mm256_storeu_ps(c->x_lo + i, h->x_lo);
    _mm256_storeu_ps(c->x_hi + i, h->x_hi);
    _mm256_storeu_ps(c->y_lo + i, h->y_lo);
    _mm256_storeu_ps(c->y_hi + i, h->y_hi);
}

static inline __m256 pick(const struct chaos *c, int j, __m256i k)
{
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(c->coefficient[j]), k);
}

/* One step; returns the maps taken. */
static inline __m256i half_step(struct half *h, const struct chaos *c, __m256i word)
{
    const __m256i sign = _mm256_set1_epi32(INT32_MIN); /* AVX2 compares signed numbers only */
    __m256i k = _mm256_set1_epi32((int32_t)c->n - 1);
    word = _mm256_xor_si256(word, sign);
    for (size_t j = 0; j + 1 < c->n; j++) {
        __m256i below = _mm256_set1_epi32((int32_t)(c->below[j] ^ 0x80000000u));
        k = _mm256_add_epi32(k, _mm256_cmpgt_epi32(below, word));
    }
    __m256 xu = _mm256_mul_ps(pick(c, 0, k), h->u), xv = _mm256_mul_ps(pick(c, 1, k), h->v);
    __m256 yu = _mm256_mul_ps(pick(c, 2, k), h->u), yv = _mm256_mul_ps(pick(c, 3, k), h->v);
    h->u = _mm256_add_ps(_mm256_add_ps(xu, xv), pick(c, 4, k));
    h->v = _mm256_add_ps(_mm256_add_ps(yu, yv), pick(c, 5, k));
    h->x_lo = _mm256_min_ps(h->u, h->x_lo);
    h->x_hi = _mm256_max_ps(h->u, h->x_hi);
    h->y_lo = _mm256_min_ps(h->v, h->y_lo);
    h->y_hi = _mm256_max_ps(h->v, h->y_hi);
    return k;
}

static inline void store_maps(uint8_t *map, __m256i k0, __m256i k1)
{
    __m256i k = _mm256_packs_epi32(k0, k1); /* 0-3, 8-11, 4-7, 12-15 */
    k = _mm256_permute4x64_epi64(k, 0xD8);
    _mm_storeu_si128((__m128i *)(void *)map,
                     _mm_packus_epi16(_mm256_castsi256_si128(k), _mm256_extracti128_si256(k, 1)));
}

static void run(struct chaos *c, float *x, float *y, uint8_t *map, size_t blocks)
{
    struct half h0 = half_load(c, 0), h1 = half_load(c, 8);
    for (size_t b = 0; b < blocks; b++, c->index++) {
        __m256i w0[4], w1[4];
        philox_eight(w0, c->key, c->stream, c->index);
        philox_eight(w1, c->key, c->stream + 8, c->index);
        for (int t = 0; t < 4; t++, x += CHAOS_CHAINS, y += CHAOS_CHAINS) {
            __m256i k0 = half_step(&h0, c, w0[t]), k1 = half_step(&h1, c, w1[t]);
            _mm256_storeu_ps(x, h0.u);
            _mm256_storeu_ps(x + 8, h1.u);
            _mm256_storeu_ps(y, h0.v);
            _mm256_storeu_ps(y + 8, h1.v);
            if (map) {
                store_maps(map, k0, k1);
                map += CHAOS_CHAINS;
            }
        }
    }
    half_store(c, 0, &h0);
    half_store(c, 8, &h1);
}

const struct chaos_kernels chaos_avx2 = {run};
