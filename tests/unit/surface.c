/* surface/: programs fill a torus without a seam, outlines measure distances, light and camera follow their formulas, regions are
 * counted. */
#include "base/mem.h"
#include "surface/camera.h"
#include "surface/light.h"
#include "surface/scene.h"
#include "surface/texture.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* The largest step between columns x - 1 and x. */
static double step_at(const float *plane, ptrdiff_t x)
{
    double most = 0;
    for (ptrdiff_t y = 0; y < RELIEF_SIDE; y++)
        most = worse(most, fabs(plane[relief_at(x, y)] - plane[relief_at(x - 1, y)]));
    return most;
}

static double slope_of(const float *h)
{
    double sum = 0;
    for (ptrdiff_t y = 0; y < RELIEF_SIDE; y++)
        for (ptrdiff_t x = 0; x < RELIEF_SIDE; x++)
            sum += pow(h[relief_at(x + 1, y)] - h[relief_at(x, y)], 2) +
                   pow(h[relief_at(x, y + 1)] - h[relief_at(x, y)], 2);
    return sqrt(sum / RELIEF_TEXELS);
}

static void one_program(enum program p)
{
    struct relief *t = xmalloc(1, sizeof *t), *again = xmalloc(1, sizeof *again);
    bool same = true, within = true, seamless = true;
    double slope = 0;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct rng r = rng_new(seed, p), r2 = r;
        program_run(p, t, &r);
        program_run(p, again, &r2);
        same &= !memcmp(t, again, sizeof *t);
        relief_finish(t, 0.35);
        double most = 0;
        for (ptrdiff_t x = 1; x < RELIEF_SIDE; x++)
            most = worse(most, step_at(t->height, x));
        seamless &= step_at(t->height, 0) <= 1.05 * most;
        slope = worse(slope, fabs(slope_of(t->height) / 0.35 - 1));
        for (size_t i = 0; i < RELIEF_TEXELS; i++)
            within &= t->position[i] >= 0 && t->position[i] <= 1;
    }
    ok(same, "%s: the same numbers, the same texture", program_names[p]);
    ok(within && slope < 1e-3, "%s: positions from 0 to 1, the slope asked for (off by %.1g)",
       program_names[p], slope);
    ok(seamless, "%s: no seam where the torus closes", program_names[p]);
    free(t);
    free(again);
}

/* A spectrum's exponent is what neighbouring octaves say: alike at 1, a quarter at 3. */
static void spectra(void)
{
    float *plane = xcalloc(RELIEF_TEXELS, sizeof *plane);
    double deviation[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        struct rng r = rng_new(5, (uint64_t)i);
        memset(plane, 0, RELIEF_TEXELS * sizeof *plane);
        relief_noise(plane, 8 << i, 8 << i, 1, &r);
        double squares = 0;
        for (size_t k = 0; k < RELIEF_TEXELS; k++)
            squares += (double)plane[k] * plane[k];
        deviation[i] = sqrt(squares / RELIEF_TEXELS);
    }
    ok(fabs(deviation[0] / deviation[1] - 1) < 0.1 && fabs(deviation[0] - 0.25) < 0.05,
       "noise: as strong at any frequency (%.3f, %.3f)", deviation[0], deviation[1]);
    double slope[2];
    for (int i = 0; i < 2; i++) {
        struct rng r = rng_new(6, 0);
        relief_spectrum(plane, 4, i ? 3 : 1, 1, &r);
        slope[i] = slope_of(plane);
    }
    ok(slope[0] > 3 * slope[1], "a steeper spectrum is smoother (%.3f, %.3f)", slope[0], slope[1]);
    free(plane);
}

