/* fractal/: the chaos game's kernels bit for bit, densities against the published figures, composition,
 * colours. */
#include "fractal/background.h"
#include "fractal/chaos.h"
#include "fractal/colour.h"
#include "fractal/compose.h"
#include "fractal/density.h"
#include "fractal/fractaldb.h"
#include "fractal/key.h"
#include "num/cpu.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static struct ifs some_system(uint64_t seed, size_t n)
{
    struct ifs s;
    struct rng r = rng_new(seed, 0);
    ifs_sample(&s, n, (5.0 + (double)n) / 2 + 0.2, 1, &r);
    return s;
}

static void load(struct chaos *c, const struct ifs *s)
{
    double sum = 0;
    *c = (struct chaos){.n = s->n, .key = 0x123456789abcdefu, .stream = STREAM_CHAINS, .index = 0xfffffff0u};
    for (size_t i = 0; i < s->n; i++) {
        const double number[6] = {s->map[i].a, s->map[i].b, s->map[i].c,
                                  s->map[i].d, s->map[i].e, s->map[i].f};
        for (int j = 0; j < 6; j++)
            c->coefficient[j][i] = c->coefficient[j][i + IFS_MAPS_MAX] = (float)number[j];
        sum += s->p[i];
        c->below[i] = sum < 1 ? (uint32_t)(sum * 0x1p32) : UINT32_MAX;
    }
}

/* The index passes 2^32, where a kernel that forgot its high half would go wrong. */
static void kernels(void)
{
    enum { BLOCKS = 40, N = BLOCKS * CHAOS_BLOCK };
    static float want_x[N], want_y[N], x[N], y[N];
    static uint8_t want_map[N], map[N];
    static const struct {
        const struct chaos_kernels *kernels;
        enum cpu_level level;
        const char *name;
    } kernel[] = {{CPU_X86(chaos_avx2), CPU_AVX2, "AVX2"}, {CPU_X86(chaos_avx512), CPU_AVX512, "AVX-512"}};
    for (size_t k = 0; k < 2; k++) {
        bool same = true;
        if (cpu_level() < kernel[k].level) {
            skip(kernel[k].name, "not on this CPU");
            continue;
        }
        for (size_t n = 1; n <= IFS_MAPS_MAX; n++) {
            struct ifs s = some_system(n, n);
            struct chaos plain, fast;
            load(&plain, &s);
            fast = plain;
            chaos_plain.run(&plain, want_x, want_y, want_map, BLOCKS);
            kernel[k].kernels->run(&fast, x, y, map, BLOCKS);
            same &= !memcmp(x, want_x, sizeof x) && !memcmp(y, want_y, sizeof y) &&
                    !memcmp(map, want_map, sizeof map);
            same &= !memcmp(&plain, &fast, sizeof plain);
        }
        ok(same, "%s and plain C: the same points, maps, boxes and state, 1 to 8 maps", kernel[k].name);
    }
}

