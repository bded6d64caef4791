#include "parts/part.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "image/closing.h"
#include "image/noise.h"
#include "image/shape.h"
#include "parts/kinds.h"
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 40, VISIBLE = 3 };

const struct part_kind *const part_kinds[] = {&part_gear,   &part_capsule, &part_circuit, &part_cap,
                                              &part_carpet, &part_leather, &part_wood,    &part_steel,
                                              &part_grid,   NULL};

const struct part_kind *part_find(const char *name)
{
    for (size_t i = 0; part_kinds[i]; i++)
        if (strcmp(part_kinds[i]->name, name) == 0)
            return part_kinds[i];
    return NULL;
}

static void texel_at(struct texel *t, const struct part *p, double x, double y)
{
    double u = x, v = y;
    flaw_warp(&p->flaw, &u, &v);
    u -= p->x;
    v -= p->y;
    struct part_spot s = {(p->cosine * u + p->sine * v) / p->scale, (p->cosine * v - p->sine * u) / p->scale,
                          flaw_bite(&p->flaw, x, y)};
    *t = (struct texel){.part = 1};
    p->kind->draw(t, p, &s);
    flaw_edit(&p->flaw, t, x, y, p->pixel);
}

static void photograph(float *levels, struct texel *work, const struct part *p, size_t size,
                       const struct lamp *lamp)
{
    size_t n = 2 * size;
    for (size_t i = 0; i < n * n; i++) {
        double x = ((double)(i % n) + 0.5) * 2 / (double)n - 1;
        double y = ((double)(i / n) + 0.5) * 2 / (double)n - 1;
        texel_at(work + i, p, x, y);
    }
    surface_photograph(levels, work, size, lamp);
}

static struct part draw_part(const struct part_request *q, struct rng *r)
{
    const struct part_kind *k = q->kind;
    struct part p = {.kind = k, .scale = 1 + 0.25 * rng_range(r, -k->jitter, k->jitter)};
    double turn = rng_range(r, -k->turn, k->turn);
    p.x = rng_range(r, -k->jitter, k->jitter);
    p.y = rng_range(r, -k->jitter, k->jitter);
    p.cosine = shape_cos(turn);
    p.sine = shape_sin(turn);
    p.seed = rng_u32(r);
    p.pixel = 1 / (double)q->size;
    if (k->vary)
        k->vary(&p, r);
    return p;
}

static struct lamp draw_lamp(struct rng *r)
{
    double turn = 0.64 + rng_range(r, -0.025, 0.025), rise = rng_range(r, 0.70, 0.78);
    double across = sqrt(1 - rise * rise), gain = rng_range(r, 0.94, 1.06);
    return (struct lamp){.x = across * shape_cos(turn),
                         .y = across * shape_sin(turn),
                         .z = rise,
                         .key = 0.80 * gain * rng_range(r, 0.95, 1.05),
                         .ambient = 0.42 * gain,
                         .fall_x = rng_range(r, -0.10, 0.02),
                         .fall_y = rng_range(r, -0.10, 0.02),
                         .vignette = rng_range(r, 0.06, 0.14),
                         .red = rng_range(r, 0.985, 1.015),
                         .green = 1,
                         .blue = rng_range(r, 0.985, 1.015)};
}

/* How far the part covers the point. */
static double part_cover(const struct part *p, double x, double y)
{
    struct texel t;
    texel_at(&t, p, x, y);
    return t.part;
}

/* Whether a flaw lies on the part with its middle and half way to both ends. */
static bool lies_on_part(const struct part *p, const struct flaw *f)
{
    for (int i = -1; i <= 1; i++)
        if (part_cover(p, f->x + 0.6 * i * f->size * f->cosine, f->y + 0.6 * i * f->size * f->sine) <= 0.5)
            return false;
    return true;
}

