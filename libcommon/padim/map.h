/* From PaDiM's distances to what leaves: the map at the size of the network's input, the image's score, and
 * the thresholds that the training images give. All arrays are the caller's. */
#ifndef PADIM_MAP_H
#define PADIM_MAP_H
#include "image/map.h"
#include "method/scoring.h"

/* The map: enlarged bilinearly (half-pixel), blurred by a Gaussian of 4 pixels. Returns its maximum, the
 * score; NAN where the map has one. distance: height x width; map: size.height x size.width. */
double padim_finish(float *map, struct map_size size, enum map_border border, const float *distance,
                    size_t height, size_t width);

/* Thresholds and scale by the leave-one-out distances (images x height x width) of the training images. Runs
 * on the pool. */
struct calibration padim_calibrate(const float *left_out, size_t images, size_t height, size_t width,
                                   struct map_size size, enum map_border border, double quantile);
#endif
