/* What augment_image draws: each ingredient alone on a picture that shows its draw, over thousands of indices, against the
 * distribution that the headers state. */
#include "base/hash.h"
#include "base/mem.h"
#include "stream/npys.h"
#include "tap.h"
#include "train/augment.h"
#include "train/autoaugment.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 12, DRAWS = 4000 };

/* Every pixel this colour. */
static struct raster flat(unsigned red, unsigned green, unsigned blue)
{
    struct raster r = raster_new(SIDE, SIDE, 3, 255);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        const uint8_t rgb[3] = {(uint8_t)red, (uint8_t)green, (uint8_t)blue};
        memcpy((uint8_t *)r.samples + 3 * i, rgb, 3);
    }
    return r;
}

/* No two pixels, rows or columns alike. */
static struct raster uneven(size_t width, size_t height)
{
    struct raster r = raster_new(width, height, 3, 255);
    uint8_t *p = r.samples;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t k = 0; k < 3; k++)
                *p++ = (uint8_t)(x * 37 + y * 91 + k * 53 + x * y * 7);
    return r;
}

/* Nothing by chance; samples come out as levels of 0..255. */
static struct augment_options nothing(void)
{
    struct augment_options o = augment_paper(SIDE);
    o.crop = CROP_CENTRE;
    o.norm = (struct normalisation){{0, 0, 0}, {1 / 255.0, 1 / 255.0, 1 / 255.0}};
    return o;
}

/* Measures of many draws. */
struct draws {
    double value[DRAWS];
    size_t n;
};

/* One number of an augmented picture. */
typedef double measure(const float *image);

static struct draws draw(const struct raster *in, const struct augment_options *o, measure *of)
{
    static float image[SIDE * SIDE * 3];
    const struct view out = {image, 1, SIDE, SIDE, 3, 0, DT_F32, 0};
    struct augment_workspace *w = augment_workspace_new(SIDE);
    struct draws d = {.n = DRAWS};
    for (size_t i = 0; i < DRAWS; i++) {
        augment_image(&out, 0, in, o, 7, 0, i, w);
        d.value[i] = of(image);
    }
    augment_workspace_free(w);
    return d;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest distance of their distribution from the uniform one on low..high (Kolmogorov's; .03 has a probability of .0015
 * among 4000 draws), plus `grain`, which rounding to levels costs. */
static void uniform(struct draws *d, double low, double high, double grain, const char *what)
{
    double worst = 0;
    qsort(d->value, d->n, sizeof *d->value, ascending);
    for (size_t i = 0; i < d->n; i++) {
        const double at = (d->value[i] - low) / (high - low), n = (double)d->n;
        worst = worse(worst, worse(fabs(at - (double)i / n), fabs(at - (double)(i + 1) / n)));
    }
    ok(worst < 0.03 + grain, "%s, uniform from %g to %g: %.3f off, drawn from %g to %g", what, low, high,
       worst, d->value[0], d->value[d->n - 1]);
}

static double red(const float *image)
{
    return image[0];
}

static double first_is_grey(const float *image)
{
    return image[0] == image[1] && image[1] == image[2];
}

static double spread(const float *image)
{
    return image[0] - image[2];
}

/* The hue of the first pixel as a turn from red, -.5 .. .5. */
static double hue(const float *image)
{
    const double r = image[0], g = image[1], b = image[2], top = fmax(r, fmax(g, b)),
                 range = top - fmin(r, fmin(g, b));
    const double sixths = top == r ? (g - b) / range : top == g ? 2 + (b - r) / range : 4 + (r - g) / range;
    return sixths > 3 ? sixths / 6 - 1 : sixths / 6;
}

static void jitters(void)
{
    struct augment_options o = nothing();
    struct raster grey = flat(120, 120, 120), red_one = flat(220, 40, 40), two = flat(60, 60, 60),
                  colour = flat(140, 110, 90);
    o.jitter = (struct colour_jitter){1, 0.4, 0, 0, 0};
    struct draws d = draw(&grey, &o, red);
    uniform(&d, 72, 168, 1 / 96.0, "brightness");
    memset((uint8_t *)two.samples + (size_t)SIDE * SIDE * 3 / 2, 160, (size_t)SIDE * SIDE * 3 / 2);
    o.jitter = (struct colour_jitter){1, 0, 0.4, 0, 0};
    d = draw(&two, &o, red);
    uniform(&d, 110 - 50 * 1.4, 110 - 50 * 0.6, 1 / 40.0, "contrast");
    o.jitter = (struct colour_jitter){1, 0, 0, 0.6, 0};
    d = draw(&colour, &o, spread);
    uniform(&d, 50 * 0.4, 50 * 1.6, 1 / 60.0, "saturation");
    o.jitter = (struct colour_jitter){1, 0, 0, 0, 0.1};
    d = draw(&red_one, &o, hue);
    uniform(&d, -0.1, 0.1, 1 / 51.0, "hue's turn"); /* PIL has 256 hues */
    raster_free(&grey), raster_free(&red_one), raster_free(&two), raster_free(&colour);
}

/* How often something happens that has probability p, within four deviations. */
static void often(const struct draws *d, double p, const char *what)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        sum += d->value[i];
    ok_close(sum / (double)d->n, p, 4 * sqrt(p * (1 - p) / (double)d->n), what);
}