/* The game as the header tells it: chain c follows rng_new(key, stream + c), one word a step. */
static void chains(void)
{
    struct ifs s = some_system(9, 3);
    struct chaos_points p = points_new(640, true);
    chaos_game(&p, 640, &s, 42, STREAM_CHAINS);
    bool same = p.n == 640;
    size_t used[3] = {0};
    for (size_t c = 0; c < CHAOS_CHAINS; c++) {
        struct rng r = rng_new(42, STREAM_CHAINS + c);
        double x0, y0;
        ifs_fixed_point(&s, &x0, &y0);
        float x = (float)x0, y = (float)y0;
        for (size_t t = 0; t < 32 + 640 / CHAOS_CHAINS; t++) {
            double u = rng_u32(&r) * 0x1p-32;
            size_t k = u < s.p[0] ? 0 : u < s.p[0] + s.p[1] ? 1 : 2;
            const struct ifs_map *m = &s.map[k];
            float nx = (float)m->a * x + (float)m->b * y + (float)m->e;
            y = (float)m->c * x + (float)m->d * y + (float)m->f;
            x = nx;
            if (t < 32)
                continue;
            size_t at = (t - 32) * CHAOS_CHAINS + c;
            used[k]++;
            same &= p.x[at] == x && p.y[at] == y && p.map[at] == k;
            same &= x >= p.x_lo && x <= p.x_hi && y >= p.y_lo && y <= p.y_hi;
        }
    }
    ok(same, "chain c follows its own random stream from the fixed point");
    ok(used[0] && used[1] && used[2], "all maps are used");

    struct ifs explosive = {.n = 1, .map = {{1e9, 0, 0, 1e9, 1, 1}}, .p = {1}};
    struct ifs still = {.n = 1, .map = {{0.5, 0, 0, 0.5, 0, 0}}, .p = {1}};
    chaos_game(&p, 640, &still, 1, STREAM_CHAINS);
    ok(p.n == 640 && p.x_lo == 0 && p.x_hi == 0, "a single contraction stays at its fixed point");
    explosive.map[0].e = 1e30;
    chaos_game(&p, 640, &explosive, 1, STREAM_CHAINS);
    ok(p.n == 0, "points of a system that diverges are dropped");
    points_free(&p);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The published program: one chain, double precision, whole attractor, no patch. The filled part and the
 * largest count of a 512 x 512 image. */
static double naive_picture(const struct ifs *s, struct rng *r, double *most)
{
    enum { N = 100000, SIDE = 512 };
    static double x[N], y[N];
    static unsigned count[SIDE * SIDE];
    double u, v, lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY}, filled = 0;
    ifs_fixed_point(s, &u, &v);
    for (size_t i = 0; i < N; i++) {
        double draw = rng_uniform(r), sum = s->p[0];
        size_t k = 0;
        while (k + 1 < s->n && draw >= sum)
            sum += s->p[++k];
        x[i] = s->map[k].a * u + s->map[k].b * v + s->map[k].e;
        y[i] = v = s->map[k].c * u + s->map[k].d * v + s->map[k].f;
        u = x[i];
        lo[0] = fmin(lo[0], u), hi[0] = worse(hi[0], u);
        lo[1] = fmin(lo[1], v), hi[1] = worse(hi[1], v);
    }
    memset(count, 0, sizeof count);
    *most = 0;
    for (size_t i = 0; i < N; i++) {
        size_t row = (size_t)((x[i] - lo[0]) * (SIDE - 1) / (hi[0] - lo[0]));
        size_t column = (size_t)((y[i] - lo[1]) * (SIDE - 1) / (hi[1] - lo[1]));
        filled += ++count[row * SIDE + column] == 1;
        *most = worse(*most, count[row * SIDE + column]);
    }
    return filled / (SIDE * SIDE);
}

/* Means of the filled part over 150 systems for each number of maps are known from an independent
 * implementation; the naive program beside it sees the same systems. Largest counts have so long a tail that
 * only medians say much. */
static void published_figures(void)
{
    static const double fill512[] = {.137, .128, .124}, fill256[] = {.229, .207, .198};
    enum { SYSTEMS = 400, NAIVE = 120 };
    static double most[NAIVE], naive_most[NAIVE];
    struct chaos_points p = points_new(100000, false);
    struct density d = density_new(512, false);
    for (size_t n = 2; n <= 4; n++) {
        double fill[2] = {0}, difference = 0;
        struct rng r = rng_new(77, n);
        for (uint64_t i = 0; i < SYSTEMS; i++) {
            struct ifs s;
            double alpha = rng_range(&r, (5.0 + (double)n) / 2, (6.0 + (double)n) / 2);
            ifs_sample(&s, n, alpha, 1, &r);
            chaos_game(&p, 100000, &s, i, STREAM_CHAINS);
            for (size_t side = 256; side <= 512; side += 256) {
                struct canvas_view v = view_of(p.x_lo, p.x_hi, p.y_lo, p.y_hi, side);
                density_count(&d, side, &p, &v);
                fill[side / 512] += (double)density_filled(&d) / (double)(side * side) / SYSTEMS;
            }
            if (i < NAIVE) {
                most[i] = density_max(&d);
                difference +=
                    (double)density_filled(&d) / (512.0 * 512) - naive_picture(&s, &r, &naive_most[i]);
            }
        }
        ok_close(fill[1], fill512[n - 2], 0.015, "filled part at 512 x 512 as published");
        ok_close(fill[0], fill256[n - 2], 0.02, "filled part at 256 x 256 as published");
        ok_close(difference / NAIVE, 0, 0.002, "filled part as of the naive program");
        qsort(most, NAIVE, sizeof *most, by_size);
        qsort(naive_most, NAIVE, sizeof *most, by_size);
        ok_close(most[NAIVE / 2] / naive_most[NAIVE / 2], 1, 0.15,
                 "median of the largest count as of the naive program");
        printf("# %zu maps: filled %.3f (512), %.3f (256), naive %+.4f; largest count %g, %g\n", n, fill[1],
               fill[0], -difference / NAIVE, most[NAIVE / 2], naive_most[NAIVE / 2]);
    }
    points_free(&p);
    density_free(&d);
}

static uint16_t pixel(const struct density *d, size_t row, size_t column)
{
    return d->cell[(row + 1) * density_stride(d) + column + 1];
}

