/* circuit: a small printed circuit board with its parts soldered on, on dark foam. */
#include "image/font.h"
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"
#include <string.h>

enum { MISSING = 1, MISPLACED, BRIDGE };
enum { TONE, SHIFT };
static const double HALF_W = 0.84, HALF_H = 0.66;

enum device { CHIP, RESISTOR, CAPACITOR, CAN };

/* Half sides; `turned`: lies upright. Contacts lie at the ends, a chip's along its long sides. */
static const struct component {
    enum device device;
    double x, y, w, h;
    bool turned;
    const char *mark;
} components[] = {
    {CHIP, -0.20, -0.16, 0.24, 0.13, false, "F6980"},    {CHIP, 0.42, 0.25, 0.15, 0.10, false, "LN25"},
    {CAN, 0.58, -0.33, 0.13, 0.13, false, ""},           {CAN, -0.60, 0.36, 0.12, 0.12, false, ""},
    {RESISTOR, -0.62, -0.30, 0.075, 0.04, true, "R1"},   {RESISTOR, -0.62, -0.06, 0.075, 0.04, true, "R2"},
    {RESISTOR, -0.22, 0.22, 0.075, 0.04, false, "R3"},   {RESISTOR, -0.22, 0.38, 0.075, 0.04, false, "R4"},
    {RESISTOR, 0.20, -0.46, 0.075, 0.04, false, "R5"},   {CAPACITOR, 0.28, -0.18, 0.06, 0.045, true, "C1"},
    {CAPACITOR, 0.06, 0.30, 0.06, 0.045, true, "C2"},    {CAPACITOR, 0.66, 0.02, 0.06, 0.045, false, "C3"},
    {CAPACITOR, -0.06, -0.48, 0.06, 0.045, false, "C4"},
};
enum { COMPONENTS = sizeof components / sizeof *components, PINS = 7 };

/* The board's copper, under the lacquer: polylines of three points. */
static const double traces[][6] = {
    {-0.62, -0.225, -0.50, -0.10, -0.40, -0.10}, {-0.62, 0.015, -0.62, 0.14, -0.60, 0.30},
    {-0.145, 0.22, -0.02, 0.22, 0.06, 0.24},     {-0.295, 0.38, -0.40, 0.38, -0.53, 0.36},
    {0.28, -0.12, 0.28, 0.05, 0.35, 0.14},       {0.60, 0.02, 0.48, 0.02, 0.42, 0.14},
    {0.275, -0.46, 0.40, -0.46, 0.50, -0.38},    {-0.12, -0.48, -0.30, -0.48, -0.30, -0.30},
    {0.0, -0.48, 0.10, -0.47, 0.125, -0.46},     {-0.145, 0.38, -0.05, 0.50, 0.60, 0.50},
    {0.72, 0.02, 0.76, 0.10, 0.76, 0.42},        {-0.62, -0.375, -0.55, -0.48, -0.12, -0.56},
    {0.06, 0.36, 0.12, 0.42, 0.36, 0.36},        {-0.10, -0.02, -0.10, 0.10, -0.295, 0.22},
    {0.10, -0.02, 0.10, 0.08, 0.28, 0.22},       {0.02, -0.30, 0.10, -0.36, 0.28, -0.25},
};
enum { TRACES = sizeof traces / sizeof *traces };

static bool picked(const struct part *p, int structure, size_t i)
{
    return p->flaw.structure == structure && p->flaw.pick % COMPONENTS == i;
}

/* Into the component's own frame, its long side along x. */
static void own_frame(const struct component *c, double *x, double *y)
{
    *x -= c->x;
    *y -= c->y;
    if (c->turned) {
        double old = *x;
        *x = *y;
        *y = -old;
    }
}

/* The distance to the nearest pin's middle and a pin's outline. */
static double pins(const struct component *c, double x, double y, double inner, double outer, double half)
{
    double pitch = 2 * c->w / PINS, at = x / pitch + 0.5 * PINS;
    double along = (at - floor(at) - 0.5) * pitch;
    if (fabs(x) > c->w)
        return fabs(x) - c->w + 0.01;
    return shape_box(along, fabs(y) - 0.5 * (inner + outer), half, 0.5 * (outer - inner), 0.004);
}

/* Bare tinned copper where the component is soldered. */
static double pad(const struct component *c, double x, double y)
{
    switch (c->device) {
    case CHIP:
        return pins(c, x, y, c->h - 0.005, c->h + 0.065, 0.013);
    case CAN:
        return shape_box(fabs(x) - 0.8 * c->w, y, 0.05, 0.035, 0.01);
    default:
        return shape_box(fabs(x) - c->w, y, 0.032, c->h + 0.01, 0.008);
    }
}

static void metal(struct texel *t, double tone, double height, double k)
{
    t->height = (float)shape_max(t->height, k * height);
    texel_tint(t, 0.66 * tone, 0.65 * tone, 0.61 * tone, k);
    texel_finish(t, 0.2, 0.85, k);
}

