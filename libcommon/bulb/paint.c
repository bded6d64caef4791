#include "bulb/paint.h"
#include "base/mem.h"
#include "bulb/key.h"
#include "fractal/background.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float AMBIENT = 0.3f, DIFFUSE = 0.9f, LIT = 0.2f;

/* Uniform on the sphere, from a point drawn in the cube until it lies in the ball. */
static void draw_direction(float out[3], struct rng *r)
{
    double v[3], square;
    do {
        square = 0;
        for (int a = 0; a < 3; a++) {
            v[a] = rng_range(r, -1, 1);
            square += v[a] * v[a];
        }
    } while (square > 1 || square < 1e-4);
    for (int a = 0; a < 3; a++)
        out[a] = (float)(v[a] / sqrt(square));
}

struct bulb_ink bulb_ink_draw(enum bulb_light light, const struct bulb_camera *camera, struct rng *r)
{
    struct bulb_ink ink = {.shadows = light == BULB_FIXED};
    for (int k = 0; k < BULB_TRAPS; k++)
        for (int c = 0; c < 3; c++)
            ink.colour[k][c] = (float)rng_uniform(r);
    memcpy(ink.lamp, bulb_lamp, sizeof ink.lamp);
    if (light == BULB_RANDOM) {
        float along = 0;
        draw_direction(ink.lamp, r);
        for (int a = 0; a < 3; a++)
            along += ink.lamp[a] * camera->forward[a];
        for (int a = 0; a < 3; a++)
            ink.lamp[a] = along > 0 ? -ink.lamp[a] : ink.lamp[a];
    }
    return ink;
}

/* What a byte of a trap's plane gives to each channel. */
static void tabulate(float table[BULB_TRAPS][256][3], const struct bulb_ink *ink)
{
    for (int k = 0; k < BULB_TRAPS; k++)
        for (int i = 0; i < 256; i++) {
            const float t = (float)i / 255, t2 = t * t, t4 = t2 * t2;
            for (int c = 0; c < 3; c++)
                table[k][i][c] = ink->colour[k][c] * (k == 0 ? t : t4 * t4 * t2);
        }
}

void bulb_colour(uint32_t *tile, const uint8_t *planes, size_t side, const struct bulb_ink *ink)
{
    const size_t n = side * side;
    float table[BULB_TRAPS][256][3];
    tabulate(table, ink);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = planes + i;
        if (p[0] == BULB_EMPTY) {
            tile[i] = 0;
            continue;
        }
        float cosine = 0;
        uint32_t word = 0;
        for (size_t a = 0; a < 3; a++)
            cosine += ink->lamp[a] * ((float)p[(BULB_NORMAL + a) * n] - 128) * (1 / 127.0f);
        const float shade =
            (AMBIENT + DIFFUSE * (cosine > 0 ? cosine : 0)) * (float)p[BULB_RADIUS * n] * (4 / 255.0f);
        const float lit = !ink->shadows || p[0] == BULB_LIT ? LIT : 0;
        for (size_t c = 0; c < 3; c++) {
            float v = lit;
            for (size_t k = 0; k < BULB_TRAPS; k++)
                v += shade * table[k][p[(BULB_TRAP + k) * n]][c];
            word |= (uint32_t)(v >= 1 ? 255 : 255 * v + 0.5f) << (8 * c);
        }
        tile[i] = word ? word : 0x010101;
    }
}

void bulb_halve(uint32_t *tile, size_t side)
{
    const size_t half = side / 2;
    for (size_t y = 0; y < half; y++)
        for (size_t x = 0; x < half; x++) {
            const uint32_t *p = tile + 2 * y * side + 2 * x;
            const uint32_t four[4] = {p[0], p[1], p[side], p[side + 1]};
            uint32_t red = 0, green = 0, blue = 0, n = 0;
            for (int i = 0; i < 4; i++) {
                red += four[i] & 255;
                green += four[i] >> 8 & 255;
                blue += four[i] >> 16;
                n += four[i] != 0;
            }
            const uint32_t mean = n ? red / n | green / n << 8 | blue / n << 16 : 0;
            tile[y * half + x] = n < 2 ? 0 : mean ? mean : 0x010101;
        }
}

