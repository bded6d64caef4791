#include "conv/conv_kernel.h"
#include "conv/conv_store512.h"

typedef float unit;
typedef __m512 lanes;
enum { UNIT_NUMBERS = 1 };

static inline __attribute__((always_inline)) lanes lanes_at(const unit *p)
{
    return _mm512_loadu_ps(p);
}

static inline __attribute__((always_inline)) lanes everywhere(const unit *p)
{
    return _mm512_set1_ps(*p);
}

static inline __attribute__((always_inline)) __m512 add_products(__m512 sum, lanes a, lanes b)
{
    return _mm512_fmadd_ps(a, b, sum);
}

#include "conv/conv_tile512.h"

const struct conv_kernels conv_avx512 = {.rows = ROWS,
                                         .granule = 1,
                                         .tile = tile,
                                         .gradient = gradient,
                                         .gradient_rows = ROWS,
                                         .gradient_steps = 1};