static double is_altered(const float *image)
{
    return image[0] != 120;
}

static double is_moved(const float *image)
{
    return image[0] != 0 || image[1] != 53;
}

static void probabilities(void)
{
    struct raster grey = flat(120, 120, 120), colour = flat(140, 110, 90), picture = uneven(SIDE, SIDE);
    struct augment_options o = nothing();
    o.jitter = (struct colour_jitter){0.8, 0.4, 0, 0, 0};
    struct draws d = draw(&grey, &o, is_altered);
    often(&d, 0.8 * (1 - 1.0 / 96), "jitter comes in four of five");
    o = nothing();
    o.grey = 0.3;
    d = draw(&colour, &o, first_is_grey);
    often(&d, 0.3, "grey in three of ten");
    o = nothing();
    o.blur = 0.4;
    o.sigma_min = 1;
    d = draw(&picture, &o, is_moved);
    often(&d, 0.4, "blur in four of ten");
    o = nothing();
    o.mirror = 0.6;
    d = draw(&picture, &o, is_moved);
    often(&d, 0.6, "mirrors in six of ten");
    o = nothing();
    o.flip = 0.7;
    d = draw(&picture, &o, is_moved);
    often(&d, 0.7, "flips in seven of ten");
    raster_free(&grey), raster_free(&colour), raster_free(&picture);
}

/* sigma of a blurred column of 255 in the middle: its neighbour has exp(-1 / (2 sigma^2)) of what it has itself. */
static double sigma(const float *image)
{
    const float *row = image + (size_t)SIDE / 2 * SIDE * 3;
    return sqrt(-0.5 / log(fmax(row[3 * (SIDE / 2 + 1)], 0.5) / row[3 * (SIDE / 2)]));
}

static void blurs(void)
{
    struct raster line = flat(0, 0, 0);
    struct augment_options o = nothing();
    for (size_t y = 0; y < SIDE; y++)
        memset((uint8_t *)line.samples + (y * SIDE + SIDE / 2) * 3, 255, 3);
    o.blur = 1;
    o.sigma_min = 0.5;
    o.sigma_max = 1.5;
    struct draws d = draw(&line, &o, sigma);
    uniform(&d, 0.5, 1.5, 0.02, "blur's sigma");
    raster_free(&line);
}

/* Mirrors exchange left and right, flips top and bottom. */
static void directions(void)
{
    struct raster in = uneven(SIDE, SIDE);
    const uint8_t *source = in.samples;
    float image[SIDE * SIDE * 3];
    const struct view out = {image, 1, SIDE, SIDE, 3, 0, DT_F32, 0};
    struct augment_workspace *w = augment_workspace_new(SIDE);
    for (int way = 0; way < 2; way++) {
        struct augment_options o = nothing();
        *(way ? &o.flip : &o.mirror) = 1;
        augment_image(&out, 0, &in, &o, 1, 2, 3, w);
        bool right = true;
        for (size_t y = 0; y < SIDE; y++)
            for (size_t x = 0; x < SIDE; x++) {
                const size_t from = way ? (SIDE - 1 - y) * SIDE + x : y * SIDE + SIDE - 1 - x;
                right &= image[(y * SIDE + x) * 3] == source[from * 3];
            }
        ok(right, way ? "a flip exchanges top and bottom" : "a mirror exchanges left and right");
    }
    augment_workspace_free(w);
    raster_free(&in);
}