static void outlines(void)
{
    enum { SIDE = 161, MIDDLE = 80 };
    static float d[SIDE][SIDE];
    struct silhouette *library = silhouettes_new(3);
    struct rng r = rng_new(1, 0), places = rng_new(1, 1);
    size_t seen[OUTLINES] = {0};
    bool centre = true, radius = true, smooth = true, parts = true;
    double disc = 0;
    for (size_t n = 0; n < 120; n++) {
        struct outline o;
        outline_draw(&o, MIDDLE, MIDDLE, 60, library, &r);
        seen[o.kind]++;
        for (ptrdiff_t y = 0; y < SIDE; y++)
            outline_row(d[y], &o, 0, y, SIDE);
        struct outline moved = o;
        float whole[SIDE], part[SIDE];
        moved.x = (float)rng_range(&places, 0, 3);
        outline_row(whole, &moved, 0, 77, SIDE);
        for (ptrdiff_t first = 1; first < SIDE; first += 9) {
            outline_row(part, &moved, first, 77, SIDE - (size_t)first);
            parts &= !memcmp(part, whole + first, (SIDE - (size_t)first) * sizeof *part);
        }
        centre &= o.kind == OUTLINE_FRACTAL || d[MIDDLE][MIDDLE] < -5;
        for (ptrdiff_t y = 1; y < SIDE; y++)
            for (ptrdiff_t x = 1; x < SIDE; x++) {
                const double far = sqrt((double)((x - MIDDLE) * (x - MIDDLE) + (y - MIDDLE) * (y - MIDDLE)));
                radius &= far < 61 || d[y][x] > 0;
                smooth &= fabsf(d[y][x]) > 3 || fabsf(d[y][x] - d[y][x - 1]) < 3;
                disc = o.kind == OUTLINE_DISC ? worse(disc, fabs(d[y][x] - (far - 60))) : disc;
            }
    }
    bool all = true;
    for (size_t k = 0; k < OUTLINES; k++)
        all &= seen[k] > 5;
    ok(all, "every kind of outline is drawn");
    ok(centre, "the centre is inside (but for silhouettes)");
    ok(radius, "nothing is inside beyond the radius");
    ok(smooth, "near the edge distances change by a pixel or so from pixel to pixel");
    ok(parts, "a part of a row has the same bits");
    ok(disc < 1e-3, "a disc's distances are exact");
    free(library);
}

/* Against the formulas in double. */
static void lights(void)
{
    struct rng r = rng_new(4, 0);
    double flat = 0, off = 0;
    for (size_t n = 0; n < 50; n++) {
        const struct light l = light_draw(&r);
        const struct gloss g = {0.5f, 4};
        const float up[2] = {0.4f, 0.1f}, level[2] = {1, 1}, above[1] = {-0.3f}, one = 1, part = 0.7f;
        float times, plus;
        light_row(&times, &plus, level, &one, &one, 1, &l, &g);
        flat = worse(flat, fabs(times - 1));
        light_row(&times, &plus, up, above, &part, 1, &l, &g);
        const double nx = 0.4 - 0.1, ny = -0.3 - 0.1, length = sqrt(nx * nx + ny * ny + 1);
        const double lambert = (nx * l.to[0] + ny * l.to[1] + l.to[2]) / length / l.to[2];
        const double sum = sqrt(pow(l.to[0], 2) + pow(l.to[1], 2) + pow(l.to[2] + 1, 2));
        const double shine = (nx * l.to[0] + ny * l.to[1] + l.to[2] + 1) / length / sum;
        const double facing = fmin(2, (1 - l.ambient) * fmax(0, lambert));
        off = worse(off, fabs(times - (l.ambient + facing * 0.7)));
        off = worse(off, fabs(plus - 0.5 * pow(fmax(0, shine), 16) * 0.7));
    }
    ok(flat < 1e-5, "a flat surface has its colours");
    ok(off < 1e-5, "slopes: Lambert's and Blinn's formulas (off by %.1g)", off);
}

static void cameras(void)
{
    enum { SIDE = 40, PLANE = SIDE * SIDE };
    static float rgb[3 * PLANE], work[20 * SIDE];
    static uint8_t out[3 * PLANE];
    struct camera_tables *t = camera_tables_new();
    struct rng r = rng_new(8, 0);
    double grey = 0, noise = 0;
    for (size_t n = 0; n < 20; n++) {
        struct camera c = camera_draw(t, &r);
        const double sum = c.blur[0] + 2 * (c.blur[1] + c.blur[2] + c.blur[3]);
        const double gamma =
            log(c.gamma[CAMERA_STEPS / 2] / 65280.0) / log((double)(CAMERA_STEPS / 2) / (CAMERA_STEPS - 1));
        grey = worse(grey, fabs(sum - 1));
        c.noise = 0;
        for (size_t i = 0; i < 3 * PLANE; i++)
            rgb[i] = 0.4f;
        camera_shoot(out, 3, rgb, SIDE, &c, t, work, &r);
        const size_t middle = 3 * (SIDE / 2 * SIDE + SIDE / 2);
        grey = worse(grey, fabs(out[middle] - 255 * pow(0.4 * c.gain[0], gamma)) / 2);
        const double corner = 255 * pow(0.4 * c.gain[2] * (1 - c.dark), gamma);
        grey = worse(grey, fabs(out[3 * PLANE - 1] - corner) / 2);
    }
    ok(grey < 1, "grey: gain, vignette and gamma, blurred or not (off by %.2f)", grey);
    struct camera c = camera_draw(t, &r);
    c.noise = 256 * 5;
    c.gain[0] = 1;
    c.dark = 0;
    c.gamma = t->gamma[16];
    for (size_t i = 0; i < 3 * PLANE; i++)
        rgb[i] = 0.5f;
    camera_shoot(out, 3, rgb, SIDE, &c, t, work, &r);
    double mean = 0;
    for (size_t i = 0; i < PLANE; i++)
        mean += (double)out[3 * i] / PLANE;
    for (size_t i = 0; i < PLANE; i++)
        noise += pow(out[3 * i] - mean, 2) / PLANE;
    ok_close(sqrt(noise), 5, 0.4, "noise of 5 grey levels");
    memset(rgb, 0, sizeof rgb);
    rgb[20 * SIDE + 10] = 1;
    c = (struct camera){true, {0.4f, 0.2f, 0.08f, 0.02f}, {1, 1, 1}, 0, t->gamma[16], 0};
    const double one = pow(0.4 * 0.08, log(c.gamma[1024] / 65280.0) / log(1024.0 / 2047));
    camera_shoot(out, 3, rgb, SIDE, &c, t, work, &r);
    ok_close(out[3 * (18 * SIDE + 10)], 255 * one, 1.5, "blur: two pixels above");
    ok(out[3 * (20 * SIDE + 12)] == out[3 * (18 * SIDE + 10)] && out[3 * (20 * SIDE + 14)] == 0,
       "blur: the same to the side, nothing beyond three");
    free(t);
}

