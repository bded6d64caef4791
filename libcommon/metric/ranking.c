#include "metric/ranking.h"
#include <math.h>
#include <stdbool.h>

void ranking_add(struct ranking *r, double score, uint64_t positives, uint64_t negatives)
{
    r->tp += positives;
    r->fp += negatives;
    if (positives == 0)
        return; /* F1 can only have fallen */
    r->wins2 += (unsigned __int128)positives * (2 * (r->negatives - r->fp) + negatives);
    double predicted = (double)(r->tp + r->fp);
    r->ap_sum += (double)positives * ((double)r->tp / predicted);
    double f1 = 2 * (double)r->tp / ((double)r->positives + predicted);
    if (f1 >= r->f1) {
        r->f1 = f1;
        r->f1_threshold = score;
    }
}

static bool both_classes(const struct ranking *r)
{
    return r->positives > 0 && r->negatives > 0;
}

double ranking_auroc(const struct ranking *r)
{
    return both_classes(r) ? (double)r->wins2 / 2 / ((double)r->positives * (double)r->negatives) : NAN;
}

double ranking_ap(const struct ranking *r)
{
    return both_classes(r) ? r->ap_sum / (double)r->positives : NAN;
}

double ranking_f1max(const struct ranking *r)
{
    return both_classes(r) ? r->f1 : NAN;
}

double ranking_f1max_threshold(const struct ranking *r)
{
    return both_classes(r) ? r->f1_threshold : NAN;
}
