#include "pooled/vectors.h"
#include "base/mem.h"
#include "num/distance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_MIN 1e-12 /* torch.nn.functional.normalize's */

bool vectors_accept(const struct taps *image, struct err *e)
{
    for (size_t i = 0; i < image->n; i++) {
        const struct tap *t = &image->tap[i];
        if (t->height != 1 || t->width != 1)
            return err_set(e,
                           "array %zu is a map of %zux%zux%zu; one vector an image is wanted: featx -l "
                           "avgpool, or pool:layer3",
                           i + 1, t->height, t->width, t->channels);
    }
    return true;
}

void vectors_of(float *out, const struct taps *image, bool unit)
{
    const size_t channels = taps_channels(image), dims = distance_padded(channels);
    double squares = 0;
    float *to = out;
    for (size_t i = 0; i < image->n; to += image->tap[i++].channels)
        memcpy(to, image->tap[i].value, image->tap[i].channels * sizeof *to);
    memset(out + channels, 0, (dims - channels) * sizeof *out);
    for (size_t i = 0; unit && i < channels; i++)
        squares += (double)out[i] * (double)out[i];
    const double length = fmax(sqrt(squares), LENGTH_MIN);
    for (size_t i = 0; unit && i < channels; i++)
        out[i] = (float)((double)out[i] / length);
}

void vectors_add(struct vectors *v, const struct taps *image, bool unit)
{
    if (v->n == v->capacity) {
        v->dims = distance_padded(v->channels);
        v->capacity = v->capacity ? 2 * v->capacity : 64;
        mem_need((v->capacity - v->n) * v->dims * sizeof *v->row, "the training images' vectors");
        v->row = xrealloc(v->row, v->capacity, v->dims * sizeof *v->row);
    }
    vectors_of(v->row + v->n++ * v->dims, image, unit);
}

void vectors_free(struct vectors *v)
{
    free(v->row);
    *v = (struct vectors){0};
}
