#include "nn/normalise.h"
#include "base/mem.h"
#include "num/bf16.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const struct normalisation normalisation_imagenet = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

bool normalisation_parse(double out[3], const char *text)
{
    int end = 0;
    const int n = sscanf(text, "%lf,%lf,%lf%n", &out[0], &out[1], &out[2], &end);
    return n == 3 && text[end] == 0 && isfinite(out[0]) && isfinite(out[1]) && isfinite(out[2]);
}

bool normalisation_from_note(struct normalisation *out, const struct note *meta, struct err *e)
{
    const char *mean = note_get(meta, "mean"), *std = note_get(meta, "std");
    e->text[0] = 0;
    if (!mean || !std)
        return false;
    if (!normalisation_parse(out->mean, mean) || !normalisation_parse(out->std, std))
        return err_set(e, "mean=%s std=%s in the metadata are not three numbers each", mean, std);
    for (size_t c = 0; c < 3; c++)
        if (!(out->std[c] > 0))
            return err_set(e, "std=%s in the metadata is not positive", std);
    return true;
}

/* One row of `width` pixels, `channels` apart, by a table of a channel's values. */
static void row_from_table(float *out, const uint8_t *in, size_t width, size_t channels,
                           const size_t source[3], float table[3][256])
{
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++)
            out[3 * x + c] = table[c][in[x * channels + source[c]]];
}

/* A sample of pixel x, y of the image at 1/part of its size: the mean of those that are there. */
static double mean_of_block(const struct raster *in, size_t x, size_t y, size_t part, size_t channel)
{
    const size_t right = x * part + part < in->width ? x * part + part : in->width;
    const size_t bottom = y * part + part < in->height ? y * part + part : in->height;
    uint64_t sum = 0;
    for (size_t v = y * part; v < bottom; v++)
        for (size_t u = x * part; u < right; u++)
            sum += raster_get(in, (v * in->width + u) * in->channels + channel);
    return (double)sum / (double)((right - x * part) * (bottom - y * part) * in->maxval);
}

static void row_of_blocks(float *out, const struct raster *in, size_t width, size_t y, size_t part,
                          const size_t source[3], const struct normalisation *norm)
{
    for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++)
            out[3 * x + c] =
                (float)((mean_of_block(in, x, y, part, source[c]) - norm->mean[c]) / norm->std[c]);
}

void normalise_part(const struct view *out, size_t n, const struct raster *in, size_t part,
                    const struct normalisation *norm)
{
    const size_t grey[3] = {0, 0, 0}, rgb[3] = {0, 1, 2}, *source = in->channels < 3 ? grey : rgb;
    const size_t height = (in->height + part - 1) / part, width = (in->width + part - 1) / part;
    const bool bytes = part == 1 && raster_depth(in) == 1;
    float table[3][256], *wide = xmalloc(3 * width, sizeof *wide);
    for (size_t c = 0; c < 3; c++)
        for (size_t v = 0; v < 256; v++)
            table[c][v] = (float)(((double)v / (double)in->maxval - norm->mean[c]) / norm->std[c]);
    for (size_t y = 0; y < height; y++) {
        void *row = view_pixel(out, n, (ptrdiff_t)y, 0);
        float *to = out->type == DT_F32 ? row : wide;
        if (bytes)
            row_from_table(to, (const uint8_t *)in->samples + y * width * in->channels, width, in->channels,
                           source, table);
        else
            row_of_blocks(to, in, width, y, part, source, norm);
        if (to == wide)
            bf16_narrow(row, wide, 3 * width);
    }
    free(wide);
}

void normalise(const struct view *out, size_t n, const struct raster *in, const struct normalisation *norm)
{
    normalise_part(out, n, in, 1, norm);
}
