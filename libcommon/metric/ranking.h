/* How well scores rank defective above good, from counts alone: no bins, ties as they are. Images and pixels
 * are measured by the same code.
 *
 * Scores are handed over in tied groups, highest first; a group without positives may be left out when `fp` says what it held.
 * Counts are exact. A figure is NAN where one of the classes is empty: then it says nothing about the scores. */
#ifndef METRIC_RANKING_H
#define METRIC_RANKING_H
#include <stdint.h>

struct ranking {
    uint64_t positives, negatives; /* of the whole set; the caller sets them, all else starts as 0 */
    uint64_t tp, fp;               /* scored at or above the last group's threshold */
    unsigned __int128 wins2;       /* twice the pairs in which the positive wins, a tie being half */
    double ap_sum, f1, f1_threshold;
};

/* The next group: all with this score. */
void ranking_add(struct ranking *r, double score, uint64_t positives, uint64_t negatives);

/* P(s+ > s-) + P(s+ = s-) / 2: the rank formula with mid-ranks, the area under the ROC curve by trapezoids. */
double ranking_auroc(const struct ranking *r);
/* Average precision, the step sum over thresholds of (R_k - R_{k-1}) P_k: scikit-learn's
 * average_precision_score. */
double ranking_ap(const struct ranking *r);
/* The largest F1 = 2 TP / (2 TP + FP + FN) over all distinct scores t as thresholds, "score >= t" being
 * positive; and the lowest t that reaches it. */
double ranking_f1max(const struct ranking *r);
double ranking_f1max_threshold(const struct ranking *r);
#endif
