#include "train/jitter.h"
#include "image/enhance.h"
#include "image/tone.h"
#include <math.h>

static double factor(struct rng *r, double strength)
{
    return rng_range(r, fmax(0, 1 - strength), 1 + strength);
}

void colour_jitter(struct raster *picture, const struct colour_jitter *j, struct rng *r)
{
    size_t order[4] = {0, 1, 2, 3};
    const bool wanted = rng_uniform(r) < j->probability;
    rng_shuffle(r, order, 4);
    const double brightness = factor(r, j->brightness);
    const double contrast = factor(r, j->contrast);
    const double saturation = factor(r, j->saturation);
    const double turn = rng_range(r, -j->hue, j->hue);
    for (size_t i = 0; wanted && i < 4; i++) {
        if (order[i] == 0 && j->brightness > 0)
            tone_brightness(picture, brightness);
        else if (order[i] == 1 && j->contrast > 0)
            tone_contrast(picture, contrast);
        else if (order[i] == 2 && j->saturation > 0)
            enhance_saturation(picture, saturation);
        else if (order[i] == 3 && j->hue > 0)
            enhance_hue(picture, turn);
    }
}
