#include "pooled/vectors.h"
#include "base/mem.h"
#include "num/channel.h"
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

bool vectors_have_places(const struct taps *image)
{
    const struct tap *finest = &image->tap[image->finest];
    return finest->height * finest->width > 1;
}

/* As featx's pooling does it (nn/layer_pool.c). */
static void average(float *out, const struct tap *t)
{
    const size_t positions = t->height * t->width;
    double *sum = xcalloc(2 * t->channels, sizeof *sum);
    channel_sums(DT_F32, sum, sum + t->channels, t->value, positions, t->channels);
    for (size_t c = 0; c < t->channels; c++)
        out[c] = (float)(sum[c] / (double)positions);
    free(sum);
}

double vectors_of(float *out, const struct taps *image, bool unit)
{
    const size_t channels = taps_channels(image), dims = distance_padded(channels);
    double squares = 0;
    float *to = out;
    for (size_t i = 0; i < image->n; to += image->tap[i++].channels)
        average(to, &image->tap[i]);
    memset(out + channels, 0, (dims - channels) * sizeof *out);
    if (!unit)
        return 1;
    for (size_t i = 0; i < channels; i++)
        squares += (double)out[i] * (double)out[i];
    const double length = fmax(sqrt(squares), LENGTH_MIN);
    for (size_t i = 0; i < channels; i++)
        out[i] = (float)((double)out[i] / length);
    return length;
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
