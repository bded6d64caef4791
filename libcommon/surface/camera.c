#include "surface/camera.h"
#include "base/mem.h"
#include "fractal/elementary.h"
#include "surface/relief.h"
#include "surface/rows.h"
#include <math.h>
#include <string.h>

enum { REACH = 3, GREY = 256 }; /* of the blur; units of a grey level */
static const double log_gamma[2] = {-0.35667494393873245, 0.3364722366212129};   /* .7, 1.4 */
static const double log_exposure[2] = {-0.5108256237659907, 0.3364722366212129}; /* .6, 1.4 */

struct camera_tables *camera_tables_new(void)
{
    struct camera_tables *t = xmalloc(1, sizeof *t);
    struct rng r = rng_new(0, 0);
    for (size_t g = 0; g < CAMERA_GAMMAS; g++) {
        const double part = (double)g / (CAMERA_GAMMAS - 1);
        const double gamma = portable_exp(log_gamma[0] + part * (log_gamma[1] - log_gamma[0]));
        t->gamma[g][0] = 0;
        for (size_t i = 1; i < CAMERA_STEPS; i++) {
            const double x = (double)i / (CAMERA_STEPS - 1);
            t->gamma[g][i] = (uint16_t)(255 * GREY * portable_exp(gamma * portable_log(x)));
        }
    }
    for (size_t i = 0; i < CAMERA_NOISE; i++) {
        const double x = 256 * relief_normal(&r);
        t->noise[i] = (int16_t)(x < -1024 ? -1024 : x > 1024 ? 1024 : x);
    }
    return t;
}

static void draw_blur(float weight[REACH + 1], double sigma)
{
    double w[REACH + 1], sum = 0;
    for (int i = 0; i <= REACH; i++) {
        w[i] = sigma > 0.1 ? portable_exp(-0.5 * i * i / (sigma * sigma)) : i == 0;
        sum += i ? 2 * w[i] : w[i];
    }
    for (int i = 0; i <= REACH; i++)
        weight[i] = (float)(w[i] / sum);
}

struct camera camera_draw(const struct camera_tables *t, struct rng *r)
{
    struct camera c = {.on = true};
    draw_blur(c.blur, rng_range(r, 0, 1.2));
    c.gamma = t->gamma[rng_below(r, CAMERA_GAMMAS)];
    const double exposure = portable_exp(rng_range(r, log_exposure[0], log_exposure[1]));
    for (int i = 0; i < 3; i++)
        c.gain[i] = (float)(exposure * rng_range(r, 0.9, 1.1));
    c.dark = (float)rng_range(r, 0, 0.2);
    c.noise = (int32_t)(GREY * rng_range(r, 0, 6));
    return c;
}

size_t camera_floats(size_t side)
{
    return (side + 2 * REACH) + (2 * REACH + 1) * side;
}

/* Where a line of n is found when it goes on mirrored; n > REACH. */
static size_t mirrored(ptrdiff_t i, size_t n)
{
    return i < 0 ? (size_t)-i : i >= (ptrdiff_t)n ? 2 * n - 2 - (size_t)i : (size_t)i;
}

/* One row to both sides. line: n + 2 REACH numbers. */
static void blur_row(float *out, const float *in, size_t n, const float w[REACH + 1], float *line)
{
    memcpy(line + REACH, in, n * sizeof *in);
    for (size_t i = 0; i < REACH; i++) {
        line[i] = in[REACH - i];
        line[REACH + n + i] = in[n - 2 - i];
    }
    const float *const near[] = {line, line + 1, line + 2, line + 3, line + 4, line + 5, line + 6};
    rows_kernels()->blur(out, near, w, n);
}

/* In place, by a ring of rows blurred sideways: row y lies at y modulo its length. */
static void blur_plane(float *plane, size_t side, const float w[REACH + 1], float *work)
{
    enum { RING = ROWS_BLUR };
    float *line = work, *ring = work + side + 2 * REACH;
    for (size_t y = 0; y < REACH; y++)
        blur_row(ring + y * side, plane + y * side, side, w, line);
    for (size_t y = 0; y < side; y++) {
        const float *near[RING];
        if (y + REACH < side)
            blur_row(ring + (y + REACH) % RING * side, plane + (y + REACH) * side, side, w, line);
        for (int k = -REACH; k <= REACH; k++)
            near[k + REACH] = ring + mirrored((ptrdiff_t)y + k, side) % RING * side;
        rows_kernels()->blur(plane + y * side, near, w, side);
    }
}

static uint8_t to_byte(int32_t grey)
{
    const int32_t x = (grey + GREY / 2) / GREY;
    return (uint8_t)(grey < 0 ? 0 : x > 255 ? 255 : x);
}

static void develop(uint8_t *out, size_t channels, const float *rgb, size_t side, const struct camera *c,
                    const struct camera_tables *t, int32_t *step, struct rng *r)
{
    const float middle = (float)(side - 1) / 2, reach = c->dark / (2 * middle * middle);
    for (size_t y = 0; y < side; y++) {
        const size_t first = rng_u32(r) % CAMERA_NOISE;
        for (size_t k = 0; k < 3; k++) {
            uint8_t *to = out + y * side * channels + k;
            size_t at = first + k;
            rows_kernels()->expose(step, rgb + (k * side + y) * side, c->gain[k], reach, -middle,
                                   (float)y - middle, CAMERA_STEPS - 1, side);
            for (size_t x = 0; x < side; x++, at += 3)
                to[x * channels] = to_byte(c->gamma[step[x]] + t->noise[at % CAMERA_NOISE] * c->noise / 256);
        }
    }
}

void camera_shoot(uint8_t *out, size_t channels, float *rgb, size_t side, const struct camera *c,
                  const struct camera_tables *t, float *work, struct rng *r)
{
    const size_t plane = side * side;
    for (size_t k = 0; k < 3 && c->on; k++)
        blur_plane(rgb + k * plane, side, c->blur, work);
    if (c->on) {
        void *steps = work; /* the blur is done with it */
        develop(out, channels, rgb, side, c, t, steps, r);
        return;
    }
    for (size_t i = 0; i < plane; i++)
        for (size_t k = 0; k < 3; k++) {
            const float v = rgb[k * plane + i];
            out[i * channels + k] = to_byte((int32_t)((v > 1 ? 1 : v) * (255 * GREY)));
        }
}
