/* Shapes as signed distances (negative inside, in the units of their coordinates; after Inigo Quilez,
 * "2D distance functions"), and the scalar functions that go with them. Exact operations and polynomials
 * only: the same bits on every CPU and with every libm. */
#ifndef IMAGE_SHAPE_H
#define IMAGE_SHAPE_H
#include <math.h>

static inline double shape_min(double a, double b)
{
    return a < b ? a : b;
}
static inline double shape_max(double a, double b)
{
    return a > b ? a : b;
}
static inline double shape_clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}
/* a at t = 0, b at t = 1. */
static inline double shape_mix(double a, double b, double t)
{
    return a + (b - a) * t;
}
/* Rises smoothly from 0 at lo to 1 at hi; falls when lo > hi. */
static inline double shape_ramp(double lo, double hi, double x)
{
    double t = shape_clamp((x - lo) / (hi - lo));
    return t * t * (3 - 2 * t);
}
static inline double shape_length(double x, double y)
{
    return sqrt(x * x + y * y);
}
/* A smooth bump: 1 at x = 0, 0 from |x| = width on. */
static inline double shape_bump(double x, double width)
{
    double t = shape_max(0, 1 - x * x / (width * width));
    return t * t;
}

/* cos and sin of a whole turn times t, within 1e-6. */
double shape_cos(double t);
double shape_sin(double t);
/* The direction of (x, y) in turns, on [-0.5, 0.5], within 1e-5. */
double shape_turn(double x, double y);

static inline double shape_circle(double x, double y, double radius)
{
    return shape_length(x, y) - radius;
}
/* A rectangle of half sides w and h with corners rounded by r. */
double shape_box(double x, double y, double w, double h, double r);
/* The distance to a segment; less a radius it is a capsule. */
double shape_segment(double x, double y, double x0, double y0, double x1, double y1);
/* Union with a fillet of about r. */
double shape_join(double a, double b, double r);

/* The part of a pixel that lies inside: 1 inside, 0 outside, linear over one pixel of the edge. */
static inline double shape_cover(double distance, double pixel)
{
    return shape_clamp(0.5 - distance / pixel);
}
/* The height, 0 to 1, of a body whose edge is rounded off by a quarter circle of radius r. */
double shape_bevel(double distance, double r);
#endif
