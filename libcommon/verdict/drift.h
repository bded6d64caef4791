/* Drift: do the parts that are judged good still score as the good parts of the fit did?
 *
 * Each WINDOW good parts, one after the other, are one sample; the fit's scores are another; the test is Kolmogorov's and
 * Smirnov's (kolmogorov.h). What is judged good lies below the threshold, so both are cut off alike: of both those below the
 * cut count, which is the highest of the fit's known scores that is not above the threshold; or the threshold, where all of
 * them are below it. Given that score, those below it are again a sample like any other. So when nothing has changed a window
 * is called a drift with a probability of at most LEVEL, in the mean over fits, whatever the scores' distribution. Of
 * percentiles the distance is the largest at one of them: at most the true one. */
#ifndef VERDICT_DRIFT_H
#define VERDICT_DRIFT_H
#include "method/normal_scores.h"
#include <stdbool.h>
#include <stddef.h>

enum { DRIFT_WINDOW_MAX = 1000 };

struct drift_result {
    double distance, limit;       /* between the distribution functions; reached or passed it is a drift */
    double median, normal_median; /* of the window, of the fit */
    bool drifted;
};

struct drift;
/* NULL with a reason where these scores can't tell: too few are below the threshold. window: 1 to DRIFT_WINDOW_MAX. */
struct drift *drift_new(const struct normal_scores *fit, double threshold, size_t window, double level,
                        struct err *e);
/* A score; one that is not below the cut, as a defect's, is left out. True when it filled a window: the result. */
bool drift_take(struct drift *d, double score, struct drift_result *result);
void drift_free(struct drift *d);
#endif
