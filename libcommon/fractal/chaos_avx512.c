#include "fractal/chaos.h"
#include <immintrin.h>

/* Philox4x32-10 for sixteen streams at once. Even and odd chains lie in the low halves of 64-bit lanes, where
 * _mm512_mul_epu32 looks; what the high halves hold does not matter. */
static inline void philox_half(__m512i word[4], __m512i stream, uint64_t key, uint64_t index)
{
    const __m512i m0 = _mm512_set1_epi64(0xD2511F53), m1 = _mm512_set1_epi64(0xCD9E8D57);
    __m512i c0 = _mm512_set1_epi64((int64_t)index), c1 = _mm512_srli_epi64(c0, 32);
    __m512i c2 = stream, c3 = _mm512_srli_epi64(stream, 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        __m512i p0 = _mm512_mul_epu32(c0, m0), p1 = _mm512_mul_epu32(c2, m1);
        c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c1, _mm512_set1_epi64(k0), 0x96);
        c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c3, _mm512_set1_epi64(k1), 0x96);
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

static inline void philox_chains(__m512i word[4], uint64_t key, uint64_t stream, uint64_t index)
{
    __m512i even[4], odd[4];
    __m512i lane = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    philox_half(even, _mm512_add_epi64(_mm512_set1_epi64((int64_t)stream), lane), key, index);
    philox_half(odd, _mm512_add_epi64(_mm512_set1_epi64((int64_t)(stream + 1)), lane), key, index);
    for (int i = 0; i < 4; i++)
        word[i] = _mm512_mask_blend_epi32(0xAAAA, even[i], _mm512_slli_epi64(odd[i], 32));
}

static void run(struct chaos *c, float *x, float *y, uint8_t *map, size_t blocks)
{
    __m512 coefficient[6], u = _mm512_loadu_ps(c->x), v = _mm512_loadu_ps(c->y);
    __m512 x_lo = _mm512_loadu_ps(c->x_lo), x_hi = _mm512_loadu_ps(c->x_hi);
    __m512 y_lo = _mm512_loadu_ps(c->y_lo), y_hi = _mm512_loadu_ps(c->y_hi);
    for (int j = 0; j < 6; j++)
        coefficient[j] = _mm512_loadu_ps(c->coefficient[j]);
    for (size_t b = 0; b < blocks; b++, c->index++) {
        __m512i word[4];
        philox_chains(word, c->key, c->stream, c->index);
        for (int t = 0; t < 4; t++, x += CHAOS_CHAINS, y += CHAOS_CHAINS) {
            __m512i k = _mm512_setzero_si512(), one = _mm512_set1_epi32(1);
            for (size_t j = 0; j + 1 < c->n; j++) {
                __mmask16 above = _mm512_cmpge_epu32_mask(word[t], _mm512_set1_epi32((int32_t)c->below[j]));
                k = _mm512_mask_add_epi32(k, above, k, one);
            }
            __m512 xu = _mm512_mul_ps(_mm512_permutexvar_ps(k, coefficient[0]), u);
            __m512 xv = _mm512_mul_ps(_mm512_permutexvar_ps(k, coefficient[1]), v);
            __m512 yu = _mm512_mul_ps(_mm512_permutexvar_ps(k, coefficient[2]), u);
            __m512 yv = _mm512_mul_ps(_mm512_permutexvar_ps(k, coefficient[3]), v);
            u = _mm512_add_ps(_mm512_add_ps(xu, xv), _mm512_permutexvar_ps(k, coefficient[4]));
            v = _mm512_add_ps(_mm512_add_ps(yu, yv), _mm512_permutexvar_ps(k, coefficient[5]));
            x_lo = _mm512_min_ps(u, x_lo);
            x_hi = _mm512_max_ps(u, x_hi);
            y_lo = _mm512_min_ps(v, y_lo);
            y_hi = _mm512_max_ps(v, y_hi);
            _mm512_storeu_ps(x, u);
            _mm512_storeu_ps(y, v);
            if (map) {
                _mm_storeu_si128((__m128i *)(void *)map, _mm512_cvtepi32_epi8(k));
                map += CHAOS_CHAINS;
            }
        }
    }
    _mm512_storeu_ps(c->x, u);
    _mm512_storeu_ps(c->y, v);
    _mm512_storeu_ps(c->x_lo, x_lo);
    _mm512_storeu_ps(c->x_hi, x_hi);
    _mm512_storeu_ps(c->y_lo, y_lo);
    _mm512_storeu_ps(c->y_hi, y_hi);
}

const struct chaos_kernels chaos_avx512 = {run};
