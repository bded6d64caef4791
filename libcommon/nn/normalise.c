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

static void row_from_words(float *out, const struct raster *in, size_t row, const size_t source[3],
                           const struct normalisation *norm)
{
    const uint16_t *p = (const uint16_t *)in->samples + row * in->width * in->channels;
    for (size_t x = 0; x < in->width; x++)
        for (size_t c = 0; c < 3; c++) {
            const double v = (double)p[x * in->channels + source[c]] / (double)in->maxval;
            out[3 * x + c] = (float)((v - norm->mean[c]) / norm->std[c]);
        }
}

void normalise(const struct view *out, size_t n, const struct raster *in, const struct normalisation *norm)
{
    const size_t grey[3] = {0, 0, 0}, rgb[3] = {0, 1, 2}, *source = in->channels < 3 ? grey : rgb;
    float table[3][256], *wide = xmalloc(3 * in->width, sizeof *wide);
    for (size_t c = 0; c < 3; c++)
        for (size_t v = 0; v < 256; v++)
            table[c][v] = (float)(((double)v / (double)in->maxval - norm->mean[c]) / norm->std[c]);
    for (size_t y = 0; y < in->height; y++) {
        void *row = view_pixel(out, n, (ptrdiff_t)y, 0);
        float *to = out->type == DT_F32 ? row : wide;
        if (raster_depth(in) == 1)
            row_from_table(to, (const uint8_t *)in->samples + y * in->width * in->channels, in->width,
                           in->channels, source, table);
        else
            row_from_words(to, in, y, source, norm);
        if (to == wide)
            bf16_narrow(row, wide, 3 * in->width);
    }
    free(wide);
}
