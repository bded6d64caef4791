#include "image/noise.h"
#include <math.h>

uint32_t noise_hash(uint32_t seed, int32_t i, int32_t j)
{
    uint32_t h = seed * 0xC2B2AE3Du + (uint32_t)i * 0x9E3779B1u + (uint32_t)j * 0x85EBCA77u;
    h = (h ^ h >> 16) * 0x7FEB352Du; /* the finaliser of Wellons' hash prospector, lowbias32 */
    h = (h ^ h >> 15) * 0x846CA68Bu;
    return h ^ h >> 16;
}

double noise_white(uint32_t seed, int32_t i, int32_t j)
{
    return (double)noise_hash(seed, i, j) * 0x1p-32;
}

double noise_normal(uint32_t seed, int32_t i, int32_t j)
{
    uint32_t a = noise_hash(seed, i, j), b = noise_hash(seed + 1, i, j);
    double sum = (double)(a & 0xffff) + (double)(a >> 16) + (double)(b & 0xffff) + (double)(b >> 16);
    return (sum * 0x1p-16 - 2) * 1.7320508075688772; /* the variance of the sum is 4/12 */
}

/* The gradient of lattice point (i, j), its two parts uniform on [-1, 1), times the offset from it. */
static double slope(uint32_t seed, int32_t i, int32_t j, double dx, double dy)
{
    uint32_t h = noise_hash(seed, i, j);
    double gx = (double)(h & 0xffff) * 0x1p-15 - 1, gy = (double)(h >> 16) * 0x1p-15 - 1;
    return gx * dx + gy * dy;
}

static double fade(double t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

/* floor() without the call. */
static int32_t whole(double x)
{
    int32_t i = (int32_t)x;
    return i - (x < i);
}

double noise_smooth(uint32_t seed, double x, double y)
{
    int32_t i = whole(x), j = whole(y);
    double dx = x - i, dy = y - j, u = fade(dx), v = fade(dy);
    double a = slope(seed, i, j, dx, dy), b = slope(seed, i + 1, j, dx - 1, dy);
    double c = slope(seed, i, j + 1, dx, dy - 1), d = slope(seed, i + 1, j + 1, dx - 1, dy - 1);
    double upper = a + u * (b - a), lower = c + u * (d - c);
    return 1.6 * (upper + v * (lower - upper));
}

double noise_fractal(uint32_t seed, double x, double y, int octaves)
{
    double sum = 0, squares = 0, height = 1;
    for (int k = 0; k < octaves; k++) {
        sum += height * noise_smooth(seed + (uint32_t)k, x, y);
        squares += height * height;
        height *= 0.5;
        x = 2 * x + 17.3;
        y = 2 * y - 5.7;
    }
    return sum / sqrt(squares);
}

struct noise_cell noise_cell(uint32_t seed, double x, double y)
{
    int32_t ci = whole(x), cj = whole(y);
    struct noise_cell c = {.nearest = 9, .second = 9};
    for (int32_t j = cj - 1; j <= cj + 1; j++)
        for (int32_t i = ci - 1; i <= ci + 1; i++) {
            uint32_t h = noise_hash(seed, i, j);
            double dx = i + (double)(h & 0xffff) * 0x1p-16 - x, dy = j + (double)(h >> 16) * 0x1p-16 - y;
            double d = dx * dx + dy * dy;
            if (d < c.nearest) {
                c.second = c.nearest;
                c.nearest = d;
                c.id = h;
            } else if (d < c.second) {
                c.second = d;
            }
        }
    c.nearest = sqrt(c.nearest);
    c.second = sqrt(c.second);
    return c;
}
