/* The chaos game: points of an attractor, by sixteen independent chains side by side.
 *
 * Chain c draws its maps from rng_new(key, stream + c), one 32-bit word a step, so the points are a function
 * of the system, key and stream alone. The AVX-512, AVX2 and plain C kernels do the same f32 operations in
 * the same order without fused ones: their bits are equal. */
#ifndef FRACTAL_CHAOS_H
#define FRACTAL_CHAOS_H
#include "fractal/ifs.h"
#include <stdint.h>

enum {
    CHAOS_CHAINS = 16,
    CHAOS_BLOCK = 64 /* points of one random block: 16 chains, 4 steps */
};

/* Points with their bounding box; the caller frees with points_free. */
struct chaos_points {
    float *x, *y;
    uint8_t *map; /* which map made the point; NULL: not asked for */
    size_t maps;  /* how many maps the system has */
    size_t n;     /* a multiple of CHAOS_CHAINS */
    size_t capacity;
    float x_lo, x_hi, y_lo, y_hi;
};

/* Room for n points, rounded up to whole blocks. */
struct chaos_points points_new(size_t n, bool with_maps);
void points_free(struct chaos_points *p);

/* Fills p with n points (rounded up to whole blocks, at most its capacity) of the attractor. The chains start
 * at the fixed point of map 0, which lies in it; their first 32 steps are dropped all the same, as sixteen
 * chains at one place would leave a bright dot. Where the system diverges (|coordinate| > 1e15), the steps
 * from there on are dropped: p->n is then less, possibly 0. */
void chaos_game(struct chaos_points *p, size_t n, const struct ifs *s, uint64_t key, uint64_t stream);

/* A kernel's working set: the system in the form that registers take, the chains, the box of each chain. */
struct chaos {
    size_t n;
    float coefficient[6][CHAOS_CHAINS]; /* a b c d e f of each map, from IFS_MAPS_MAX on the same again */
    uint32_t below[IFS_MAPS_MAX];       /* the word is below[j]: one of the maps 0..j */
    uint64_t key, stream, index;        /* index: of the next random block */
    float x[CHAOS_CHAINS], y[CHAOS_CHAINS];
    float x_lo[CHAOS_CHAINS], x_hi[CHAOS_CHAINS], y_lo[CHAOS_CHAINS], y_hi[CHAOS_CHAINS];
};

/* Runs all chains 4 * blocks steps. Point of step t and chain c goes to [16 t + c]; map may be NULL. */
struct chaos_kernels {
    void (*run)(struct chaos *c, float *x, float *y, uint8_t *map, size_t blocks);
};
extern const struct chaos_kernels chaos_plain, chaos_avx2, chaos_avx512;
#endif
