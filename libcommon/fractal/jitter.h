/* Small changes of a system, so that one system gives many images (Anderson & Farrell's generator; also that
 * of fractal4AD). */
#ifndef FRACTAL_JITTER_H
#define FRACTAL_JITTER_H
#include "fractal/ifs.h"

enum ifs_jitter {
    JITTER_NONE,
    JITTER_BASIC, /* all six numbers of one map times one U(0.8, 1.1) */
    JITTER_SVD,   /* one of U, V turned by U(-0.5, 0.5) rad, or the translation moved by U(-0.5, 0.5) */
    JITTER_SVAL,  /* one map's singular values scaled, the sigma-factor kept in [(5+n)/2, (6+n)/2] */
    JITTER_DB1,   /* one number of every map times one of 5 factors in 1 +- 0.2 */
    JITTER_DB2,   /* ... in 1 +- 0.4 */
    JITTER_DB3,
    JITTER_DB4
};
/* The names of the kinds for opt_choice, in order, ended by NULL. */
extern const char *const jitter_names[];

/* Changes s in place and weighs its maps anew by their determinants. Basic jitter that lets a map expand is
 * drawn again, at most 4 times, then left out. */
void ifs_jitter(struct ifs *s, enum ifs_jitter kind, struct rng *r);
/* FractalDB's instances: row `weight` of 25 multiplies one of the six numbers in all maps by one of {1-2w,
 * 1-w, 1, 1+w, 1+2w}; the probabilities stay. Row 0 is the identity. */
enum { FRACTALDB_WEIGHTS = 25 };
void ifs_weight_row(struct ifs *s, size_t row, double w);
#endif