/* Where a 12 x 12 crop of a picture whose red is x and green y begins. */
static double left(const float *image)
{
    return image[0];
}

static double top(const float *image)
{
    return image[1];
}

static void crops(void)
{
    struct raster in = raster_new(112, 92, 3, 255);
    struct augment_options o = nothing();
    for (size_t i = 0; i < (size_t)112 * 92; i++) {
        const uint8_t rgb[3] = {(uint8_t)(i % 112), (uint8_t)(i / 112), 0};
        memcpy((uint8_t *)in.samples + 3 * i, rgb, 3);
    }
    o.crop = CROP_RANDOM;
    struct draws d = draw(&in, &o, left);
    uniform(&d, 0, 100, 1 / 50.0, "a random crop's left side");
    d = draw(&in, &o, top);
    uniform(&d, 0, 80, 1 / 40.0, "its top");
    o.crop = CROP_RESIZED;
    o.range = (struct crop_range){1, 1, 112 / 92.0, 112 / 92.0};
    d = draw(&in, &o, left);
    ok(d.value[0] > 3 && d.value[0] < 6,
       "a resized crop of area 1 is the whole picture: its first pixel is the mean of a few");
    raster_free(&in);
}

/* The policy's outcomes on one picture: what each row, with what it leaves out and its signs, makes of it, and how probable
 * that is. */
struct outcomes {
    uint64_t hash[1000];
    double probability[1000], seen[1000];
    size_t n;
};

static size_t outcome(struct outcomes *o, uint64_t hash)
{
    size_t i = 0;
    while (i < o->n && o->hash[i] != hash)
        i++;
    if (i == o->n && i < 999)
        o->hash[o->n++] = hash;
    return i;
}

/* bits: 1, 2: the first, the second operation is applied; 4, 8: with a negative sign. */
static void enumerate(struct outcomes *all, const struct autoaugment_step row[2], unsigned bits)
{
    struct raster picture = uneven(SIDE, SIDE), spare = uneven(SIDE, SIDE);
    double probability = 1 / 25.0;
    for (unsigned i = 0; i < 2; i++) {
        const bool applied = bits & (1u << i);
        probability *= 0.5 * (applied ? row[i].probability : 1 - row[i].probability);
        if (applied)
            autoaugment_apply(&picture, &spare, row[i].op, row[i].level, bits & (4u << i));
    }
    if (probability > 0)
        all->probability[outcome(all, hash_bytes(picture.samples, raster_bytes(&picture)))] += probability;
    raster_free(&picture), raster_free(&spare);
}

static double hash_levels(const float *image)
{
    uint8_t level[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof level; i++)
        level[i] = (uint8_t)lround((double)image[i]);
    return (double)(hash_bytes(level, sizeof level) >> 12); /* as much as a double holds */
}

/* Chi squared over the outcomes that are expected five times or more. */
static void policy(void)
{
    static struct outcomes all;
    struct augment_options o = nothing();
    struct raster in = uneven(SIDE, SIDE);
    for (size_t row = 0; row < AUTOAUGMENT_ROWS; row++)
        for (unsigned bits = 0; bits < 16; bits++)
            enumerate(&all, autoaugment_imagenet[row], bits);
    const size_t known = all.n;
    o.autoaugment = true;
    const struct draws d = draw(&in, &o, hash_levels);
    for (size_t i = 0; i < known; i++)
        all.hash[i] >>= 12;
    for (size_t i = 0; i < d.n; i++)
        all.seen[outcome(&all, (uint64_t)d.value[i])]++;
    double chi = 0, freedom = 0;
    for (size_t i = 0; i < known; i++) {
        const double want = all.probability[i] * (double)d.n;
        if (want >= 5) {
            chi += (all.seen[i] - want) * (all.seen[i] - want) / want;
            freedom++;
        }
    }
    ok(all.n == known, "AutoAugment makes of a picture nothing but what its rows make, %zu pictures", known);
    ok(fabs(chi - freedom) < 4 * sqrt(2 * freedom),
       "each as often as its row's probabilities say: chi squared %.1f of %.0f", chi, freedom);
    raster_free(&in);
}

int main(void)
{
    jitters();
    probabilities();
    blurs();
    directions();
    crops();
    policy();
    return done();
}
