#include "fractal/picture.h"
#include "base/mem.h"
#include "fractal/fractaldb.h"
#include "fractal/key.h"
#include <stdlib.h>
#include <string.h>

/* Objects of a multi picture are drawn at half the canvas's resolution. */
static size_t tile_side(const struct recipe *recipe)
{
    return recipe->side / 2;
}

static size_t size_most(const struct recipe *recipe)
{
    return (size_t)((double)recipe->side * recipe->size_hi) + 1;
}

size_t studio_bytes(const struct recipe *recipe)
{
    size_t side = recipe->side, pixels = side * side;
    return recipe->points * 9 + 2 * 6 * (side + 2) * (side + 2) + COLOUR_TABLE * 4 + pixels + 9 * side +
           (4 * background_floats(side, recipe->background));
}

struct studio studio_new(const struct recipe *recipe)
{
    size_t side = recipe->side, tile = tile_side(recipe);
    bool maps = recipe->colour == COLOUR_MAP;
    return (struct studio){.points = points_new(recipe->points, maps),
                           .density = density_new(side, maps),
                           .patched = density_new(side, maps),
                           .ink = {.table = xmalloc(COLOUR_TABLE, sizeof(uint32_t))},
                           .tile = xmalloc(tile * tile, sizeof(uint32_t)),
                           .heights = xmalloc(background_floats(side, recipe->background), sizeof(float)),
                           .blur = xmalloc(9 * side, 1),
                           .compose = compose_work_new(tile, size_most(recipe))};
}

void studio_free(struct studio *s)
{
    points_free(&s->points);
    density_free(&s->density);
    density_free(&s->patched);
    free(s->ink.table);
    free(s->tile);
    free(s->heights);
    free(s->blur);
    compose_work_free(&s->compose);
}

/* The whole attractor, or a window: shifted by up to a fifth of the extent, half to twice as large, per axis. */
static struct canvas_view choose_view(const struct recipe *recipe, const struct chaos_points *p, size_t side,
                                      struct rng *r)
{
    double lo[2] = {p->x_lo, p->y_lo}, hi[2] = {p->x_hi, p->y_hi};
    for (int axis = 0; axis < 2 && recipe->window; axis++) {
        double extent = hi[axis] - lo[axis], centre = (lo[axis] + hi[axis]) / 2;
        centre += extent * rng_range(r, -0.2, 0.2);
        double half = extent * rng_range(r, 0.5, 2) / 2;
        lo[axis] = centre - half;
        hi[axis] = centre + half;
    }
    struct canvas_view v = view_of(lo[0], hi[0], lo[1], hi[1], side);
    uint32_t coins = rng_u32(r);
    v.transpose = recipe->flip && (coins & 1);
    v.flip_rows = recipe->flip && (coins & 2);
    v.flip_columns = recipe->flip && (coins & 4);
    return v;
}

/* One fractal as counts and a colour for each count. */
static const struct density *draw_fractal(struct studio *s, const struct recipe *recipe, size_t system,
                                          size_t side, uint64_t stream, struct rng *r)
{
    struct ifs ifs;
    const struct density *d = &s->density;
    source_system(&recipe->source, system, &ifs);
    ifs_jitter(&ifs, recipe->jitter, r);
    chaos_game(&s->points, recipe->points, &ifs, r->seed, stream);
    struct canvas_view v = choose_view(recipe, &s->points, side, r);
    density_count(&s->density, side, &s->points, &v);
    if (recipe->patch) {
        density_patch(&s->patched, &s->density, (unsigned)rng_below(r, 512));
        d = &s->patched;
    }
    ink_draw(&s->ink, recipe->colour, recipe->tone, density_max(d), r);
    return d;
}

static void place_object(uint8_t *rgb, struct studio *s, const struct recipe *recipe, size_t class,
                         uint64_t stream, struct rng *r)
{
    size_t block = recipe_block(recipe), side = recipe->side, tile = tile_side(recipe);
    size_t system = class * block + rng_below(r, block);
    memset(s->tile, 0, tile * tile * sizeof *s->tile);
    colour_tile(s->tile, draw_fractal(s, recipe, system, tile, stream, r), &s->ink);
    const struct compose_place at = compose_place_draw(side, recipe->size_lo, recipe->size_hi, r);
    compose_tile(rgb, side, s->tile, tile, at.size, at.top, at.left, &s->compose);
}

static void paint_fractaldb(uint8_t *rgb, const struct recipe *recipe, struct studio *s, size_t class,
                            size_t k, uint64_t epoch)
{
    size_t system = recipe_system(recipe, class, k);
    uint32_t wheel[FRACTALDB_WHEEL];
    struct ifs ifs;
    /* All images of a system in an epoch have the same chains, as published; masks differ by k / 100. */
    uint64_t chains = key_of(recipe->seed, KEY_CHAINS, system, epoch);
    struct rng r = rng_new(key_of(chains, KEY_IMAGE, class, k / (4 * FRACTALDB_WEIGHTS)), STREAM_PATCHES);
    source_system(&recipe->source, system, &ifs);
    ifs_weight_row(&ifs, k / 4 % FRACTALDB_WEIGHTS, recipe->weight);
    chaos_game(&s->points, recipe->points, &ifs, chains, STREAM_CHAINS);
    fractaldb_wheel(wheel, recipe->colour != COLOUR_NONE);
    memset(rgb, 0, 3 * recipe->side * recipe->side);
    fractaldb_paint(rgb, recipe->side, &s->points, k & 1, k & 2, wheel, &r);
}

void picture_paint(uint8_t *rgb, const struct recipe *recipe, struct studio *s, size_t class, size_t k,
                   uint64_t epoch)
{
    uint64_t key = key_of(key_of(recipe->seed, KEY_IMAGE, class, k), KEY_EPOCH, 0, epoch);
    struct rng r = rng_new(key, STREAM_CHOICES), cloud = rng_new(key, STREAM_BACKGROUND);
    if (recipe->mode == MODE_FRACTALDB) {
        paint_fractaldb(rgb, recipe, s, class, k, epoch);
        return;
    }
    background_paint(rgb, recipe->side, recipe->background, s->heights, &cloud);
    if (recipe->mode == MODE_SINGLE) {
        const struct density *d =
            draw_fractal(s, recipe, recipe_system(recipe, class, k), recipe->side, STREAM_CHAINS, &r);
        colour_paint(rgb, d, &s->ink);
    } else {
        size_t objects = recipe->objects_lo + rng_below(&r, recipe->objects_hi - recipe->objects_lo + 1);
        for (size_t i = 0; i < objects; i++)
            place_object(rgb, s, recipe, class, STREAM_CHAINS + CHAOS_CHAINS * i, &r);
    }
    if (rng_uniform(&r) < recipe->blur)
        blur3(rgb, recipe->side, rng_range(&r, 0.5, 1), s->blur);
}
