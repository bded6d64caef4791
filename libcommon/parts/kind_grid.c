/* grid: welded wire mesh over a dark ground. */
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"

enum { MISSING_WIRE = 1 };
enum { PHASE_X, PHASE_Y, TONE };
static const double PITCH = 0.22, WIRE = 0.036;

/* Height of the wires of one direction at distance d from the nearest one's middle; -1 beside it. */
static double wire(double d, double base)
{
    return fabs(d) < WIRE ? base + sqrt(WIRE * WIRE - d * d) : -1;
}

/* Wire number i is interrupted at `along`. */
static bool missing(const struct part *p, bool upright, int i, double along)
{
    const struct flaw *f = &p->flaw;
    if (f->structure != MISSING_WIRE || upright != (f->pick & 1))
        return false;
    int which = (int)(f->pick >> 1 & 3) - 2;
    double from = ((double)(f->pick >> 4 & 255) / 255 - 0.5) * 1.2;
    double ragged = 0.012 * noise_smooth(f->seed, 20 * along, i);
    return i == which && fabs(along - from) < 0.06 + 0.25 * f->strength + ragged;
}

static void draw(struct texel *t, const struct part *p, const struct part_spot *s)
{
    double x = s->x + p->trait[PHASE_X], y = s->y + p->trait[PHASE_Y];
    int i = (int)floor(x / PITCH + 0.5), j = (int)floor(y / PITCH + 0.5);
    double a = x - i * PITCH, b = y - j * PITCH;
    double wobble_x = 0.004 * noise_smooth(p->seed, 3 * y, i + 0.5),
           wobble_y = 0.004 * noise_smooth(p->seed + 1, 3 * x, j + 0.5);
    /* plain weave: over and under in turn */
    double over = 0.55 * WIRE * shape_cos(0.5 * y / PITCH + 0.5 * i),
           under = 0.55 * WIRE * shape_cos(0.5 * x / PITCH + 0.5 * j + 0.5);
    double upright = missing(p, true, i, y) ? -1 : wire(a + wobble_x, 0.06 + over);
    double level = missing(p, false, j, x) ? -1 : wire(b + wobble_y, 0.06 + under);
    double height = shape_max(upright, level);
    double ground = 0.030 * (1 + 0.15 * noise_fractal(p->seed + 2, 30 * x, 30 * y, 2));
    *t = (struct texel){.red = (float)(1.1 * ground), .green = (float)ground, .blue = (float)(0.95 * ground)};
    if (height < 0)
        return;
    double grain = noise_smooth(p->seed + 3, 50 * x, 50 * y), tone = p->trait[TONE] * (1 + 0.06 * grain);
    t->height = (float)(height + 0.0004 * grain);
    texel_tint(t, 0.58 * tone, 0.59 * tone, 0.60 * tone, 1);
    texel_finish(t, 0.2, 0.8, 1);
    t->part = 1;
}

static void vary(struct part *p, struct rng *r)
{
    p->trait[PHASE_X] = rng_range(r, 0, 2) * PITCH;
    p->trait[PHASE_Y] = rng_range(r, 0, 2) * PITCH;
    p->trait[TONE] = rng_range(r, 0.92, 1.05);
}

static const struct flaw_recipe flaws[] = {
    {.name = "bent", .form = FLAW_BEND, .smallest = 0.13, .largest = 0.24},
    {.name = "broken", .form = FLAW_STRUCTURE, .smallest = 0.1, .largest = 0.1, .structure = MISSING_WIRE},
    {.name = "contamination",
     .form = FLAW_DEBRIS,
     .smallest = 0.13,
     .largest = 0.20,
     .red = 0.22,
     .green = 0.15,
     .blue = 0.09},
    {.name = "rust",
     .form = FLAW_STAIN,
     .smallest = 0.14,
     .largest = 0.28,
     .red = 0.24,
     .green = 0.085,
     .blue = 0.025},
    {.name = "thread",
     .form = FLAW_THREAD,
     .smallest = 0.25,
     .largest = 0.5,
     .red = 0.60,
     .green = 0.12,
     .blue = 0.10},
    {0}};

const struct part_kind part_grid = {.name = "grid",
                                    .about = "woven wire mesh",
                                    .texture = true,
                                    .flaws = flaws,
                                    .jitter = 0.05,
                                    .turn = 0.01,
                                    .vary = vary,
                                    .draw = draw};
