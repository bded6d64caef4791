/* Where systems come from: sampled on demand, searched for, perturbed copies of one, or read from files. */
#ifndef FRACTAL_SOURCE_H
#define FRACTAL_SOURCE_H
#include "fractal/codes.h"
#include "fractal/ifs.h"

enum sampler {
    SAMPLER_SIGMA,  /* the sigma-factor sampler; nothing is stored */
    SAMPLER_SEARCH, /* FractalDB's: unconstrained systems drawn until one fills enough of the canvas */
    SAMPLER_ONE     /* 1p-frac (Nakamura et al., ECCV 2024): copies of one system, each number perturbed */
};
extern const char *const sampler_names[];

/* What a search renders: points of width 1 on a canvas of 512 x 512 with a margin of 6. */
enum { SEARCH_SIDE = 512, SEARCH_MARGIN = 6 };

struct ifs_source {
    enum sampler sampler;
    struct ifs_range range;
    double fill;  /* the least part of the pixels that a searched or perturbed system must fill */
    double delta; /* of SAMPLER_ONE */
    size_t points;
    uint64_t seed;
    size_t n;           /* systems */
    struct codes codes; /* those of a file or a search; none with SAMPLER_SIGMA */
};

/* Fills codes where the sampler needs that, on all threads. Dies when a system is not found in 100,000 draws. */
void source_prepare(struct ifs_source *s);
/* System i, a function of (seed, i) and the settings alone. */
void source_system(const struct ifs_source *s, size_t i, struct ifs *out);
/* The filled part of the search's canvas. Work of the caller's: a canvas of SEARCH_SIDE and points. */
struct density;
struct chaos_points;
double source_fill(const struct ifs *s, uint64_t key, size_t n, struct chaos_points *p, struct density *d);
#endif
