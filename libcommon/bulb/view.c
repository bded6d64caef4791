/* The walk of a view: rays from the eye (aim) march together (march): all points that are still under way are gathered, estimated
 * at once, and moved on; what has arrived or gone leaves. Hits get normals by six more estimates, traps, and those that face the
 * lamp a ray to it, which marches as well. Then all becomes bytes (press). */
#include "bulb/view.h"
#include "base/mem.h"
#include "fractal/elementary.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float NEAR = 0.001f, FAR = 10.0f, EPSILON = 0.001f;
/* Published: a shadow ray begins .00001 above the hit, which itself may be .001 off the surface, and ends at .0001. Begun higher and
 * ended sooner, fewer rays of a face that looks to the lamp end on that face. */
static const float SHADOW_NEAR = 0.0005f, SHADOW_FAR = 4.0f, LIFT = 0.004f;
/* What is darker in white colours is not seen. */
static const float SEEN = 0.2f;
enum { STEPS = 400, SHADOW_STEPS = 100 };

const float bulb_lamp[3] = {-0.577350269f, 0.577350269f, 0.577350269f};

/* Arrays of a float for each ray, or each point under way. */
struct bulb_work {
    float *from[3], *along[3], *travelled; /* rays: from + travelled * along */
    float *at[3], *distance;               /* points under way */
    float *normal[3], *trap[BULB_TRAPS], *before;
    uint32_t *ray, *pixel; /* which rays are under way; the pixels of hits */
};
enum { FLOATS = 3 + 3 + 1 + 3 + 1 + 3 + BULB_TRAPS + 1, INDICES = 2 };

size_t bulb_work_bytes(size_t side)
{
    return bulb_round(side * side) * (FLOATS * sizeof(float) + INDICES * sizeof(uint32_t));
}

struct bulb_work *bulb_work_new(size_t side)
{
    const size_t n = bulb_round(side * side);
    struct bulb_work *w = xmalloc(1, sizeof *w);
    float **const array[] = {&w->from[0],  &w->from[1],   &w->from[2],   &w->along[0],  &w->along[1],
                             &w->along[2], &w->travelled, &w->at[0],     &w->at[1],     &w->at[2],
                             &w->distance, &w->normal[0], &w->normal[1], &w->normal[2], &w->trap[0],
                             &w->trap[1],  &w->trap[2],   &w->before};
    _Static_assert(sizeof array / sizeof *array == FLOATS, "all arrays are there");
    float *floats = xaligned(n, FLOATS * sizeof(float));
    memset(floats, 0, n * FLOATS * sizeof(float));
    for (size_t i = 0; i < FLOATS; i++)
        *array[i] = floats + i * n;
    w->ray = xmalloc(n, sizeof *w->ray);
    w->pixel = xmalloc(n, sizeof *w->pixel);
    return w;
}

void bulb_work_free(struct bulb_work *w)
{
    if (!w)
        return;
    free(w->from[0]);
    free(w->ray);
    free(w->pixel);
    free(w);
}

/* forward = Rz(lng) Rx(lat) (0, -1, 0), up = Rz(lng) Rx(lat) (0, 0, 1), side = forward x up. */
struct bulb_camera bulb_camera_draw(struct rng *r)
{
    double sin_lat, cos_lat, sin_lng, cos_lng;
    const double turn = 6.28318530717958647692;
    portable_sincos(turn * rng_uniform(r), &sin_lat, &cos_lat);
    portable_sincos(turn * rng_uniform(r), &sin_lng, &cos_lng);
    const double f[3] = {sin_lng * cos_lat, -cos_lng * cos_lat, -sin_lat};
    const double u[3] = {sin_lng * sin_lat, -cos_lng * sin_lat, cos_lat};
    struct bulb_camera c;
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        c.forward[i] = (float)f[i];
        c.up[i] = (float)u[i];
        c.side[i] = (float)(f[j] * u[k] - f[k] * u[j]);
        c.eye[i] = (float)(-2.5 * f[i]);
    }
    return c;
}

/* A ray through the middle of every pixel, the first row on top. */
static void aim(struct bulb_work *w, size_t side, const struct bulb_camera *c)
{
    for (size_t i = 0; i < side * side; i++) {
        const float px = ((float)(i % side) + 0.5f) / (float)side - 0.5f;
        const float py = 0.5f - ((float)(i / side) + 0.5f) / (float)side;
        const float length = sqrtf(px * px + py * py + 1.0f);
        for (int a = 0; a < 3; a++) {
            w->from[a][i] = c->eye[a];
            w->along[a][i] = (c->side[a] * px + c->up[a] * py + c->forward[a]) / length;
        }
        w->travelled[i] = 0;
    }
}

/* Moves rays 0 .. n-1 until each is nearer than `near` or has travelled `far`; what is still between after `steps` stays there. */
static void march(struct bulb_work *w, size_t n, const struct bulb_map *map, float near, float far, int steps)
{
    for (size_t i = 0; i < n; i++)
        w->ray[i] = (uint32_t)i;
    for (int step = 0; step < steps && n > 0; step++) {
        size_t under_way = 0;
        for (size_t i = 0; i < n; i++) {
            const uint32_t ray = w->ray[i];
            for (int a = 0; a < 3; a++)
                w->at[a][i] = w->from[a][ray] + w->travelled[ray] * w->along[a][ray];
        }
        bulb_estimate(w->distance, w->at[0], w->at[1], w->at[2], bulb_round(n), map);
        for (size_t i = 0; i < n; i++) {
            const uint32_t ray = w->ray[i];
            const float d = w->distance[i];
            if (!(d > near))
                continue;
            w->travelled[ray] += d;
            if (w->travelled[ray] < far)
                w->ray[under_way++] = ray;
        }
        n = under_way;
    }
}

