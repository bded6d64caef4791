/* How an image of surfaces comes about:
 *
 *   1  scene_draw   outlines fall from the nearest to the farthest, and each takes the pixels that are free within it.
 *   2  scene_deal   the largest region gets the class that is the image's label, the others any.
 *   3  paint_leaf   again from the nearest: see_leaf finds how much of it is seen in each pixel (outlines are soft, one pixel
 *                   wide), height_row adds bevel and texture to a height, light_row lights its slopes, and cast_shadow darkens
 *                   what comes later.
 *   4  camera_shoot blurs, exposes and develops.
 *
 * Every ingredient draws from a stream of its own, so that switching one off leaves the others as they are. */
#include "surface/paint.h"
#include "base/mem.h"
#include "base/thread.h"
#include "fractal/key.h"
#include "surface/rows.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Part of what an image is: never change one. */
enum { DRAW_SCENE, DRAW_CLASSES, DRAW_LIGHT, DRAW_CAMERA, DRAW_NOISE, DRAW_LEAF = 16 };
/* A soft edge that shows less than this is none. */
#define CLEAR_LEAST (1.0f / 256)
/* Of the ground, which has no outline. */
#define INSIDE 1000.0f
/* Lines of surface_studio.row. */
enum { LINE_ABOVE, LINE_HERE, LINE_POSITION, LINE_TIMES, LINE_PLUS, LINES };

/* The image under way. */
struct canvas {
    const struct surface_world *w;
    struct surface_studio *s;
    size_t side;
    struct light light;
};

/* What a leaf is made of in this image. */
struct skin {
    const struct texture *texture;
    struct placement placement;
    struct gloss gloss;
    float bevel, rise; /* its width in pixels, the slope at its rim; 0: none */
};

static void texture_task(void *arg, size_t i, size_t worker)
{
    (void)worker;
    const struct surface_world *w = arg;
    w->texture[i] = texture_new(w->set->seed, i, &w->set->programs);
}

struct surface_world surface_world_new(const struct surface_set *set)
{
    mem_need(set->classes * (sizeof(struct texture) + RELIEF_TEXELS * sizeof(struct surface_texel)),
             "the textures");
    struct surface_world w = {set, xcalloc(set->classes, sizeof *w.texture), silhouettes_new(set->seed),
                              camera_tables_new()};
    pool_run(set->classes, texture_task, &w);
    return w;
}

void surface_world_free(struct surface_world *w)
{
    for (size_t i = 0; i < w->set->classes; i++)
        texture_free(&w->texture[i]);
    free(w->texture);
    free(w->silhouette);
    free(w->camera);
}

struct surface_studio surface_studio_new(const struct surface_set *set)
{
    const size_t side = set->side, plane = side * side;
    return (struct surface_studio){.scene = scene_new(side),
                                   .distance = xmalloc((side + 2) * (side + 2), sizeof(float)),
                                   .clear = xmalloc(plane, sizeof(float)),
                                   .weight = xmalloc(plane, sizeof(float)),
                                   .lit = xmalloc(plane, sizeof(float)),
                                   .rgb = xmalloc(3 * plane, sizeof(float)),
                                   .row = xmalloc(LINES * (side + 2), sizeof(float)),
                                   .camera = xmalloc(camera_floats(side), sizeof(float)),
                                   .from = xmalloc(side + 2, sizeof(size_t)),
                                   .to = xmalloc(side + 2, sizeof(size_t)),
                                   .colour = xmalloc(COLOURS, sizeof(float[3]))};
}

void surface_studio_free(struct surface_studio *s)
{
    scene_free(&s->scene);
    free(s->distance);
    free(s->clear);
    free(s->weight);
    free(s->lit);
    free(s->rgb);
    free(s->row);
    free(s->camera);
    free(s->from);
    free(s->to);
    free(s->colour);
}

size_t surface_studio_bytes(const struct surface_set *set)
{
    return (set->side + 2) * (set->side + 2) * (7 * sizeof(float) + 1) + sizeof(struct scene);
}

static float *line(const struct canvas *c, size_t which)
{
    return c->s->row + which * (c->side + 2);
}

/* The distance of pixel (x, y), each -1 to side. */
static float *distance_at(const struct canvas *c, ptrdiff_t x, ptrdiff_t y)
{
    return c->s->distance + (size_t)(y + 1) * (c->side + 2) + (size_t)(x + 1);
}

