#include "train/loss.h"
#include <math.h>

size_t loss_largest(const float *x, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

/* log sum exp, shifted by the largest. */
static double log_sum(const float *x, size_t n)
{
    const double top = x[loss_largest(x, n)];
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i] - top);
    return top + log(sum); /* cppcheck-suppress invalidFunctionArg; sum >= 1 */
}

/* The share of class c in an image's target. */
static double share(const struct loss_target *t, size_t c, size_t classes, double smoothing)
{
    const double hard = (c == t->a ? t->lambda : 0.0) + (c == t->b ? 1.0 - t->lambda : 0.0);
    return (1.0 - smoothing) * hard + smoothing / (double)classes;
}

struct loss loss_cross_entropy(const struct view *gradient, const struct view *logits,
                               const struct loss_target *target, double smoothing, double scale)
{
    struct loss loss = {0};
    const double images = (double)logits->n;
    for (size_t n = 0; n < logits->n; n++) {
        const float *x = view_at(logits, n, 0, 0);
        float *g = view_at(gradient, n, 0, 0);
        const double total = log_sum(x, logits->c);
        for (size_t c = 0; c < logits->c; c++) {
            const double want = share(&target[n], c, logits->c, smoothing), log_p = x[c] - total;
            loss.value -= want * log_p / images;
            g[c] = (float)((exp(log_p) - want) * scale / images);
        }
        loss.correct += loss_largest(x, logits->c) == (target[n].lambda >= 0.5f ? target[n].a : target[n].b);
    }
    return loss;
}

/* log(1 + exp(x)) without overflow. */
static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

struct loss loss_multi_label(const struct view *gradient, const struct view *logits,
                             const unsigned char *positive, double scale)
{
    struct loss loss = {0};
    const size_t classes = logits->c;
    const double terms = (double)(logits->n * classes);
    for (size_t n = 0; n < logits->n; n++) {
        const float *x = view_at(logits, n, 0, 0);
        float *g = view_at(gradient, n, 0, 0);
        const unsigned char *p = positive + n * classes;
        size_t positives = 0;
        for (size_t c = 0; c < classes; c++)
            positives += p[c] != 0;
        const double weight = positives ? (double)classes / (double)positives : 1.0;
        for (size_t c = 0; c < classes; c++) {
            const double sigmoid = 1.0 / (1.0 + exp(-(double)x[c]));
            loss.value += (p[c] ? weight * softplus(-x[c]) : softplus(x[c])) / terms;
            g[c] = (float)((p[c] ? weight * (sigmoid - 1.0) : sigmoid) * scale / terms);
        }
        loss.correct += p[loss_largest(x, classes)] != 0;
    }
    return loss;
}
