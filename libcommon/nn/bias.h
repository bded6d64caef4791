/* The gradient of a bias: what goes back through a sum over all pixels. */
#ifndef NN_BIAS_H
#define NN_BIAS_H
#include "nn/view.h"

/* gradient[c] += the sum of dy over images and pixels, in f64; the same bits for any number of threads. */
void bias_backward(float *gradient, const struct view *dy);
#endif
