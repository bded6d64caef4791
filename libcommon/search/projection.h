/* Random linear maps that keep distances nearly (Johnson and Lindenstrauss), for the coreset selection.
 * Entries are a function of (seed, row, column) alone. */
#ifndef SEARCH_PROJECTION_H
#define SEARCH_PROJECTION_H
#include <stddef.h>
#include <stdint.h>

enum projection_kind {
    PROJECTION_GAUSSIAN, /* normal, variance 1/to */
    PROJECTION_SPARSE,   /* 0, else +-1/sqrt(density to) with density 1/sqrt(from): Li, Hastie, Church 2006;
                            Anomalib */
    PROJECTION_UNIFORM,  /* on +-1/sqrt(from), a fresh torch.nn.Linear: PatchCore's authors */
};

/* The dimensions that Anomalib takes for n vectors: floor(4 ln n / (e^2/2 - e^3/3)), e = 0.9 (methods 3.1,
 * 5). */
size_t projection_dims(size_t n);

struct projection {
    size_t from, to;
    float *matrix; /* to x from */
};
struct projection projection_new(enum projection_kind kind, size_t from, size_t to, uint64_t seed);
void projection_free(struct projection *p);
/* out: n x out_row, of which each row gets p->to elements and zeros behind; x: n x x_row. On the pool. */
void projection_apply(const struct projection *p, float *out, size_t out_row, const float *x, size_t x_row,
                      size_t n);
#endif
