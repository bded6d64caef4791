/* exp and tanh of many numbers: vectors, without libm. All kinds of CPU give the same bits (nothing is fused). Relative errors are
 * below 2^-22. */
#ifndef NUM_EXPONENTIAL_H
#define NUM_EXPONENTIAL_H
#include <stddef.h>

/* out = exp(in), of n numbers; beyond +-87 it is exp(+-87). out may be in. */
void exponential(float *out, const float *in, size_t n);
/* out = tanh(factor * in). */
void exponential_tanh(float *out, const float *in, float factor, size_t n);
#endif
