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
/* A layer: how many channels it has, in all s->channels, and how much it weighs. */
struct spread_layer {
    size_t channels;
    double weight;
};
/* For each channel sqrt(W M / V), V being the variances of all channels of its layer together, M the mean of the layers' V, W the
 * layer's weight over the mean of the weights: one layer alone stays as it is. 1 for a layer that never changes, which doesn't count.
 * free() it. */
float *spread_scale(const struct spread *s, const struct spread_layer *layer, size_t layers);
#endif