static void densities(void)
{
    enum { SIDE = 37 };
    struct ifs s = some_system(12, 4);
    struct chaos_points p = points_new(6400, false);
    struct density plain = density_new(SIDE, false), d = density_new(SIDE, false),
                   patched = density_new(SIDE, false);
    chaos_game(&p, 6400, &s, 3, STREAM_CHAINS);
    struct canvas_view v = view_of(p.x_lo + 0.1, p.x_hi, p.y_lo, p.y_hi - 0.2, SIDE);
    density_count(&plain, SIDE, &p, &v);
    uint16_t naive[SIDE][SIDE] = {{0}};
    for (size_t i = 0; i < p.n; i++) {
        float r = (p.x[i] - v.x0) * v.x_scale, c = (p.y[i] - v.y0) * v.y_scale;
        if (r >= 0 && r < SIDE && c >= 0 && c < SIDE)
            naive[(size_t)r][(size_t)c]++;
    }
    bool same = true, turned = true, splat = true;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        same &= pixel(&plain, i / SIDE, i % SIDE) == naive[i / SIDE][i % SIDE];
    ok(same, "counts are those of one point after the other");
    for (int symmetry = 0; symmetry < 8; symmetry++) {
        v.transpose = symmetry & 1;
        v.flip_rows = symmetry & 2;
        v.flip_columns = symmetry & 4;
        density_count(&d, SIDE, &p, &v);
        for (size_t r = 0; r < SIDE; r++)
            for (size_t c = 0; c < SIDE; c++) {
                size_t row = v.transpose ? c : r, column = v.transpose ? r : c;
                turned &= naive[r][c] == pixel(&d, v.flip_rows ? SIDE - 1 - row : row,
                                               v.flip_columns ? SIDE - 1 - column : column);
            }
    }
    ok(turned, "eight symmetries");
    for (unsigned patch = 0; patch < 512; patch += 37) {
        uint16_t want[SIDE + 2][SIDE + 2] = {{0}};
        for (size_t i = 0; i < SIDE * SIDE; i++)
            for (size_t j = 0; j < 9; j++)
                if (patch >> j & 1)
                    want[i / SIDE + j / 3][i % SIDE + j % 3] += naive[i / SIDE][i % SIDE];
        density_patch(&patched, &plain, patch);
        for (size_t i = 0; i < SIDE * SIDE; i++)
            splat &= pixel(&patched, i / SIDE, i % SIDE) == want[i / SIDE + 1][i % SIDE + 1];
    }
    ok(splat, "a patch of the counts is the patch at every point");
    uint16_t full[40], sum[40];
    const ptrdiff_t twice[] = {0, 0};
    memset(full, 0xc0, sizeof full);
    density_plain.sum(sum, full, 40, twice, 2);
    bool saturated = sum[0] == UINT16_MAX && sum[39] == UINT16_MAX;
    const struct density_kernels *fast = CPU_X86(density_avx2);
    if (cpu_level() >= CPU_AVX2) {
        fast->sum(sum, full, 40, twice, 2);
        saturated &= sum[0] == UINT16_MAX && sum[39] == UINT16_MAX;
        uint16_t a = fast->max(plain.cell, 39 * 39), b = density_plain.max(plain.cell, 39 * 39);
        saturated &= a == b && b > 0;
    }
    ok(saturated, "sums saturate at 65535");
    points_free(&p);
    density_free(&plain);
    density_free(&d);
    density_free(&patched);
}

