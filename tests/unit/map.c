/* image/map: torch's interpolation and SciPy's Gaussian filter (tests/oracle/map.py), and what must hold of
 * any. */
#include "image/map.h"
#include "../oracle/map.h"
#include "tap.h"
#include <string.h>

/* The formula of tests/oracle/map.py. */
static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((double)(i * 37 % 101) / 101 - 0.5);
}

static double distance(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = worse(worst, fabs((double)(a[i] - b[i])));
    return worst;
}

static void resize_like_torch(void)
{
    float in[5 * 3], out[11 * 8], deep[2 * 2 * 36], wide[3 * 4 * 36];
    fill(in, 5 * 3);
    map_resize(out, 11, 8, in, 5, 3, 1, MAP_HALF_PIXEL);
    ok_close(distance(out, half_pixel_11x8, 11 * 8), 0, 1e-6, "bilinear, half-pixel, as torch");
    map_resize(out, 11, 8, in, 5, 3, 1, MAP_ALIGN_CORNERS);
    ok_close(distance(out, align_corners_11x8, 11 * 8), 0, 1e-6, "bilinear, aligned corners, as torch");
    map_resize(out, 11, 8, in, 5, 3, 1, MAP_NEAREST);
    ok_close(distance(out, nearest_11x8, 11 * 8), 0, 0, "nearest, as torch");
    fill(deep, 2 * 2 * 36);
    map_resize(wide, 3, 4, deep, 2, 2, 36, MAP_HALF_PIXEL);
    ok_close(distance(wide, half_pixel_deep_3x4, 3 * 4 * 36), 0, 1e-6, "36 channels, as torch");
    float same[5 * 3], one[4];
    map_resize(same, 5, 3, in, 5, 3, 1, MAP_HALF_PIXEL);
    ok(memcmp(same, in, sizeof same) == 0, "the same size is the same map");
    map_resize(one, 2, 2, in, 1, 1, 1, MAP_ALIGN_CORNERS);
    ok(one[0] == in[0] && one[3] == in[0], "one sample fills everything");
}

static void blur_like_scipy(void)
{
    float map[21 * 18];
    fill(map, 21 * 18);
    map_blur(map, 21, 18, 4, MAP_MIRROR_EDGE);
    ok_close(distance(map, blur_edge_21x18, 21 * 18), 0, 1e-6, "SciPy's reflect repeats the edge");
    fill(map, 21 * 18);
    map_blur(map, 21, 18, 4, MAP_MIRROR);
    ok_close(distance(map, blur_mirror_21x18, 21 * 18), 0, 1e-6, "SciPy's mirror does not");
    fill(map, 5 * 9);
    map_blur(map, 5, 9, 4, MAP_MIRROR);
    ok_close(distance(map, blur_mirror_5x9, 5 * 9), 0, 1e-6, "a map smaller than the kernel, mirror");
    fill(map, 5 * 9);
    map_blur(map, 5, 9, 4, MAP_MIRROR_EDGE);
    ok_close(distance(map, blur_edge_5x9, 5 * 9), 0, 1e-6, "a map smaller than the kernel, edge repeated");
}

static void blur_truths(void)
{
    enum { SIDE = 67 };
    static float map[SIDE * SIDE];
    double sum = 0, total = 0;
    for (int i = -16; i <= 16; i++)
        sum += exp(-i * i / 32.0);
    map[33 * SIDE + 33] = 1;
    map_blur(map, SIDE, SIDE, 4, MAP_MIRROR);
    ok_close((double)map[33 * SIDE + 33], 1 / (sum * sum), 1e-9, "an impulse keeps 1/(sum e^(-i^2/32))^2");
    bool symmetric = true;
    for (size_t i = 0; i < SIDE; i++)
        for (size_t j = 0; j < SIDE; j++) {
            total += (double)map[i * SIDE + j];
            symmetric &= map[i * SIDE + j] == map[(SIDE - 1 - i) * SIDE + SIDE - 1 - j];
        }
    ok(symmetric, "and stays symmetric");
    ok_close(total, 1, 1e-6, "and keeps its mass");
    ok(map[33 * SIDE + 33 + 17] == 0 && map[33 * SIDE + 33 + 16] > 0, "33 taps");
    for (int border = MAP_MIRROR; border <= MAP_MIRROR_EDGE; border++) {
        double worst = 0;
        for (size_t i = 0; i < SIDE * SIDE; i++)
            map[i] = 3;
        map_blur(map, SIDE, SIDE, 4, (enum map_border)border);
        for (size_t i = 0; i < SIDE * SIDE; i++)
            worst = worse(worst, fabs((double)map[i] - 3));
        ok_close(worst, 0, 3e-6, "a constant map is unchanged, also at its borders");
    }
}

int main(void)
{
    resize_like_torch();
    blur_like_scipy();
    blur_truths();
    return done();
}
