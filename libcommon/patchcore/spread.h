/* How far the values of each layer spread over the patches of normal images, so that layers can be made to weigh alike in a distance.
 * Networks differ in it: ImageNet's layers have about the same spread, those of a short training on fractals may differ by ten
 * times, and the largest is then all that a distance sees. */
#ifndef PATCHCORE_SPREAD_H
#define PATCHCORE_SPREAD_H
#include <stddef.h>

struct spread {
    size_t channels, n; /* n: vectors so far */
    double *sum, *square;
};
struct spread spread_new(size_t channels);
void spread_free(struct spread *s);
/* n vectors, dims numbers apart. */
void spread_add(struct spread *s, const float *x, size_t n, size_t dims);
/* For each channel sqrt(M / V), V being the variances of all channels of its layer together, M the mean of the layers' V: one layer
 * alone stays as it is. 1 for a layer that never changes, which doesn't count. layer: how many channels each of the layers has; in all
 * s->channels. free() it. */
float *spread_scale(const struct spread *s, const size_t *layer, size_t layers);
#endif