static void body(struct texel *t, double red, double green, double blue, double gloss, double height,
                 double k)
{
    t->height = (float)shape_mix(t->height, height, k);
    texel_tint(t, red, green, blue, k);
    texel_finish(t, gloss, 0, k);
}

static double letters(const char *text, double x, double y, double dot, double pixel)
{
    double u = x / dot + 0.5 * (double)(FONT_ADVANCE * strlen(text)) - 0.5, v = y / dot + 3.5;
    double left = floor(u), top = floor(v);
    if (!font_text_dot(text, (int)left, (int)top))
        return 0;
    return shape_cover(dot * shape_box(u - left - 0.5, v - top - 0.5, 0.5, 0.5, 0.2), pixel);
}

static void draw_chip(struct texel *t, const struct component *c, double x, double y, double pixel)
{
    double lead = pins(c, x, y, c->h - 0.02, c->h + 0.05, 0.009);
    metal(t, 1.05, 0.05 * shape_ramp(c->h + 0.05, c->h, fabs(y)), shape_cover(lead, pixel));
    double d = shape_box(x, y, c->w, c->h, 0.008);
    double dimple = shape_ramp(0.024, 0.016, shape_length(x + c->w - 0.05, y - c->h + 0.05));
    double k = shape_cover(d, pixel);
    body(t, 0.016, 0.016, 0.017, 0.22, 0.085 * shape_bevel(d, 0.02) - 0.008 * dimple, k);
    texel_tint(t, 0.30, 0.30, 0.29, 0.8 * k * letters(c->mark, x, y, 0.0115, pixel));
}

static void draw_two_ended(struct texel *t, const struct component *c, double x, double y, double pixel)
{
    double d = shape_box(x, y, c->w, c->h, 0.006), k = shape_cover(d, pixel);
    double tall = c->device == RESISTOR ? 0.035 : 0.055;
    double height = tall * shape_bevel(d, 0.012), end = shape_cover(0.72 * c->w - fabs(x), pixel);
    if (c->device == RESISTOR)
        body(t, 0.020, 0.020, 0.022, 0.25, height, k);
    else
        body(t, 0.42, 0.29, 0.17, 0.25, height, k);
    metal(t, 1, height, k * end);
    if (c->device == RESISTOR)
        texel_tint(t, 0.50, 0.50, 0.48, 0.85 * k * (1 - end) * letters("103", x, y, 0.0075, pixel));
}

static void draw_can(struct texel *t, const struct component *c, double x, double y, double pixel)
{
    double base = shape_box(x, y, c->w, c->w, 0.02), r = shape_length(x, y), d = r - 0.92 * c->w;
    body(t, 0.014, 0.014, 0.015, 0.2, 0.03 * shape_bevel(base, 0.01), shape_cover(base, pixel));
    double k = shape_cover(d, pixel);
    if (k == 0)
        return;
    metal(t, 1.05, 0.13 * shape_bevel(d, 0.03) - 0.012 * shape_bump(r - 0.72 * c->w, 0.012), k);
    texel_tint(t, 0.02, 0.02, 0.03,
               0.9 * k * shape_cover(x + 0.5 * c->w, pixel)); /* the negative side is marked */
}

static void draw_component(struct texel *t, const struct part *p, size_t i, double x, double y)
{
    const struct component *c = components + i;
    double reach = c->w + c->h + 0.12;
    if (fabs(x - c->x) > reach || fabs(y - c->y) > reach)
        return;
    own_frame(c, &x, &y);
    double solder = shape_cover(pad(c, x, y), p->pixel);
    metal(t, 0.95, 0.008 + 0.006 * noise_smooth(p->seed + 5, 25 * (x + c->x), 25 * (y + c->y)), solder);
    if (picked(p, MISSING, i))
        return;
    if (picked(p, MISPLACED, i)) {
        double turn = (0.02 + 0.07 * p->flaw.strength) * (p->flaw.pick & 1024 ? 1 : -1), old = x;
        double cosine = shape_cos(turn), sine = shape_sin(turn);
        x = cosine * x + sine * y - 0.02 * p->flaw.strength;
        y = cosine * y - sine * old + 0.02 * p->flaw.strength;
    }
    if (c->device == CHIP)
        draw_chip(t, c, x, y, p->pixel);
    else if (c->device == CAN)
        draw_can(t, c, x, y, p->pixel);
    else
        draw_two_ended(t, c, x, y, p->pixel);
}

static double copper(double x, double y)
{
    double d = 9;
    for (size_t i = 0; i < TRACES; i++) {
        const double *q = traces[i];
        d = shape_min(d, shape_segment(x, y, q[0], q[1], q[2], q[3]) - 0.014);
        d = shape_min(d, shape_segment(x, y, q[2], q[3], q[4], q[5]) - 0.014);
    }
    return d;
}

