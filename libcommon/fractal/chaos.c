#include "fractal/chaos.h"
#include "base/mem.h"
#include "num/cpu.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DROPPED_BLOCKS = 8 };
static const float FAR = 1e15f;

struct chaos_points points_new(size_t n, bool with_maps)
{
    struct chaos_points p = {.capacity = (n + CHAOS_BLOCK - 1) / CHAOS_BLOCK * CHAOS_BLOCK};
    p.x = xaligned(p.capacity, sizeof *p.x);
    p.y = xaligned(p.capacity, sizeof *p.y);
    if (with_maps)
        p.map = xaligned(p.capacity, 1);
    return p;
}

void points_free(struct chaos_points *p)
{
    free(p->x);
    free(p->y);
    free(p->map);
    *p = (struct chaos_points){0};
}

static void run(struct chaos *c, float *x, float *y, uint8_t *map, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++, c->index++) {
        uint32_t word[CHAOS_CHAINS][4];
        for (size_t i = 0; i < CHAOS_CHAINS; i++)
            rng_block(word[i], c->key, c->stream + i, c->index);
        for (size_t t = 0; t < 4; t++)
            for (size_t i = 0; i < CHAOS_CHAINS; i++) {
                size_t k = 0;
                for (size_t j = 0; j + 1 < c->n; j++)
                    k += word[i][t] >= c->below[j];
                float u =
                    c->coefficient[0][k] * c->x[i] + c->coefficient[1][k] * c->y[i] + c->coefficient[4][k];
                float v =
                    c->coefficient[2][k] * c->x[i] + c->coefficient[3][k] * c->y[i] + c->coefficient[5][k];
                c->x_lo[i] = u < c->x_lo[i] ? u : c->x_lo[i];
                c->x_hi[i] = u > c->x_hi[i] ? u : c->x_hi[i];
                c->y_lo[i] = v < c->y_lo[i] ? v : c->y_lo[i];
                c->y_hi[i] = v > c->y_hi[i] ? v : c->y_hi[i];
                *x++ = c->x[i] = u;
                *y++ = c->y[i] = v;
                if (map)
                    *map++ = (uint8_t)k;
            }
    }
}

const struct chaos_kernels chaos_plain = {run};

static const struct chaos_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {
        [CPU_PLAIN] = &chaos_plain, [CPU_AVX2] = CPU_X86(chaos_avx2), [CPU_AVX512] = CPU_X86(chaos_avx512)};
    return cpu_choose(by_level);
}

static void load_system(struct chaos *c, const struct ifs *s)
{
    double sum = 0;
    c->n = s->n;
    for (size_t i = 0; i < IFS_MAPS_MAX; i++) {
        struct ifs_map m = i < s->n ? s->map[i] : (struct ifs_map){0};
        const double number[6] = {m.a, m.b, m.c, m.d, m.e, m.f};
        for (int j = 0; j < 6; j++)
            c->coefficient[j][i] = c->coefficient[j][i + IFS_MAPS_MAX] = (float)number[j];
        if (i < s->n)
            sum += s->p[i];
        double edge = sum * 0x1p32;
        c->below[i] = edge < 0x1p32 - 1 ? (uint32_t)edge : UINT32_MAX;
    }
}

static void place_chains(struct chaos *c, double x, double y)
{
    for (size_t i = 0; i < CHAOS_CHAINS; i++) {
        c->x[i] = (float)x;
        c->y[i] = (float)y;
    }
}

static void empty_boxes(struct chaos *c)
{
    for (size_t i = 0; i < CHAOS_CHAINS; i++) {
        c->x_lo[i] = c->y_lo[i] = INFINITY;
        c->x_hi[i] = c->y_hi[i] = -INFINITY;
    }
}

static void widen(float *lo, float *hi, const float *low, const float *high, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *lo = low[i] < *lo ? low[i] : *lo;
        *hi = high[i] > *hi ? high[i] : *hi;
    }
}

/* False also where all points were NaN, which leaves an interval empty. */
static bool is_near(float lo, float hi)
{
    return lo >= -FAR && lo <= hi && hi <= FAR;
}

/* Keeps the steps before the first that has a point far out. */
static void drop_divergent(struct chaos_points *p)
{
    size_t n = 0;
    while (n < p->n && fabsf(p->x[n]) <= FAR && fabsf(p->y[n]) <= FAR)
        n++;
    p->n = n / CHAOS_CHAINS * CHAOS_CHAINS;
    p->x_lo = p->y_lo = INFINITY;
    p->x_hi = p->y_hi = -INFINITY;
    widen(&p->x_lo, &p->x_hi, p->x, p->x, p->n);
    widen(&p->y_lo, &p->y_hi, p->y, p->y, p->n);
}

void chaos_game(struct chaos_points *p, size_t n, const struct ifs *s, uint64_t key, uint64_t stream)
{
    struct chaos c = {.key = key, .stream = stream};
    const struct chaos_kernels *k = kernels();
    size_t blocks = (n + CHAOS_BLOCK - 1) / CHAOS_BLOCK;
    double x, y;

    load_system(&c, s);
    p->maps = s->n;
    ifs_fixed_point(s, &x, &y);
    place_chains(&c, x, y);
    for (int i = 0; i < DROPPED_BLOCKS; i++)
        k->run(&c, p->x, p->y, NULL, 1);
    empty_boxes(&c);
    k->run(&c, p->x, p->y, p->map, blocks);

    p->n = blocks * CHAOS_BLOCK;
    p->x_lo = p->y_lo = INFINITY;
    p->x_hi = p->y_hi = -INFINITY;
    widen(&p->x_lo, &p->x_hi, c.x_lo, c.x_hi, CHAOS_CHAINS);
    widen(&p->y_lo, &p->y_hi, c.y_lo, c.y_hi, CHAOS_CHAINS);
    if (!(is_near(p->x_lo, p->x_hi) && is_near(p->y_lo, p->y_hi)))
        drop_divergent(p);
}