static void scenes(void)
{
    enum { SIDE = 64, CLASSES = 9 };
    struct silhouette *library = silhouettes_new(3);
    struct scene s = scene_new(SIDE);
    bool counted = true, largest = true;
    double leaves = 0;
    for (uint64_t n = 0; n < 60; n++) {
        struct rng r = rng_new(n, 0);
        size_t area[SURFACES_MAX] = {0}, most = 0;
        scene_draw(&s, (enum scene_kind)(n % 3), library, &r);
        scene_deal(&s, n % CLASSES, CLASSES, &r);
        for (size_t i = 0; i < SIDE * SIDE; i++)
            area[s.nearest[i] < s.n ? s.nearest[i] : 0]++;
        for (size_t i = 0; i < s.n; i++) {
            counted &= area[i] == s.leaf[i].area && s.leaf[i].class < CLASSES;
            most = area[i] > area[most] ? i : most;
        }
        largest &= s.leaf[most].class == n % CLASSES;
        leaves += n % 3 == SCENE_LEAVES ? (double)s.n / 20 : 0;
        counted &= n % 3 != SCENE_PLAIN || s.n == 1;
        counted &= n % 3 != SCENE_SHAPE || s.n == 2;
    }
    ok(counted, "every pixel has one surface; plain and shape have one and two");
    ok(largest, "the largest has the class asked for");
    ok(leaves > 10 && leaves < 60, "leaves: some dozens are seen (%.1f)", leaves);
    scene_free(&s);
    free(library);
}

/* Between texels linear, on texels exact. */
static void instances(void)
{
    const struct program_list list = {1, {PROGRAM_NOISE}};
    struct texture t = texture_new(2, 7, &list);
    const struct placement along = {.u = 3 << 16, .v = 250 << 16, .ux = 65536, .vy = 65536, .scale = 1};
    const struct placement between = {
        .u = (3 << 16) + 32768, .v = 250 << 16, .ux = 65536, .vy = 65536, .scale = 2};
    float h[300], p[300], h2[300], p2[300];
    double off = 0;
    texture_row(h, p, &t, &along, -1, 9, 300);
    texture_row(h2, p2, &t, &between, -1, 9, 299);
    for (ptrdiff_t i = 0; i < 299; i++) {
        const struct surface_texel *texel = &t.texel[relief_at(2 + i, 259)];
        off = worse(off, fabs(h[i] - texel->height / 256.0));
        off = worse(off, fabs(p[i] - texel->position / 64.0));
        off = worse(off, fabs(h2[i] - (h[i] + h[i + 1])));
        off = worse(off, fabs(p2[i] - (p[i] + p[i + 1]) / 2));
    }
    ok(off < 1e-4,
       "texels as they are, half between them the mean, heights grow with the scale (off by %.1g)", off);
    struct rng r = rng_new(1, 0);
    float colour[COLOURS][3];
    bool range = true;
    size_t greys = 0;
    for (size_t n = 0; n < 200; n++) {
        texture_colours(colour, &t, &r);
        greys += colour[0][0] == colour[0][1] && colour[255][1] == colour[255][2];
        for (size_t i = 0; i < COLOURS; i++)
            for (size_t c = 0; c < 3; c++)
                range &= colour[i][c] >= 0 && colour[i][c] <= 0.851f;
    }
    ok(range && greys > 40 && greys < 80, "colours: from 0 to .85, three in ten grey (%zu of 200)", greys);
    texture_free(&t);
}

int main(void)
{
    for (size_t p = 0; p < PROGRAMS; p++)
        one_program((enum program)p);
    spectra();
    outlines();
    lights();
    cameras();
    scenes();
    instances();
    return done();
}
