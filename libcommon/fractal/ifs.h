/* Iterated function systems: a few affine maps of the plane and how often each is used.
 * Anderson & Farrell, "Improving Fractal Pre-training", WACV 2022 (the sigma-factor sampler);
 * Kataoka et al., "Pre-training without Natural Images", ACCV 2020 (the unconstrained one). */
#ifndef FRACTAL_IFS_H
#define FRACTAL_IFS_H
#include "base/rng.h"
#include <stdbool.h>
#include <stddef.h>

/* As many as an AVX2 register has lanes. */
enum { IFS_MAPS_MAX = 8 };

/* (x, y) -> (a x + b y + e, c x + d y + f) */
struct ifs_map {
    double a, b, c, d, e, f;
};

struct ifs {
    size_t n; /* 1..IFS_MAPS_MAX */
    struct ifs_map map[IFS_MAPS_MAX];
    double p[IFS_MAPS_MAX]; /* probabilities; they sum to 1 */
};

/* What the sigma-factor sampler may draw. alpha_lo > alpha_hi: the published range, (5+n)/2 to (6+n)/2. */
struct ifs_range {
    size_t maps_lo, maps_hi;   /* uniform; published: 2..4 */
    double alpha_lo, alpha_hi; /* of sum over maps of (s1 + 2 s2) */
    double translation;        /* e, f uniform in +-this; published: 1 */
};

/* The two singular values of the linear part, s1 >= s2. */
void ifs_singular_values(const struct ifs_map *m, double *s1, double *s2);
/* Sum over maps of s1 + 2 s2: the sigma-factor. */
double ifs_alpha(const struct ifs *s);
/* Sets p to |det| / sum |det|; to 1/n each where all determinants vanish. */
void ifs_weigh(struct ifs *s);
/* The fixed point of map 0, a point of the attractor; the origin where there is none. */
void ifs_fixed_point(const struct ifs *s, double *x, double *y);

/* A contractive system whose sigma-factor is alpha exactly; alpha is first clipped to what n maps can have,
 * 0..3n. */
void ifs_sample(struct ifs *s, size_t n, double alpha, double translation, struct rng *r);
/* n and alpha drawn from the range, then ifs_sample. */
void ifs_sample_range(struct ifs *s, const struct ifs_range *range, struct rng *r);
/* FractalDB's: all six numbers uniform on [-1, 1), maps_lo..maps_hi maps. Not contractive in general. */
void ifs_sample_unconstrained(struct ifs *s, size_t maps_lo, size_t maps_hi, struct rng *r);
/* 1p-frac: every number of `of` times its own U(1-delta, 1+delta); probabilities stay. */
void ifs_perturb(struct ifs *s, const struct ifs *of, double delta, struct rng *r);
#endif
