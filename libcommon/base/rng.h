/* Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
 * SC 2011). The numbers are a function of (seed, stream, index) alone: no state is shared, any part can be
 * drawn again. */
#ifndef BASE_RNG_H
#define BASE_RNG_H
#include <stddef.h>
#include <stdint.h>

/* A sequence: the draws of one (seed, stream). Plain data; copy it, set `index` to jump. */
struct rng {
    uint64_t seed, stream;
    uint64_t index; /* of the next block of four */
    uint32_t block[4];
    unsigned left; /* unused words of the block */
};

struct rng rng_new(uint64_t seed, uint64_t stream);
/* The block itself: 4 words for (seed, stream, index). */
void rng_block(uint32_t out[4], uint64_t seed, uint64_t stream, uint64_t index);

uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);
/* Uniform on [0, 1), 53 bits. */
double rng_uniform(struct rng *r);
/* Uniform on [lo, hi). */
double rng_range(struct rng *r, double lo, double hi);
/* Uniform on {0, ..., n-1} without bias; n > 0. */
size_t rng_below(struct rng *r, size_t n);
/* Standard normal (Box-Muller; uses libm, so equal bits are promised for one libm only). */
double rng_normal(struct rng *r);
/* Fisher-Yates. */
void rng_shuffle(struct rng *r, size_t *a, size_t n);
#endif
