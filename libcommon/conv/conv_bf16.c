/* AVX512-BF16: a pair of products a lane. */
#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"

typedef uint32_t unit;
typedef __m512bh lanes;
enum { UNIT_NUMBERS = 2 };

static inline __attribute__((always_inline)) lanes lanes_at(const unit *p)
{
    return (__m512bh)_mm512_loadu_si512(p);
}

static inline __attribute__((always_inline)) lanes everywhere(const unit *p)
{
    int pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

static inline __attribute__((always_inline)) __m512 add_products(__m512 sum, lanes a, lanes b)
{
    return _mm512_dpbf16_ps(sum, a, b);
}

#include "conv/conv_tile512.h"

const struct conv_kernels conv_bf16 = {.rows = ROWS,
                                       .granule = 2,
                                       .tile = tile,
                                       .gradient = gradient,
                                       .gradient_rows = ROWS,
                                       .gradient_steps = 1};
