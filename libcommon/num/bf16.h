/* Rows of bf16 numbers (the upper half of an f32) from and to f32; rounding is to nearest even. */
#ifndef NUM_BF16_H
#define NUM_BF16_H
#include <stddef.h>
#include <stdint.h>

void bf16_narrow(uint16_t *out, const float *in, size_t n);
void bf16_widen(float *out, const uint16_t *in, size_t n);
/* out[i]: even[i] in the lower half, odd[i] in the upper: the pairs that kernels multiply. */
void bf16_pair(uint32_t *out, const float *even, const float *odd, size_t n);
/* Rows of n numbers at from + at[p], taken two by two: each two become a line of pairs, lines `width` pairs
 * apart; the partner of the last of an odd number of rows is 0. */
void bf16_gather_pairs(uint32_t *out, size_t width, const uint16_t *from, const ptrdiff_t *at, size_t rows,
                       size_t n);
#endif
