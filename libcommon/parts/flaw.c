#include "parts/flaw.h"
#include "image/noise.h"
#include "image/shape.h"

/* (x, y) in the flaw's own frame: a along it, b across. */
struct local {
    double a, b, r;
};

static struct local local_at(const struct flaw *f, double x, double y)
{
    double dx = x - f->x, dy = y - f->y;
    struct local p = {f->cosine * dx + f->sine * dy, f->cosine * dy - f->sine * dx, 0};
    p.r = shape_length(dx, dy);
    return p;
}

/* Coverage of a line of half width `width` that tapers towards its ends at a = -size and size and whose
 * middle wanders by `wander`. *across: the distance from its middle. */
static double line_cover(const struct flaw *f, struct local p, double width, double wander, double pixel,
                         double *across)
{
    double t = p.a / f->size;
    double middle = wander * f->size * (noise_smooth(f->seed, 1.7 * t, 0.5) + 0.5 * t * t);
    *across = p.b - middle;
    if (fabs(t) >= 1)
        return 0;
    double w = width * sqrt(1 - t * t) * (1 + 0.3 * noise_smooth(f->seed + 1, 9 * t, 3.5));
    return shape_cover(fabs(*across) - w, 2 * pixel);
}

static void scratch(const struct flaw *f, struct texel *t, struct local p, double pixel)
{
    double across, width = 0.006 + 0.008 * f->strength;
    double k = line_cover(f, p, width, 0.25, pixel, &across) * t->part;
    double patchy = 0.85 + 0.15 * noise_smooth(f->seed + 2, 22 * p.a, 7 * p.b);
    texel_tint(t, f->red, f->green, f->blue, k * patchy * (0.25 + 0.65 * f->strength));
    texel_finish(t, 0.1, f->metal, k * f->strength);
    texel_raise(t, -0.008 * f->strength * k);
}

static void cut(const struct flaw *f, struct texel *t, struct local p, double pixel)
{
    double across, width = 0.008 + 0.012 * f->strength;
    double k = line_cover(f, p, width, 0.18, pixel, &across) * t->part;
    double lip =
        shape_bump(fabs(across) - 2.2 * width, 1.8 * width) * shape_ramp(1, 0.8, fabs(p.a) / f->size);
    texel_raise(t, (0.012 * lip * t->part - 0.05 * k) * f->strength);
    texel_tint(t, f->red, f->green, f->blue, k * (0.3 + 0.65 * f->strength));
    texel_finish(t, 0, 0, k);
}

/* The middle of a crack's line at a: a broken walk of three scales. */
static double jagged(uint32_t seed, double a, double size)
{
    double t = 5 * a / size, sum = 0;
    for (int k = 0; k < 3; k++) {
        double left = floor(t), u = t - left;
        double from = noise_white(seed, (int32_t)left, k), to = noise_white(seed, (int32_t)left + 1, k);
        sum += (shape_mix(from, to, u) - 0.5) * 0.22 / (1 << k);
        t = 2.3 * t + 0.4;
    }
    return sum * size;
}

static void crack(const struct flaw *f, struct texel *t, struct local p, double pixel)
{
    double s = p.a / f->size, width = (0.004 + 0.007 * f->strength) * shape_ramp(1, 0.5, fabs(s));
    double d = fabs(s) < 1 ? fabs(p.b - jagged(f->seed, p.a, f->size)) - width : 1;
    double away = p.a - 0.1 * f->size; /* the branch leaves here, upwards */
    if (away > 0 && away < 0.6 * f->size) {
        double from = jagged(f->seed, 0.1 * f->size, f->size);
        double branch =
            from + 0.8 * away + jagged(f->seed + 7, away, f->size) - jagged(f->seed + 7, 0, f->size);
        d = shape_min(d, 0.75 * fabs(p.b - branch) - 0.7 * width * (1 - away / (0.6 * f->size)));
    }
    double k = shape_cover(d, 2 * pixel) * t->part;
    texel_tint(t, f->red, f->green, f->blue, k * (0.35 + 0.6 * f->strength));
    texel_finish(t, 0, 0, k);
    texel_raise(t, -0.03 * f->strength * k);
}

/* r / size of a blob with a wavy outline: 1 on it. */
static double blob(const struct flaw *f, double x, double y, double waviness, double frequency)
{
    double u = (x - f->x) / f->size, v = (y - f->y) / f->size;
    double r = shape_length(u, v);
    return r / (1 + waviness * noise_fractal(f->seed, frequency * u + 3, frequency * v, 3));
}