/* A random point on the part or, going outwards from its middle, on its outline. */
static void place_flaw(struct part *good, struct flaw *f, enum flaw_place place, struct rng *r)
{
    for (int i = 0; i < 1000; i++) {
        f->x = rng_range(r, -0.85, 0.85);
        f->y = rng_range(r, -0.85, 0.85);
        if (lies_on_part(good, f))
            break;
    }
    if (place != ON_RIM)
        return;
    double turn = rng_uniform(r), rim = 0;
    for (double away = 0; away < 1; away += 0.005)
        if (part_cover(good, good->x + away * shape_cos(turn), good->y + away * shape_sin(turn)) > 0.5)
            rim = away;
    f->x = good->x + rim * shape_cos(turn);
    f->y = good->y + rim * shape_sin(turn);
}

/* Marks, in changed (w x w), every pixel that differs visibly; the count. */
static size_t find_changes(unsigned char *changed, const float *a, const float *b, size_t pixels)
{
    size_t count = 0;
    for (size_t i = 0; i < pixels; i++) {
        changed[i] = 0;
        for (size_t c = 0; c < 3; c++)
            if (fabsf(a[3 * i + c] - b[3 * i + c]) > VISIBLE)
                changed[i] = 255;
        count += changed[i] != 0;
    }
    return count;
}

/* Sensor noise, the same for a part and its twin: a constant part and one that grows with the light. */
static void develop(struct raster *out, const float *levels, uint32_t seed, double noise)
{
    uint8_t *to = out->samples;
    for (size_t i = 0; i < out->width * out->height * 3; i++) {
        double sigma = noise * (0.7 + 0.3 * levels[i] / 255);
        double v = levels[i] + sigma * noise_normal(seed, (int32_t)(i / 3), (int32_t)(i % 3) * 2);
        to[i] = (uint8_t)floor(shape_min(shape_max(v, 0), 255) + 0.5);
    }
}

/* Draws flaws until one shows; leaves its picture in levels and the changes in mask. */
static void add_flaw(float *levels, unsigned char *mask, const float *good, struct texel *work,
                     struct part *p, const struct part_request *q, const struct lamp *lamp, struct rng *r)
{
    size_t pixels = q->size * q->size, least = pixels / 4000 + 4;
    for (int i = 0; i < ATTEMPTS; i++) {
        struct flaw f = flaw_draw(q->flaw, q->ease, r);
        place_flaw(p, &f, q->flaw->place, r);
        p->flaw = f;
        photograph(levels, work, p, q->size, lamp);
        p->flaw = (struct flaw){0};
        if (find_changes(mask, levels, good, pixels) >= least)
            return;
    }
    die("%s: no visible %s in %d attempts", q->name, q->flaw->name, ATTEMPTS);
}

void part_render(struct raster *image, struct raster *mask, struct raster *twin, const struct part_request *q)
{
    size_t w = q->size, pixels = w * w;
    struct rng r = rng_new(q->seed, hash_bytes(q->name, strlen(q->name)));
    struct part p = draw_part(q, &r);
    struct lamp lamp = draw_lamp(&r);
    double noise = rng_range(&r, 1.2, 2.2);
    uint32_t noise_seed = rng_u32(&r);

    struct texel *work = xmalloc(4 * pixels, sizeof *work);
    float *good = xmalloc(3 * pixels, sizeof *good), *levels = xmalloc(3 * pixels, sizeof *levels);
    unsigned char *changed = xcalloc(pixels, 1);
    photograph(good, work, &p, w, &lamp);
    if (q->flaw) {
        add_flaw(levels, changed, good, work, &p, q, &lamp, &r);
        mask_close(changed, w, w,
                   w / 160 + 1); /* a grain that happens to look like what it lies on leaves no pinhole */
    }
    for (size_t i = 0; i < pixels; i++)
        if (!changed[i])
            memcpy(levels + 3 * i, good + 3 * i, 3 * sizeof *good);

    *image = raster_new(w, w, 3, 255);
    develop(image, levels, noise_seed, noise);
    if (twin) {
        *twin = raster_new(w, w, 3, 255);
        develop(twin, good, noise_seed, noise);
    }
    if (mask) {
        *mask = raster_new(w, w, 1, 255);
        memcpy(mask->samples, changed, pixels);
    }
    free(changed);
    free(levels);
    free(good);
    free(work);
}