/* Hits to the front, as points: at and pixel. How many. */
static size_t gather_hits(struct bulb_work *w, size_t rays)
{
    size_t n = 0;
    for (size_t i = 0; i < rays; i++) {
        if (w->travelled[i] >= FAR)
            continue;
        for (int a = 0; a < 3; a++)
            w->at[a][n] = w->from[a][i] + w->travelled[i] * w->along[a][i];
        w->pixel[n++] = (uint32_t)i;
    }
    return n;
}

/* Central differences of the estimate, normalised; towards the eye where they are nothing. */
static void find_normals(struct bulb_work *w, size_t n, const struct bulb_map *map, const float forward[3])
{
    for (int a = 0; a < 3; a++) {
        float *const at[3] = {w->at[0], w->at[1], w->at[2]};
        float *const moved = w->travelled; /* of no use any more */
        const float *point[3] = {at[0], at[1], at[2]};
        point[a] = moved;
        for (size_t i = 0; i < n; i++)
            moved[i] = at[a][i] - EPSILON;
        bulb_estimate(w->before, point[0], point[1], point[2], bulb_round(n), map);
        for (size_t i = 0; i < n; i++)
            moved[i] = at[a][i] + EPSILON;
        bulb_estimate(w->distance, point[0], point[1], point[2], bulb_round(n), map);
        for (size_t i = 0; i < n; i++)
            w->normal[a][i] = w->distance[i] - w->before[i];
    }
    for (size_t i = 0; i < n; i++) {
        const float x = w->normal[0][i], y = w->normal[1][i], z = w->normal[2][i];
        const float length = sqrtf(x * x + y * y + z * z);
        for (int a = 0; a < 3; a++)
            w->normal[a][i] = length > 1e-20f ? w->normal[a][i] / length : -forward[a];
    }
}

/* Rays from the hits to the lamp. Those that turn away from it are in the shade without one. */
static void find_light(uint8_t *state, struct bulb_work *w, size_t n, const struct bulb_map *map)
{
    size_t rays = 0;
    uint32_t *const hit = w->pixel; /* of ray i: rays never overtake hits */
    for (size_t i = 0; i < n; i++) {
        float cosine = 0;
        state[w->pixel[i]] = BULB_SHADED;
        for (int a = 0; a < 3; a++)
            cosine += bulb_lamp[a] * w->normal[a][i];
        if (cosine <= 0)
            continue;
        for (int a = 0; a < 3; a++) {
            w->from[a][rays] = w->at[a][i] + LIFT * w->normal[a][i];
            w->along[a][rays] = bulb_lamp[a];
        }
        w->travelled[rays] = 0;
        hit[rays++] = w->pixel[i];
    }
    march(w, rays, map, SHADOW_NEAR, SHADOW_FAR, SHADOW_STEPS);
    for (size_t i = 0; i < rays; i++)
        if (w->travelled[i] >= SHADOW_FAR)
            state[hit[i]] = BULB_LIT;
}

static uint8_t byte_of(float x) /* 0..1 */
{
    return (uint8_t)(x >= 1 ? 255 : x > 0 ? 255 * x + 0.5f : 0);
}

/* All but the state. */
static void press(uint8_t *planes, size_t pixels, const struct bulb_work *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t *out = planes + w->pixel[i];
        float r2 = 0;
        for (int a = 0; a < 3; a++) {
            out[(size_t)(BULB_NORMAL + a) * pixels] = (uint8_t)(128.5f + 127 * w->normal[a][i]);
            out[(size_t)(BULB_TRAP + a) * pixels] = byte_of(w->trap[a][i]);
            r2 += w->at[a][i] * w->at[a][i];
        }
        out[BULB_RADIUS * pixels] = byte_of(r2 / 4);
    }
}

void bulb_render(uint8_t *planes, size_t side, const struct bulb_map *map, const struct bulb_camera *camera,
                 struct bulb_work *w)
{
    const size_t pixels = side * side;
    memset(planes, 0, bulb_view_bytes(side));
    aim(w, side, camera);
    march(w, pixels, map, NEAR, FAR, STEPS);
    const size_t n = gather_hits(w, pixels);
    find_normals(w, n, map, camera->forward);
    bulb_traps(w->trap, w->at[0], w->at[1], w->at[2], bulb_round(n), map);
    press(planes, pixels, w, n);
    find_light(planes, w, n, map);
}

double bulb_coverage(const uint8_t *planes, size_t side)
{
    const size_t pixels = side * side;
    size_t n = 0;
    for (size_t i = 0; i < pixels; i++) {
        float sum = (float)planes[BULB_TRAP * pixels + i] / 255;
        for (size_t k = 1; k < BULB_TRAPS; k++) {
            const float t = (float)planes[(BULB_TRAP + k) * pixels + i] / 255, t2 = t * t, t4 = t2 * t2;
            sum += t4 * t4 * t2;
        }
        n += sum * (float)planes[BULB_RADIUS * pixels + i] * (4 / 255.0f) >= SEEN;
    }
    return (double)n / (double)pixels;
}
