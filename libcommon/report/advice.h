/* What to do next: rules on figures, stated on the page beside what they say. Each is tried; those that apply stand in this
 * order. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H
#include "report/report.h"

enum advice {
    ADVICE_INSTALL,    /* the verdict is go */
    ADVICE_DEFECTS,    /* no image of a defect: no claim about recall */
    ADVICE_MORE_TESTS, /* not yet, and fewer test images than the limit needs without an error */
    ADVICE_DECIDE, /* not yet, though there are as many: there were errors, so that more are needed than that */
    ADVICE_DEAR, /* what just meets the limits of both rates would cost more a year than the limit of cost */
    ADVICE_METHOD,  /* another run with the same weights is better, the paired interval of AUROC without 0 */
    ADVICE_WEIGHTS, /* another run, of other weights, is better so */
    ADVICE_NORMALS, /* the last doubling of training images gained ADVICE_GAIN or more */
    ADVICE_ENOUGH,  /* it gained less: more images of the same sort will not help */
    ADVICE_KIND,    /* a kind of defect of which less than half is found */
    ADVICE_THRESHOLD, /* ranks well (AUROC ADVICE_RANKS or more), yet a rate fails: another threshold would do better */
    ADVICE_ALARMS, /* more false alarms than the fit's threshold stands for */
    ADVICE_KINDS
};
#define ADVICE_GAIN 0.01
#define ADVICE_RANKS 0.95

/* Which apply: apply[ADVICE_KINDS]. other: the run that ADVICE_METHOD or ADVICE_WEIGHTS means, 0: none. */
struct advice_list {
    bool apply[ADVICE_KINDS];
    size_t other;
};
struct advice_list advice_give(const struct report *r);
#endif
