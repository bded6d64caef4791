#include "train/autoaugment.h"
#include "image/affine.h"
#include "image/enhance.h"
#include "image/tone.h"

const struct autoaugment_step autoaugment_imagenet[AUTOAUGMENT_ROWS][2] = {
    {{AUTO_POSTERIZE, 0.4, 8}, {AUTO_ROTATE, 0.6, 9}},
    {{AUTO_SOLARIZE, 0.6, 5}, {AUTO_AUTOCONTRAST, 0.6, 0}},
    {{AUTO_EQUALIZE, 0.8, 0}, {AUTO_EQUALIZE, 0.6, 0}},
    {{AUTO_POSTERIZE, 0.6, 7}, {AUTO_POSTERIZE, 0.6, 6}},
    {{AUTO_EQUALIZE, 0.4, 0}, {AUTO_SOLARIZE, 0.2, 4}},
    {{AUTO_EQUALIZE, 0.4, 0}, {AUTO_ROTATE, 0.8, 8}},
    {{AUTO_SOLARIZE, 0.6, 3}, {AUTO_EQUALIZE, 0.6, 0}},
    {{AUTO_POSTERIZE, 0.8, 5}, {AUTO_EQUALIZE, 1.0, 0}},
    {{AUTO_ROTATE, 0.2, 3}, {AUTO_SOLARIZE, 0.6, 8}},
    {{AUTO_EQUALIZE, 0.6, 0}, {AUTO_POSTERIZE, 0.4, 6}},
    {{AUTO_ROTATE, 0.8, 8}, {AUTO_COLOUR, 0.4, 0}},
    {{AUTO_ROTATE, 0.4, 9}, {AUTO_EQUALIZE, 0.6, 0}},
    {{AUTO_EQUALIZE, 0.0, 0}, {AUTO_EQUALIZE, 0.8, 0}},
    {{AUTO_INVERT, 0.6, 0}, {AUTO_EQUALIZE, 1.0, 0}},
    {{AUTO_COLOUR, 0.6, 4}, {AUTO_CONTRAST, 1.0, 8}},
    {{AUTO_ROTATE, 0.8, 8}, {AUTO_COLOUR, 1.0, 2}},
    {{AUTO_COLOUR, 0.8, 8}, {AUTO_SOLARIZE, 0.8, 7}},
    {{AUTO_SHARPNESS, 0.4, 7}, {AUTO_INVERT, 0.6, 0}},
    {{AUTO_SHEAR_X, 0.6, 5}, {AUTO_EQUALIZE, 1.0, 0}},
    {{AUTO_COLOUR, 0.4, 0}, {AUTO_EQUALIZE, 0.6, 0}},
    {{AUTO_EQUALIZE, 0.4, 0}, {AUTO_SOLARIZE, 0.2, 4}},
    {{AUTO_SOLARIZE, 0.6, 5}, {AUTO_AUTOCONTRAST, 0.6, 0}},
    {{AUTO_INVERT, 0.6, 0}, {AUTO_EQUALIZE, 1.0, 0}},
    {{AUTO_COLOUR, 0.6, 4}, {AUTO_CONTRAST, 1.0, 8}},
    {{AUTO_EQUALIZE, 0.8, 0}, {AUTO_EQUALIZE, 0.6, 0}},
};

/* Level 0..9 on the way from first to last. In float and from the nearer end, as torch.linspace: the factor's
 * last bits decide where PIL truncates. */
static double magnitude(float first, float last, int level)
{
    const float step = (last - first) / 9;
    return level < 5 ? first + step * (float)level : last - step * (float)(9 - level);
}

/* 8 - level / 2.25, the quotient rounded half to even. */
static unsigned posterize_bits(int level)
{
    static const unsigned bits[10] = {8, 8, 7, 7, 6, 6, 5, 5, 4, 4};
    return bits[level];
}

static void exchange(struct raster *a, struct raster *b)
{
    const struct raster t = *a;
    *a = *b;
    *b = t;
}

/* The operations that cannot work in place: from the picture into spare, which then becomes the picture. */
static void apply_across(struct raster *picture, struct raster *spare, enum autoaugment_op op, int level,
                         double sign)
{
    if (op == AUTO_SHEAR_X)
        affine_shear_x(spare, picture, sign * magnitude(0, 0.3f, level));
    else if (op == AUTO_ROTATE)
        affine_rotate(spare, picture, sign * magnitude(0, 30, level));
    else
        enhance_sharpness(spare, picture, 1 + sign * magnitude(0, 0.9f, level));
    exchange(picture, spare);
}

void autoaugment_apply(struct raster *picture, struct raster *spare, enum autoaugment_op op, int level,
                       bool negative)
{
    const double sign = negative ? -1 : 1;
    switch (op) {
    case AUTO_SHEAR_X:
    case AUTO_ROTATE:
    case AUTO_SHARPNESS:
        apply_across(picture, spare, op, level, sign);
        break;
    case AUTO_COLOUR:
        enhance_saturation(picture, 1 + sign * magnitude(0, 0.9f, level));
        break;
    case AUTO_CONTRAST:
        tone_contrast(picture, 1 + sign * magnitude(0, 0.9f, level));
        break;
    case AUTO_POSTERIZE:
        tone_posterize(picture, posterize_bits(level));
        break;
    case AUTO_SOLARIZE:
        tone_solarize(picture, magnitude(255, 0, level));
        break;
    case AUTO_AUTOCONTRAST:
        tone_autocontrast(picture);
        break;
    case AUTO_EQUALIZE:
        tone_equalize(picture);
        break;
    case AUTO_INVERT:
        tone_invert(picture);
        break;
    }
}

void autoaugment(struct raster *picture, struct raster *spare, struct rng *r)
{
    const struct autoaugment_step *row = autoaugment_imagenet[rng_below(r, AUTOAUGMENT_ROWS)];
    double chance[2];
    bool negative[2];
    for (size_t i = 0; i < 2; i++) {
        chance[i] = rng_uniform(r);
        negative[i] = rng_below(r, 2) == 0;
    }
    for (size_t i = 0; i < 2; i++)
        if (chance[i] < row[i].probability)
            autoaugment_apply(picture, spare, row[i].op, row[i].level, negative[i]);
}