static void hole(const struct flaw *f, struct texel *t, double x, double y, double pixel)
{
    double d = blob(f, x, y, 0.22, 1.6);
    double k = shape_cover((d - 1) * f->size, 2 * pixel) * t->part;
    double rim = shape_bump(d - 1.22, 0.3) * t->part;
    texel_raise(t, (0.018 * rim - 0.09 * k) * (0.3 + 0.7 * f->strength));
    double deep = k * (0.35 + 0.6 * f->strength);
    double rough = 0.7 + 0.3 * noise_smooth(f->seed + 9, 40 * x, 40 * y);
    texel_tint(t, f->red * rough, f->green * rough, f->blue * rough, deep);
    texel_finish(t, 0, 0, k);
}

static void stain(const struct flaw *f, struct texel *t, double x, double y)
{
    double d = blob(f, x, y, 0.45, 1.1);
    double k = shape_ramp(1, 0.86, d) * t->part;
    double edge = shape_bump(d - 0.88, 0.14); /* a drop dries darkest at its rim */
    double mottled = 0.62 + 0.38 * noise_fractal(f->seed + 4, 14 * x, 14 * y, 3);
    k *=
        shape_clamp(0.55 * shape_clamp(mottled) + 0.45 + 0.3 * edge) * shape_min(0.30 + 0.8 * f->strength, 1);
    texel_tint(t, f->red, f->green, f->blue, k);
    texel_finish(t, 0.05, 0, k);
}

static void colour(const struct flaw *f, struct texel *t, double x, double y)
{
    double k = shape_ramp(1, 0.55, blob(f, x, y, 0.35, 0.9)) * t->part * (0.2 + 0.65 * f->strength);
    double grey = 0.3 * t->red + 0.6 * t->green + 0.1 * t->blue;
    double of = 0.3 * f->red + 0.6 * f->green + 0.1 * f->blue, gain = 0.4 + 0.6 * grey / of;
    texel_tint(t, f->red * gain, f->green * gain, f->blue * gain, k);
}

static void debris(const struct flaw *f, struct texel *t, double x, double y, double pixel)
{
    int grains = 3 + (int)(f->seed % 6);
    for (int i = 0; i < grains; i++) {
        double away = f->size * sqrt(noise_white(f->seed, i, 1)), turn = noise_white(f->seed, i, 2);
        double big = f->size * (0.16 + 0.24 * noise_white(f->seed, i, 3));
        double u = x - f->x - away * shape_cos(turn), v = y - f->y - away * shape_sin(turn);
        double along = noise_white(f->seed, i, 4), c = shape_cos(along), s = shape_sin(along);
        double a = c * u + s * v, b = (c * v - s * u) * (1.2 + 1.6 * noise_white(f->seed, i, 5));
        double r = shape_length(a, b);
        if (r > 1.5 * big)
            continue;
        double d = r / (1 + 0.3 * noise_smooth(f->seed + (uint32_t)i, 2 * a / big, 2 * b / big)) - big;
        double k = shape_cover(d, 2 * pixel);
        double shade = 0.6 + 0.8 * noise_white(f->seed, i, 6);
        texel_raise(t, k * shape_bevel(d, big) * 0.8 * big);
        k *= 0.4 + 0.6 * f->strength;
        texel_tint(t, f->red * shade, f->green * shade, f->blue * shade, k);
        texel_finish(t, 0.3, f->metal, k);
    }
}

static void thread(const struct flaw *f, struct texel *t, struct local p, double pixel)
{
    double s = p.a / f->size, width = 0.009 + 0.006 * f->strength;
    if (fabs(s) > 1.1)
        return;
    double bow = 0.35 + 0.3 * noise_white(f->seed, 1, 1), phase = noise_white(f->seed, 2, 2);
    double middle = bow * f->size * shape_sin(0.55 * s + phase),
           steep = 3.456 * bow * shape_cos(0.55 * s + phase);
    double d = fabs(p.b - middle) / sqrt(1 + steep * steep);
    d = shape_max(d, (fabs(s) - 1) * f->size + d) - width;
    double k = shape_cover(d, 2 * pixel), round = shape_bevel(d, width);
    double twist = 0.85 + 0.15 * shape_cos((p.a + 0.6 * (p.b - middle)) / (2.5 * width));
    texel_raise(t, k * (0.012 + width * round));
    k *= 0.3 + 0.7 * f->strength;
    texel_tint(t, f->red * twist, f->green * twist, f->blue * twist, k);
    texel_finish(t, 0.05, 0, k);
}

static void dent(const struct flaw *f, struct texel *t, struct local p)
{
    double k = shape_bump(shape_length(p.a, 1.3 * p.b), f->size) * t->part;
    texel_raise(t, -(0.05 + 0.20 * f->strength) * f->size * k);
}

