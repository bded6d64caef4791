/* Mandelbulbs against the published formula in trigonometric form, double precision. */
#include "base/mem.h"
#include "base/rng.h"
#include "bulb/forms.h"
#include "bulb/paint.h"
#include "bulb/view.h"
#include "num/cpu.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

struct reference {
    double distance, trap[BULB_TRAPS];
    double margin; /* how near the orbit came to the radius of escape: there rounding decides */
    double growth; /* of relative errors on the way: the power, and dr |c| / |z| */
    double end;    /* |z| */
};

static long double t_of(unsigned bits, long double theta, long double phi)
{
    const long double angle = bits & 2 ? theta : phi, t = bits & 4 ? sinl(angle) : cosl(angle);
    return bits & 1 ? -t : t;
}

static struct reference reference(struct bulb_form form, const double c[3])
{
    struct reference f = {.trap = {1e10, 1e10, 1e10}, .margin = 1e10};
    long double z[3] = {c[0], c[1], c[2]}, dr = 1, r = 0;
    for (int i = 0;; i++) {
        r = sqrtl(z[0] * z[0] + z[1] * z[1] + z[2] * z[2]);
        f.margin = fmin(f.margin, fabs((double)r / 4 - 1));
        if (r > 4 || i == BULB_ITERATIONS)
            break;
        const long double theta = form.power * acosl(z[2] / r), phi = form.power * atan2l(z[1], z[0]);
        const long double rn = powl(r, form.power);
        dr = form.power * rn * dr + 1;
        for (int a = 0; a < 3; a++)
            z[a] = rn * t_of(form.rule >> (6 - 3 * a), theta, phi) + c[a];
        f.trap[0] = fmin(f.trap[0], (double)fabsl(z[2]));
        f.trap[1] = fmin(f.trap[1], (double)((fabsl(z[0]) + fabsl(z[1]) + fabsl(z[2])) / 1.5L));
        f.trap[2] = fmin(f.trap[2], (double)sqrtl(z[0] * z[0] + z[1] * z[1] + z[2] * z[2]));
    }
    f.distance = (double)(0.5L * logl(r) * r / dr);
    f.growth = form.power * (1 + (double)(dr / r));
    f.end = (double)r;
    return f;
}

enum { POINTS = 64 };
struct points {
    float at[3][POINTS], distance[POINTS], trap[BULB_TRAPS][POINTS];
};

static void draw_points(struct points *p, struct rng *r)
{
    for (int i = 0; i < POINTS; i++)
        for (int a = 0; a < 3; a++)
            p->at[a][i] = (float)rng_range(r, -1.4, 1.4);
}

static void compute(struct points *p, struct bulb_form form)
{
    float *const trap[] = {p->trap[0], p->trap[1], p->trap[2]};
    const struct bulb_map map = bulb_map_of(form);
    bulb_estimate(p->distance, p->at[0], p->at[1], p->at[2], POINTS, &map);
    bulb_traps(trap, p->at[0], p->at[1], p->at[2], POINTS, &map);
}

/* All powers, all 512 rules: points outside, away from the surface, where an orbit is not chaotic. An iteration rounds some 30 times,
 * each by 6e-8; dr gathers that over about five. */
static void test_formula(void)
{
    struct rng r = rng_new(1, 0);
    struct points p;
    double distance = 0, trap = 0;
    size_t n = 0;
    for (unsigned rule = 0; rule <= BULB_RULE_MAX; rule++) {
        const struct bulb_form form = {2 + rule % (BULB_POWER_MAX - 1), rule};
        draw_points(&p, &r);
        compute(&p, form);
        for (int i = 0; i < POINTS; i++) {
            const double c[3] = {p.at[0][i], p.at[1][i], p.at[2][i]};
            const struct reference f = reference(form, c);
            if (f.distance < 0.02 || f.margin < 1e-3)
                continue;
            n++;
            distance = worse(distance, fabs(p.distance[i] / f.distance - 1) / f.growth);
            for (int k = 0; k < BULB_TRAPS; k++)
                trap = worse(trap, fabs(p.trap[k][i] - f.trap[k]) / (1 + f.end) / f.growth);
        }
    }
    ok(n > 8000 && distance < 1e-5,
       "the distance of %zu points as by acos, atan2 and pow (%.1e of what rounding may grow to)", n,
       distance);
    ok(trap < 1e-6, "so are the traps (%.1e)", trap);
}