static size_t tile_most(const struct bulb_set *set)
{
    return set->mode == BULB_SINGLE ? set->side : (size_t)((double)set->side * set->sizes[1]) + 1;
}

static enum background background_of(const struct bulb_set *set)
{
    return set->ground == BULB_WHITE ? BACKGROUND_NONE : (enum background)(set->ground - BULB_BLACK);
}

size_t bulb_studio_bytes(const struct bulb_set *set)
{
    const size_t pixels = set->render * set->render;
    return bulb_view_bytes(set->render) + 4 * pixels + bulb_work_bytes(set->render) +
           4 * background_floats(set->side, background_of(set)) + 8 * set->render + 16 * tile_most(set);
}

struct bulb_studio bulb_studio_new(const struct bulb_set *set)
{
    const size_t pixels = set->render * set->render;
    return (struct bulb_studio){.planes = xmalloc(bulb_view_bytes(set->render) + sizeof(uint64_t), 1),
                                .tile = xmalloc(pixels, sizeof(uint32_t)),
                                .heights =
                                    xmalloc(background_floats(set->side, background_of(set)), sizeof(float)),
                                .work = bulb_work_new(set->render),
                                .compose = compose_work_new(set->render, tile_most(set))};
}

void bulb_studio_free(struct bulb_studio *s)
{
    free(s->planes);
    free(s->tile);
    free(s->heights);
    bulb_work_free(s->work);
    compose_work_free(&s->compose);
}

/* A view of the system in colours of its own; the tile's side, at most twice `size` where that can be halved. */
static size_t draw_tile(struct bulb_studio *s, const struct planes *planes, const struct bulb_set *set,
                        size_t system, size_t size, struct rng *r)
{
    const size_t view = rng_below(r, set->views);
    const struct bulb_camera camera = planes_camera(set, system, view);
    const struct bulb_ink ink = bulb_ink_draw((enum bulb_light)set->light, &camera, r);
    size_t side = set->render;
    planes_view(s->planes, planes, system, view, s->work);
    bulb_colour(s->tile, s->planes, side, &ink);
    for (; side >= 2 * size && side % 2 == 0; side /= 2)
        bulb_halve(s->tile, side);
    return side;
}

void bulb_paint(uint8_t *rgb, const struct planes *planes, const struct bulb_set *set, struct bulb_studio *s,
                const struct order_item *item)
{
    const uint64_t key =
        key_of(key_of(set->seed, KEY_IMAGE, item->class, item->k), KEY_EPOCH, 0, item->epoch);
    struct rng r = rng_new(key, STREAM_CHOICES), cloud = rng_new(key, STREAM_BACKGROUND);
    const size_t block = set->systems / set->classes, first = item->class * block;
    if (set->ground == BULB_WHITE)
        memset(rgb, 255, 3 * set->side * set->side);
    else
        background_paint(rgb, set->side, background_of(set), s->heights, &cloud);
    if (set->mode == BULB_SINGLE) {
        const size_t side = draw_tile(s, planes, set, first + rng_below(&r, block), set->side, &r);
        compose_tile(rgb, set->side, s->tile, side, set->side, 0, 0, &s->compose);
        return;
    }
    const size_t objects = set->objects[0] + rng_below(&r, set->objects[1] - set->objects[0] + 1);
    for (size_t i = 0; i < objects; i++) {
        const size_t system = first + rng_below(&r, block);
        const struct compose_place at = compose_place_draw(set->side, set->sizes[0], set->sizes[1], &r);
        const size_t side = draw_tile(s, planes, set, system, at.size, &r);
        compose_tile(rgb, set->side, s->tile, side, at.size, at.top, at.left, &s->compose);
    }
}