/* The flame algorithm's colour coordinate, by the definition in density.h, and what is made of it. */
static void positions(void)
{
    enum { SIDE = 24, N = 3200 };
    struct ifs s = some_system(21, 3);
    struct chaos_points p = points_new(N, true);
    struct density d = density_new(SIDE, true), patched = density_new(SIDE, true);
    chaos_game(&p, N, &s, 8, STREAM_CHAINS);
    struct canvas_view v = view_of(p.x_lo, p.x_hi, p.y_lo, p.y_hi, SIDE);
    density_count(&d, SIDE, &p, &v);
    double sum[SIDE + 2][SIDE + 2] = {{0}}, at[CHAOS_CHAINS], worst = 0;
    for (size_t i = 0; i < CHAOS_CHAINS; i++)
        at[i] = 128;
    for (size_t i = 0; i < N; i++) {
        size_t chain = i % CHAOS_CHAINS;
        at[chain] = (at[chain] + 127.5 * p.map[i]) / 2;
        size_t row = (size_t)((p.x[i] - v.x0) * v.x_scale), column = (size_t)((p.y[i] - v.y0) * v.y_scale);
        sum[row + 1][column + 1] += at[chain];
    }
    for (size_t i = 0; i < (SIDE + 2) * (SIDE + 2); i++) /* each is rounded down, by less than 1.01 */
        worst = worse(worst, fabs(d.sum[i] - (&sum[0][0])[i]) / (1.01 * d.cell[i] + 1e-9));
    ok(worst <= 1, "palette positions: halfway from the point before to the map's own");
    density_patch(&patched, &d, 1 << 4);
    bool same = true;
    for (size_t i = 1; i <= SIDE; i++)
        same &= !memcmp(patched.sum + i * (SIDE + 2) + 1, d.sum + i * (SIDE + 2) + 1, SIDE * sizeof *d.sum);
    ok(same, "a patch of only the middle changes no position");

    static uint32_t table[COLOUR_TABLE];
    struct ink ink = {.table = table};
    struct rng r = rng_new(3, 0);
    uint32_t tile[SIDE * SIDE] = {0};
    ink_draw(&ink, COLOUR_MAP, TONE_LOG, density_max(&d), &r);
    colour_tile(tile, &d, &ink);
    bool shown = true;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        shown &= (tile[i] != 0) == (pixel(&d, i / SIDE, i % SIDE) != 0) && tile[i] <= 0xffffff;
    ok(shown, "every pixel with a point is painted, no other");
    points_free(&p);
    density_free(&d);
    density_free(&patched);
}

static void colours(void)
{
    ok(colour_of_hsv(0, 255, 255) == 0x0000ff && colour_of_hsv(60, 255, 255) == 0x00ff00 &&
           colour_of_hsv(120, 255, 255) == 0xff0000 && colour_of_hsv(30, 255, 200) == 0x00c8c8,
       "OpenCV's hues: 0 red, 60 green, 120 blue, 30 yellow");
    ok(colour_of_hsv(77, 0, 100) == 0x646464 && colour_of_hsv(250, 90, 90) == colour_of_hsv(70, 90, 90),
       "no saturation is grey; 180 steps are the circle");
    static uint32_t table[COLOUR_TABLE];
    struct ink ink = {.table = table};
    struct rng r = rng_new(1, 0);
    bool shown = true, ends = true;
    for (enum colour_kind kind = COLOUR_HUE; kind < COLOUR_MAP; kind++)
        for (enum tone tone = TONE_LINEAR; tone_names[tone]; tone++)
            for (uint32_t max = 1; max < 70000; max *= 9) {
                uint16_t most = max < UINT16_MAX ? (uint16_t)max : UINT16_MAX;
                ink_draw(&ink, kind, tone, most, &r);
                for (size_t c = 1; c <= most; c++)
                    shown &= table[c] > 0 && table[c] <= 0xffffff;
                ends &= table[0] == 0 &&
                        table[most] == ink.palette.colour[(uint32_t)(255 + ink.palette.shift) & 255];
            }
    ok(shown, "no count has the background's colour");
    ok(ends, "the largest count has the palette's end");
    uint32_t wheel[FRACTALDB_WHEEL];
    fractaldb_wheel(wheel, true);
    /* S = I = .75 at 0 degrees: R = .75 (1 + .75 / cos 60) clipped, G = B = .75 / 4 */
    ok(wheel[0] == 0x3030ff, "the HSI wheel begins at red");
}

