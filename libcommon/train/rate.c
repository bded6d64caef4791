#include "train/rate.h"
#include <math.h>

double rate_at(const struct rate *r, size_t step)
{
    if (step < r->warmup)
        return r->warmup_from + (r->base - r->warmup_from) * (double)step / (double)r->warmup;
    const double progress =
        r->steps > r->warmup ? (double)(step - r->warmup) / (double)(r->steps - r->warmup) : 0;
    double rate = r->base;
    if (r->kind == RATE_COSINE)
        return r->final + (r->base - r->final) * 0.5 * (1.0 + cos(3.141592653589793 * fmin(progress, 1)));
    for (size_t i = 0; r->kind == RATE_STEP && i < r->milestones; i++)
        if ((double)step >= r->milestone[i] * (double)r->steps)
            rate *= 0.1;
    return rate;
}