static void test_poles(void)
{
    float x[BULB_STRIDE] = {0}, y[BULB_STRIDE] = {0}, z[BULB_STRIDE] = {1.2f, -1.3f, 0, 1e-20f, 3, 5},
          d[BULB_STRIDE];
    const struct bulb_form form = {8, 34}; /* cos phi, sin phi, cos theta */
    const struct bulb_map map = bulb_map_of(form);
    double most = 0;
    bool finite = true;
    bulb_estimate(d, x, y, z, BULB_STRIDE, &map);
    for (int i = 0; i < BULB_STRIDE; i++)
        finite = finite && isfinite(d[i]);
    for (int i = 0; i < 6; i += i == 1 ? 3 : 1) {
        const double c[3] = {0, 0, z[i]};
        most = worse(most, fabs(d[i] / reference(form, c).distance - 1));
    }
    ok(finite, "on the axis and in the origin all is finite");
    ok(most < 1e-4, "on the axis phi is 0, as atan2 has it (%.1e)", most);
}

/* A camera's rays, marched by the reference. */
static bool trace(double hit[3], struct bulb_form form, const struct bulb_camera *c, double px, double py)
{
    double along[3], t = 0;
    const double length = sqrt(px * px + py * py + 1);
    for (int a = 0; a < 3; a++)
        along[a] = (c->side[a] * px + c->up[a] * py + c->forward[a]) / length;
    for (int step = 0; step < 400; step++) {
        for (int a = 0; a < 3; a++)
            hit[a] = c->eye[a] + t * along[a];
        const double d = reference(form, hit).distance;
        if (d <= 0.001)
            return true;
        t += d;
        if (t >= 10)
            return false;
    }
    return true;
}

static void test_view(void)
{
    enum { SIDE = 20, PIXELS = SIDE * SIDE };
    const struct bulb_form form = {4, 434};
    const struct bulb_map map = bulb_map_of(form);
    struct rng r = rng_new(3, 0);
    const struct bulb_camera c = bulb_camera_draw(&r);
    struct bulb_work *w = bulb_work_new(SIDE);
    uint8_t planes[BULB_PLANES * PIXELS];
    size_t hits = 0, same = 0, near = 0, close = 0;
    bulb_render(planes, SIDE, &map, &c, w);
    for (size_t i = 0; i < PIXELS; i++) {
        double p[3], n[3], square = 0, r2 = 0, cosine = 0;
        const bool hit = trace(p, form, &c, ((double)(i % SIDE) + 0.5) / SIDE - 0.5,
                               0.5 - ((double)(i / SIDE) + 0.5) / SIDE);
        same += hit == (planes[i] != BULB_EMPTY);
        if (!hit || planes[i] == BULB_EMPTY)
            continue;
        for (int a = 0; a < 3; a++) {
            double before[3] = {p[0], p[1], p[2]}, after[3] = {p[0], p[1], p[2]};
            before[a] -= 0.001, after[a] += 0.001;
            n[a] = reference(form, after).distance - reference(form, before).distance;
            square += n[a] * n[a];
            r2 += p[a] * p[a];
        }
        for (int a = 0; a < 3; a++)
            cosine += n[a] / sqrt(square) * (planes[(BULB_NORMAL + a) * PIXELS + i] - 128.0) / 127;
        hits++;
        near += fabs(planes[BULB_RADIUS * PIXELS + i] - 255 * r2 / 4) < 2;
        close += cosine > 0.99;
    }
    bulb_work_free(w);
    ok(hits > PIXELS / 5 && same >= PIXELS - 4,
       "a view hits what the reference hits: %zu of %d pixels, %zu hits", same, PIXELS, hits);
    ok(near * 100 >= hits * 95, "and where it does (%zu of %zu)", near, hits);
    ok(close * 100 >= hits * 90, "normals are the gradient (%zu of %zu within 8 degrees)", close, hits);
}

/* From the lamp's own place every face that is seen is lit. */
static void test_light(void)
{
    enum { SIDE = 32 };
    struct bulb_camera c = {.up = {0.408248290f, -0.408248290f, 0.816496581f},
                            .side = {0.707106781f, 0.707106781f, 0}};
    const struct bulb_map map = bulb_map_of((struct bulb_form){8, 434});
    struct bulb_work *w = bulb_work_new(SIDE);
    uint8_t planes[BULB_PLANES * SIDE * SIDE];
    size_t lit[2] = {0}, hits[2] = {0};
    for (int behind = 0; behind < 2; behind++) {
        for (int a = 0; a < 3; a++) {
            c.forward[a] = behind ? bulb_lamp[a] : -bulb_lamp[a];
            c.eye[a] = -2.5f * c.forward[a];
        }
        bulb_render(planes, SIDE, &map, &c, w);
        for (size_t i = 0; i < SIDE * SIDE; i++) {
            hits[behind] += planes[i] != BULB_EMPTY;
            lit[behind] += planes[i] == BULB_LIT;
        }
    }
    bulb_work_free(w);
    ok(hits[0] > 300 && lit[0] * 10 > hits[0] * 7, "seen from the lamp most is lit: %zu of %zu", lit[0],
       hits[0]);
    ok(hits[1] > 300 && lit[1] * 10 < hits[1], "from behind next to nothing: %zu of %zu", lit[1], hits[1]);
}

