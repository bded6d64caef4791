/* 8-bit numbers for inference: activations that are never negative as unsigned ones, with one scale an image;
 * weights as signed ones, with one scale an output channel. x = scale * integer; products and sums are exact. */
#ifndef NUM_QUANTISE_H
#define NUM_QUANTISE_H
#include <stddef.h>
#include <stdint.h>

/* The largest of n bf16 numbers, 0 at least. */
float quantise_largest(const uint16_t *x, size_t n);
/* out = x * inverse, rounded to nearest (ties to even), within 0..255. */
void quantise_row(uint8_t *out, const uint16_t *x, float inverse, size_t n);
#endif
