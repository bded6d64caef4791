/* A picture's colours altered by chance. */
#ifndef TRAIN_JITTER_H
#define TRAIN_JITTER_H
#include "base/raster.h"
#include "base/rng.h"

/* Each strength s >= 0 draws a factor from max(0, 1 - s)..1 + s, hue a turn from -s..s (at most 0.5); 0:
 * none. Applied in random order (torchvision's ColorJitter). */
struct colour_jitter {
    double probability, brightness, contrast, saturation, hue;
};

/* In place, on 8-bit RGB. Draws everything always, so that one strength does not move another's factor. */
void colour_jitter(struct raster *picture, const struct colour_jitter *j, struct rng *r);
#endif