static void test_levels(void)
{
    enum { SIDE = 33 };
    static const enum cpu_level level[] = {CPU_AVX2, CPU_AVX512};
    const enum cpu_level best = cpu_level();
    uint8_t *first = xmalloc(bulb_view_bytes(SIDE), 1), *planes = xmalloc(bulb_view_bytes(SIDE), 1);
    struct bulb_work *w = bulb_work_new(SIDE);
    for (size_t l = 0; l < 2; l++) {
        int equal = 1;
        if (best < level[l]) {
            skip("the bytes of plain C", "not on this CPU");
            continue;
        }
        for (unsigned power = 2; power <= BULB_POWER_MAX; power++) {
            const struct bulb_map map = bulb_map_of((struct bulb_form){power, bulb_rules[power]});
            struct rng r = rng_new(power, 0);
            const struct bulb_camera c = bulb_camera_draw(&r);
            cpu_pretend(CPU_PLAIN);
            bulb_render(first, SIDE, &map, &c, w);
            cpu_pretend(level[l]);
            bulb_render(planes, SIDE, &map, &c, w);
            equal = equal && memcmp(first, planes, bulb_view_bytes(SIDE)) == 0;
        }
        ok(equal, "%s: the bytes of plain C", cpu_level_name(level[l]));
    }
    cpu_pretend(best);
    bulb_work_free(w);
    free(first);
    free(planes);
}

static void test_colours(void)
{
    uint8_t planes[BULB_PLANES * 4] = {BULB_LIT, BULB_SHADED, BULB_EMPTY, BULB_SHADED};
    const uint8_t value[BULB_PLANES] = {0,   55,  201, 201,
                                        255, 128, 255, 64}; /* the normal is the lamp's direction */
    struct bulb_ink ink = {{{0.5f, 0, 0}, {0, 0.5f, 0}, {0, 0, 0.25f}}, {0}, true};
    uint32_t tile[4];
    memcpy(ink.lamp, bulb_lamp, sizeof ink.lamp);
    for (size_t k = 1; k < BULB_PLANES; k++)
        for (size_t i = 0; i < 4; i++)
            planes[4 * k + i] = value[k];
    planes[4 * BULB_RADIUS + 3] = 0;
    bulb_colour(tile, planes, 2, &ink);
    const double shade = (0.3 + 0.9 * 0.9957) * 64 * 4 / 255, red = 255 * 0.5 * shade,
                 blue = 255 * 0.25 * shade;
    const double green = 255 * 0.5 * pow(128 / 255.0, 10) * shade;
    ok(fabs((tile[1] & 255) - red) <= 1 && fabs((tile[1] >> 8 & 255) - green) <= 1 &&
           fabs((tile[1] >> 16) - blue) <= 1,
       "traps, lamp and radius make a colour");
    ok(fabs((tile[0] & 255) - red - 51) <= 1 && fabs((tile[0] >> 16) - blue - 51) <= 1,
       "the lamp adds a fifth");
    ok(tile[2] == 0 && tile[3] == 0x010101, "only what is empty is 0");
    uint32_t four[4] = {0x102030, 0, 0x304050, 0}, one[4] = {0x102030, 0, 0, 0};
    bulb_halve(four, 2);
    bulb_halve(one, 2);
    ok(four[0] == 0x203040 && one[0] == 0, "a tile is halved by means of what isn't empty");
}

static void test_forms(void)
{
    const struct bulb_map map = bulb_map_of((struct bulb_form){8, 0x1a2}); /* 110 100 010 */
    ok(map.wave[0] == BULB_SIN_THETA && map.wave[1] == BULB_SIN_PHI && map.wave[2] == BULB_COS_THETA &&
           map.sign[0] == 1 && map.sign[1] == 1 && map.sign[2] == 1,
       "the bits of a rule");
    struct bulb_form *all = bulb_forms_find(17 * BULB_RULES, 5, 2, 18, 0, 1),
                     *some = bulb_forms_find(8, 5, 2, 12, 0.15, 0.7);
    size_t twice = 0, within = 0;
    for (size_t i = 0; i < 17 * BULB_RULES; i++)
        for (size_t j = 0; j < i; j++)
            twice += all[i].power == all[j].power && all[i].rule == all[j].rule;
    for (size_t i = 0; i < 8; i++) {
        const double c = bulb_form_coverage(some[i]);
        within += c >= 0.15 && c <= 0.7;
    }
    ok(twice == 0, "1,037 published forms, each once");
    ok(within == 8, "the scan takes those that cover as much");
    free(all);
    free(some);
}

int main(void)
{
    test_formula();
    test_poles();
    test_view();
    test_light();
    test_levels();
    test_colours();
    test_forms();
    return done();
}