/* Distances in the leaf's box, a pixel more on each side; the ground is the last leaf. */
static void measure(const struct canvas *c, const struct leaf *l)
{
    for (size_t i = 0; i < (c->side + 2) * (c->side + 2) && l->ground; i++)
        c->s->distance[i] = -INSIDE;
    for (ptrdiff_t y = (ptrdiff_t)l->y0 - 1; y <= (ptrdiff_t)l->y1 && !l->ground; y++)
        outline_row(distance_at(c, (ptrdiff_t)l->x0 - 1, y), &l->outline, (ptrdiff_t)l->x0 - 1, y,
                    l->x1 - l->x0 + 2);
}

/* What is seen of the leaf in each pixel of its box, and from where to where in each row (row y at [y + 1]). */
static void see_leaf(const struct canvas *c, const struct leaf *l)
{
    struct surface_studio *s = c->s;
    for (size_t y = l->y0; y < l->y1; y++) {
        const float *d = distance_at(c, (ptrdiff_t)l->x0, (ptrdiff_t)y),
                    *clear = s->clear + y * c->side + l->x0;
        float *weight = s->weight + y * c->side;
        size_t from = l->x0, to = l->x1;
        rows_kernels()->see(weight + from, d, clear, CLEAR_LEAST, to - from);
        while (from < to && !(weight[from] > 0))
            from++;
        while (to > from && !(weight[to - 1] > 0))
            to--;
        s->from[y + 1] = from < to ? from : c->side;
        s->to[y + 1] = from < to ? to : 0;
    }
    s->from[l->y0] = s->from[l->y1 + 1] = c->side;
    s->to[l->y0] = s->to[l->y1 + 1] = 0;
}

/* Heights and positions of pixels from..to-1 of row y, at [x + 1] of their lines. */
static void height_row(const struct canvas *c, const struct skin *skin, float *height, ptrdiff_t from,
                       ptrdiff_t to, ptrdiff_t y)
{
    float *h = height + from + 1;
    const size_t n = (size_t)(to - from);
    texture_row(h, line(c, LINE_POSITION) + from + 1, skin->texture, &skin->placement, from, y, n);
    if (skin->bevel > 0)
        rows_kernels()->bevel(h, distance_at(c, from, y), c->light.relief, skin->bevel,
                              0.5f * skin->rise * skin->bevel, n);
    else
        for (size_t i = 0; i < n; i++)
            h[i] *= c->light.relief;
}

/* Adds the pixels from..to-1 of row y to the picture. */
static void colour_row(const struct canvas *c, size_t from, size_t to, size_t y)
{
    const size_t plane = c->side * c->side, first = y * c->side;
    const float *times = line(c, LINE_TIMES), *plus = line(c, LINE_PLUS), *position = line(c, LINE_POSITION);
    for (size_t x = from; x < to; x++) {
        const float *colour = c->s->colour[(size_t)position[x + 1]];
        const float weight = c->s->weight[first + x];
        float *rgb = c->s->rgb + first + x;
        rgb[0] += weight * (colour[0] * times[x] + plus[x]);
        rgb[plane] += weight * (colour[1] * times[x] + plus[x]);
        rgb[2 * plane] += weight * (colour[2] * times[x] + plus[x]);
        c->s->clear[first + x] -= weight;
    }
}

static void light_pixels(const struct canvas *c, const struct skin *skin, const float *here,
                         const float *above, size_t from, size_t to, size_t y)
{
    float *times = line(c, LINE_TIMES), *plus = line(c, LINE_PLUS);
    if (c->light.on)
        light_row(times + from, plus + from, here + from, above + from + 1, c->s->lit + y * c->side + from,
                  to - from, &c->light, &skin->gloss);
    for (size_t x = from; x < to && !c->light.on; x++)
        times[x] = 1, plus[x] = 0;
}

/* Darkens what lies behind the leaf and is painted later. */
static void cast_shadow(const struct canvas *c, const struct leaf *l)
{
    const struct light *light = &c->light;
    const float softness = 0.5f / light->shadow_blur, dark = 1 - light->shadow_part;
    for (size_t y = l->y0; y < l->y1; y++) {
        const ptrdiff_t to_y = (ptrdiff_t)y + light->shadow_y;
        if (to_y < 0 || to_y >= (ptrdiff_t)c->side)
            continue;
        const float *d = distance_at(c, 0, (ptrdiff_t)y);
        float *lit = c->s->lit + (size_t)to_y * c->side;
        for (size_t x = l->x0; x < l->x1; x++) {
            const ptrdiff_t to_x = (ptrdiff_t)x + light->shadow_x;
            if (to_x < 0 || to_x >= (ptrdiff_t)c->side)
                continue;
            const float in = 0.5f - d[x] * softness, part = in < 0 ? 0 : in > 1 ? 1 : in;
            const float left = 1 - dark * part;
            lit[to_x] = left < lit[to_x] ? left : lit[to_x];
        }
    }
}