static void fold(const struct flaw *f, struct texel *t, struct local p)
{
    double s = p.a / f->size, middle = 0.15 * f->size * noise_smooth(f->seed, 1.5 * s, 0.5);
    double along = shape_ramp(1, 0.5, fabs(s)), width = 0.045 * (0.5 + along);
    double k = along * t->part;
    texel_raise(t,
                k * (0.012 + 0.04 * f->strength) *
                    (shape_bump(p.b - middle, width) - 0.5 * shape_bump(p.b - middle - width, 0.7 * width)));
}

static void glue(const struct flaw *f, struct texel *t, double x, double y)
{
    double d = blob(f, x, y, 0.3, 1.0);
    double k = shape_ramp(1, 0.93, d) * t->part;
    double dome = 0.15 * f->size * sqrt(shape_clamp(1 - d * d));
    t->height = (float)(shape_mix(t->height, 0.6 * t->height + dome, k * (0.4 + 0.6 * f->strength)));
    texel_tint(t, f->red, f->green, f->blue, k * (0.08 + 0.4 * f->strength));
    texel_finish(t, 0.2 + 0.8 * f->strength, 0, k);
}

static void fingerprint(const struct flaw *f, struct texel *t, struct local p)
{
    double a = p.a / f->size, b = p.b / (0.72 * f->size), r = shape_length(a, b);
    double whorl = shape_length(a + 0.25, b * 0.8) + 0.12 * noise_smooth(f->seed, 2 * a, 2 * b);
    double ridge = shape_ramp(-0.5, 0.5, shape_cos(7.5 * whorl));
    double pressed = shape_ramp(1, 0.75, r + 0.15 * noise_fractal(f->seed + 1, 3 * a, 3 * b, 3));
    double k = pressed * (0.25 + 0.75 * ridge) * t->part * (0.25 + 0.6 * f->strength);
    texel_tint(t, f->red, f->green, f->blue, k);
    texel_finish(t, 0.1, 0.3, k);
}

double flaw_bite(const struct flaw *f, double x, double y)
{
    if (f->form != FLAW_BITE)
        return 9;
    double rough = 1 + 0.25 * noise_fractal(f->seed, 9 * x, 9 * y, 3);
    struct local p = local_at(f, x, y);
    return shape_length(p.a, 1.4 * p.b) * rough - f->size;
}

void flaw_warp(const struct flaw *f, double *x, double *y)
{
    if (f->form != FLAW_BEND)
        return;
    struct local p = local_at(f, *x, *y);
    double shift = (0.25 + 0.4 * f->strength) * f->size * shape_bump(p.r, 1.6 * f->size);
    *x += f->sine * shift;
    *y -= f->cosine * shift;
}

void flaw_edit(const struct flaw *f, struct texel *t, double x, double y, double pixel)
{
    struct local p = local_at(f, x, y);
    switch (f->form) {
    case FLAW_SCRATCH:
        scratch(f, t, p, pixel);
        break;
    case FLAW_CUT:
        cut(f, t, p, pixel);
        break;
    case FLAW_CRACK:
        crack(f, t, p, pixel);
        break;
    case FLAW_HOLE:
        hole(f, t, x, y, pixel);
        break;
    case FLAW_STAIN:
        stain(f, t, x, y);
        break;
    case FLAW_COLOUR:
        colour(f, t, x, y);
        break;
    case FLAW_DEBRIS:
        debris(f, t, x, y, pixel);
        break;
    case FLAW_THREAD:
        thread(f, t, p, pixel);
        break;
    case FLAW_DENT:
        dent(f, t, p);
        break;
    case FLAW_FOLD:
        fold(f, t, p);
        break;
    case FLAW_GLUE:
        glue(f, t, x, y);
        break;
    case FLAW_PRINT:
        fingerprint(f, t, p);
        break;
    default: /* the rest changes the drawing, not the texel */
        break;
    }
}

struct flaw flaw_draw(const struct flaw_recipe *recipe, double ease, struct rng *r)
{
    double turn = recipe->upright ? rng_range(r, 0.23, 0.27) : rng_uniform(r);
    struct flaw f = {.form = recipe->form,
                     .cosine = shape_cos(turn),
                     .sine = shape_sin(turn),
                     .size = rng_range(r, recipe->smallest, recipe->largest) * (0.6 + 0.6 * ease),
                     .strength = shape_clamp((0.15 + 0.85 * ease) * rng_range(r, 0.85, 1.15)),
                     .red = recipe->red,
                     .green = recipe->green,
                     .blue = recipe->blue,
                     .metal = recipe->metal,
                     .structure = recipe->structure};
    f.pick = rng_u32(r);
    f.seed = rng_u32(r);
    return f;
}
