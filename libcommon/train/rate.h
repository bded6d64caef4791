/* Learning-rate schedules: a pure function of the step, so that a resumed run continues exactly. */
#ifndef TRAIN_RATE_H
#define TRAIN_RATE_H
#include <stddef.h>

enum rate_kind { RATE_CONSTANT, RATE_STEP, RATE_COSINE };
enum { RATE_MILESTONES = 8 };

struct rate {
    enum rate_kind kind;
    double base, final; /* final: where the cosine ends */
    size_t steps;       /* of the whole training */
    size_t warmup;      /* steps of linear rise from warmup_from */
    double warmup_from;
    double milestone[RATE_MILESTONES]; /* RATE_STEP: fractions of steps at which the rate is divided by 10 */
    size_t milestones;
};

/* The rate of step `step`, 0 <= step < steps. */
double rate_at(const struct rate *r, size_t step);
#endif