static void composition(void)
{
    enum { SIDE = 20, CANVAS = 30 };
    uint32_t tile[SIDE * SIDE], flat[SIDE * SIDE];
    uint8_t rgb[CANVAS * CANVAS * 3];
    struct compose_work w = compose_work_new(SIDE, 64);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        tile[i] = i % 3 ? (uint32_t)i * 2654435761u >> 8 : 0;
        flat[i] = 0x40ff01;
    }
    memset(rgb, 7, sizeof rgb);
    compose_tile(rgb, CANVAS, tile, SIDE, SIDE, 5, 3, &w);
    bool same = true;
    for (size_t i = 0; i < CANVAS * CANVAS; i++) {
        size_t y = i / CANVAS - 5, x = i % CANVAS - 3;
        uint32_t c = y < SIDE && x < SIDE ? tile[y * SIDE + x] : 0;
        c = c ? c : 0x070707;
        same &= rgb[3 * i] == (c & 255) && rgb[3 * i + 1] == (c >> 8 & 255) && rgb[3 * i + 2] == c >> 16;
    }
    ok(same, "the same size: a copy, black is transparent, the rest stays");
    bool whole = true;
    for (size_t size = 1; size <= 64; size += 9) {
        memset(rgb, 7, sizeof rgb);
        compose_tile(rgb, CANVAS, flat, SIDE, size, -4, (ptrdiff_t)CANVAS - 11, &w);
        for (size_t i = 0; i < CANVAS * CANVAS; i++) {
            bool in = i / CANVAS + 4 < size && i % CANVAS >= CANVAS - 11 && i % CANVAS - (CANVAS - 11) < size;
            const uint8_t *p = rgb + 3 * i;
            whole &= in ? p[0] == 1 && p[1] == 255 && p[2] == 64 : p[0] == 7 && p[1] == 7 && p[2] == 7;
        }
    }
    ok(whole, "a flat tile of any size stays flat and is cut at the canvas's edge");
    compose_work_free(&w);

    static uint8_t dot[40 * 40 * 3], work[9 * 40];
    memset(dot, 0, sizeof dot);
    dot[3 * (20 * 40 + 10) + 1] = 255;
    blur3(dot, 40, 0.8, work);
    double edge = exp(-0.5 / 0.64) / (1 + 2 * exp(-0.5 / 0.64));
    ok_close(dot[3 * (20 * 40 + 10) + 1], 255 * (1 - 2 * edge) * (1 - 2 * edge), 1.5, "blur: the middle");
    ok_close(dot[3 * (21 * 40 + 9) + 1], 255 * edge * edge, 1.5, "blur: a corner");
    ok(dot[3 * (20 * 40 + 10)] == 0 && dot[3 * (22 * 40 + 10) + 1] == 0,
       "blur: not further, not other channels");
    memset(dot, 93, sizeof dot);
    blur3(dot, 40, 1, work);
    bool flat_stays = true;
    for (size_t i = 0; i < sizeof dot; i++)
        flat_stays &= dot[i] == 93;
    ok(flat_stays, "blur: a flat image stays, borders too");
    uint8_t a[100], b[100], c[100], want[100], got[100];
    for (size_t i = 0; i < 100; i++)
        a[i] = (uint8_t)(i * 77), b[i] = (uint8_t)(255 - i), c[i] = (uint8_t)(i * i);
    blur_plain.mix(want, a, b, c, 100, 61);
    const struct blur_kernels *fast = CPU_X86(blur_avx2);
    if (cpu_level() >= CPU_AVX2) {
        fast->mix(got, a, b, c, 100, 61);
        ok(memcmp(want, got, 100) == 0, "blur: AVX2 and plain C");
    }
}

static void clouds(void)
{
    enum { LEVELS = 7, LAST = 1 << LEVELS, GRID = LAST + 1 };
    static float h[GRID * GRID];
    struct rng r = rng_new(2, STREAM_BACKGROUND);
    for (size_t i = 0; i < GRID * GRID; i++)
        h[i] = NAN;
    diamond_square(h, LEVELS, 0.6, &r);
    double lo = 1, hi = 0, step = 0;
    bool all = true;
    for (size_t i = 0; i < GRID * GRID; i++) {
        all &= !isnan(h[i]);
        lo = fmin(lo, h[i]);
        hi = worse(hi, h[i]);
        if (i % GRID)
            step = worse(step, fabs(h[i] - h[i - 1]));
    }
    ok(all, "diamond-square reaches every point");
    ok(lo > -2 && hi < 3 && hi - lo > 0.3, "heights lie where the colours are (%.2f to %.2f)", lo, hi);
    ok(step < 0.4 * (hi - lo), "neighbours are near each other");

    enum { SIDE = 70 };
    static uint8_t rgb[SIDE * SIDE * 3];
    for (enum background kind = BACKGROUND_DIAMOND; background_names[kind]; kind++) {
        float *work = malloc(background_floats(SIDE, kind) * sizeof *work + 1);
        double sum = 0, squares = 0, n = sizeof rgb;
        background_paint(rgb, SIDE, kind, work, &r);
        for (size_t i = 0; i < sizeof rgb; i++) {
            sum += rgb[i];
            squares += (double)rgb[i] * rgb[i];
        }
        double mean = sum / n, deviation = sqrt(squares / n - mean * mean);
        ok(mean > 20 && mean < 235 && deviation > 10,
           "background %s: neither black, white nor flat (%.0f +- %.0f)", background_names[kind], mean,
           deviation);
        free(work);
    }
    bool covered = true;
    leaves_paint(rgb, SIDE, &r);
    for (size_t i = 0; i < sizeof rgb; i++)
        covered &= rgb[i] > 0;
    ok(covered, "leaves cover everything");
}

int main(void)
{
    kernels();
    chains();
    published_figures();
    densities();
    positions();
    colours();
    composition();
    clouds();
    return done();
}
