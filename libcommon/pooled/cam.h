/* Where a score of pooled features lies in the image: Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
 * Gradient-based Localization", ICCV 2017; methods 10) without a network. The score is a function of the taps' means over all
 * positions, whose gradient by these means is known by a formula; a position's value is max(0, sum over the channels of gradient x
 * feature).
 *
 * So the weight of a channel is the score's gradient by its features, summed over the positions; the authors take its mean, which is less
 * by one factor for all images. Taps of one position place nothing and are passed over; others are brought to the finest's grid (half
 * pixels) and added before the max. */
#ifndef POOLED_CAM_H
#define POOLED_CAM_H
#include "method/anomaly_map.h"
#include "method/taps.h"

/* out: grid.height x grid.width, the finest tap's. gradient: one a channel of all taps, side by side. NaN stays. */
void cam_map(float *out, struct map_size grid, const struct taps *image, const double *gradient);
#endif