/* White print: the frames of the components, their names, the maker's. */
static double silkscreen(double x, double y, double pixel)
{
    double k = letters("FERN REV B", x - 0.36, y + 0.575, 0.0095, pixel);
    for (size_t i = 0; i < COMPONENTS; i++) {
        const struct component *c = components + i;
        double u = x, v = y;
        own_frame(c, &u, &v);
        if (c->device == CAN) {
            double d = shape_box(u, v, c->w + 0.025, c->h + 0.025, 0.03);
            k = shape_max(k, shape_cover(fabs(d) - 0.004, pixel));
        } else if (c->device != CHIP) {
            double away = c->turned ? 0 : c->h + 0.045, aside = c->turned ? -c->h - 0.06 : 0;
            k = shape_max(k, letters(c->mark, x - c->x - aside, y - c->y - away, 0.0085, pixel));
        }
    }
    return k;
}

static void draw_board(struct texel *t, const struct part *p, double x, double y, double k)
{
    double tone = p->trait[TONE] * (1 + 0.04 * noise_smooth(p->seed + 1, 12 * x, 12 * y));
    double trace = shape_cover(copper(x, y), 2 * p->pixel);
    body(t, 0.012 * tone, 0.110 * tone, 0.040 * tone, 0.45, 0.04 + 0.003 * trace, k);
    texel_tint(t, 0.030 * tone, 0.215 * tone, 0.070 * tone, k * trace);
    texel_tint(t, 0.72, 0.72, 0.69, 0.9 * k * silkscreen(x, y, p->pixel));
    for (int i = 0; i < 4; i++) { /* plated holes for screws */
        double r =
            shape_length(x - (i & 1 ? 1 : -1) * (HALF_W - 0.09), y - (i & 2 ? 1 : -1) * (HALF_H - 0.09));
        double ring = k * shape_cover(r - 0.06, p->pixel), bore = k * shape_cover(r - 0.036, p->pixel);
        texel_tint(t, 0.62, 0.43, 0.17, ring);
        texel_finish(t, 0.2, 0.8, ring);
        body(t, 0.010, 0.010, 0.011, 0, 0, bore);
    }
}

/* Solder that runs from pin to pin. */
static void draw_bridge(struct texel *t, const struct part *p, double x, double y)
{
    const struct component *c = components + (p->flaw.pick & 1);
    int pin = (int)(p->flaw.pick >> 2 & 255) % (PINS - 1), far = p->flaw.strength > 0.5 ? 2 : 1;
    double pitch = 2 * c->w / PINS, side = p->flaw.pick & 2 ? 1 : -1, from = (pin + 0.5) * pitch - c->w;
    double to = shape_min(from + far * pitch, c->w - 0.5 * pitch);
    own_frame(c, &x, &y);
    double wavy = 0.006 * noise_smooth(p->flaw.seed, 30 * x, 30 * y), at = side * (c->h + 0.035);
    double d = shape_segment(x, y, from, at, to, at) - 0.019 - wavy;
    metal(t, 1.1, 0.01 + 0.04 * shape_bevel(d, 0.02), shape_cover(d, p->pixel));
}

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x, y = s->y;
    double foam = 0.022 * (1 + 0.25 * noise_fractal(p->seed, 60 * x, 60 * y, 2));
    *t = (struct texel){.red = (float)foam, .green = (float)(1.02 * foam), .blue = (float)(1.1 * foam)};
    double d = shape_max(shape_box(x, y, HALF_W, HALF_H, 0.03), -s->bite), k = shape_cover(d, p->pixel);
    if (k == 0)
        return;
    draw_board(t, p, x, y, k);
    for (size_t i = 0; i < COMPONENTS; i++)
        draw_component(t, p, i, x, y);
    if (p->flaw.structure == BRIDGE)
        draw_bridge(t, p, x, y);
    t->part = (float)k;
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[TONE] = rng_range(r, 0.92, 1.10);
}

static const struct flaw_recipe flaws[] = {
    {.name = "bridge", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = BRIDGE},
    {.name = "burn",
     .form = FLAW_STAIN,
     .smallest = 0.09,
     .largest = 0.18,
     .red = 0.028,
     .green = 0.018,
     .blue = 0.010},
    {.name = "misplaced", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = MISPLACED},
    {.name = "missing", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = MISSING},
    {.name = "scratch",
     .form = FLAW_SCRATCH,
     .smallest = 0.15,
     .largest = 0.35,
     .red = 0.62,
     .green = 0.42,
     .blue = 0.20,
     .metal = 0.5},
    {0}};

const struct part_kind part_circuit = {.name = "circuit",
                                       .about = "printed circuit board",
                                       .flaws = flaws,
                                       .jitter = 0.025,
                                       .turn = 0.006,
                                       .vary = vary,
                                       .draw = draw};