static void paint_leaf(const struct canvas *c, const struct leaf *l, const struct skin *skin)
{
    struct surface_studio *s = c->s;
    float *above = line(c, LINE_ABOVE), *here = line(c, LINE_HERE);
    measure(c, l);
    see_leaf(c, l);
    for (size_t row = l->y0; row <= l->y1; row++) { /* of y = row - 1, so that the first has one above it */
        const size_t a = s->from[row] < s->from[row + 1] ? s->from[row] : s->from[row + 1];
        const size_t b = s->to[row] > s->to[row + 1] ? s->to[row] : s->to[row + 1];
        const size_t from = s->from[row], to = s->to[row], y = row - 1;
        if (a < b)
            height_row(c, skin, here, (ptrdiff_t)a - 1, (ptrdiff_t)b, (ptrdiff_t)y);
        if (from < to) {
            light_pixels(c, skin, here, above, from, to, y);
            colour_row(c, from, to, y);
        }
        float *t = above;
        above = here;
        here = t;
    }
    if (c->light.on && c->light.shadow && !l->ground)
        cast_shadow(c, l);
}

static struct skin skin_draw(const struct canvas *c, const struct leaf *l, struct rng *r)
{
    struct skin skin = {.texture = &c->w->texture[l->class]};
    texture_colours(c->s->colour, skin.texture, r);
    skin.placement = placement_draw(r);
    skin.gloss = gloss_draw(r);
    const double bevel = rng_range(r, 2, 6), rise = rng_range(r, 0.3, 1.2);
    skin.bevel = l->ground ? 0 : (float)bevel;
    skin.rise = (float)rise;
    return skin;
}

static void clear_canvas(const struct canvas *c)
{
    const size_t plane = c->side * c->side;
    memset(c->s->rgb, 0, 3 * plane * sizeof(float));
    for (size_t i = 0; i < plane; i++)
        c->s->clear[i] = c->s->lit[i] = 1;
}

static void write_labels(struct raster *out, const struct scene *scene)
{
    uint8_t *samples = out->samples;
    for (size_t i = 0; i < scene->side * scene->side; i++)
        samples[4 * i + 3] = (uint8_t)(scene->leaf[scene->nearest[i]].class + 1);
}

void surface_paint(struct raster *out, const struct surface_world *w, struct surface_studio *s,
                   const struct order_item *item)
{
    const struct surface_set *set = w->set;
    const uint64_t key =
        key_of(key_of(set->seed, KEY_IMAGE, item->class, item->k), KEY_EPOCH, 0, item->epoch);
    struct rng scenes = rng_new(key, DRAW_SCENE), classes = rng_new(key, DRAW_CLASSES);
    struct rng lights = rng_new(key, DRAW_LIGHT), cameras = rng_new(key, DRAW_CAMERA);
    struct rng noise = rng_new(key, DRAW_NOISE);
    struct canvas c = {w, s, set->side, {0}};
    const struct camera camera =
        set->camera ? camera_draw(w->camera, &cameras) : (struct camera){.on = false};
    if (set->light)
        c.light = light_draw(&lights);
    scene_draw(&s->scene, (enum scene_kind)set->scenes.scene[rng_below(&scenes, set->scenes.n)],
               w->silhouette, &scenes);
    scene_deal(&s->scene, item->class, set->classes, &classes);
    clear_canvas(&c);
    for (size_t i = 0; i < s->scene.n; i++) {
        struct rng r = rng_new(key, DRAW_LEAF + i);
        const struct skin skin = skin_draw(&c, &s->scene.leaf[i], &r);
        paint_leaf(&c, &s->scene.leaf[i], &skin);
    }
    camera_shoot(out->samples, out->channels, s->rgb, set->side, &camera, w->camera, s->camera, &noise);
    if (set->labels)
        write_labels(out, &s->scene);
}
