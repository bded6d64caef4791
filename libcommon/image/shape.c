#include "image/shape.h"

double shape_cos(double t)
{
    t -= floor(t + 0.5); /* [-0.5, 0.5) */
    t = 0.25 - fabs(t);  /* cos(2 pi t) = sin(2 pi (1/4 - |t|)) */
    double x = 6.283185307179586 * t, s = x * x;
    return x * (1 + s * (-1.0 / 6 + s * (1.0 / 120 + s * (-1.0 / 5040 + s * (1.0 / 362880)))));
}

double shape_sin(double t)
{
    return shape_cos(t - 0.25);
}

/* arctan(t) / (2 pi) on [0, 1]: Abramowitz and Stegun, 4.4.49 */
static double octant(double t)
{
    double s = t * t;
    double a = t * (0.9998660 + s * (-0.3302995 + s * (0.1801410 + s * (-0.0851330 + s * 0.0208351))));
    return a * 0.15915494309189535;
}

double shape_turn(double x, double y)
{
    double ax = fabs(x), ay = fabs(y);
    if (ax == 0 && ay == 0)
        return 0;
    double t = ay <= ax ? octant(ay / ax) : 0.25 - octant(ax / ay);
    if (x < 0)
        t = 0.5 - t;
    return y < 0 ? -t : t;
}

double shape_box(double x, double y, double w, double h, double r)
{
    double dx = fabs(x) - w + r, dy = fabs(y) - h + r;
    return shape_length(shape_max(dx, 0), shape_max(dy, 0)) + shape_min(shape_max(dx, dy), 0) - r;
}

double shape_segment(double x, double y, double x0, double y0, double x1, double y1)
{
    double ax = x1 - x0, ay = y1 - y0, bx = x - x0, by = y - y0;
    double length = ax * ax + ay * ay;
    double t = length > 0 ? shape_clamp((ax * bx + ay * by) / length) : 0;
    return shape_length(bx - t * ax, by - t * ay);
}

double shape_join(double a, double b, double r)
{
    double h = shape_max(r - fabs(a - b), 0) / r;
    return shape_min(a, b) - h * h * r * 0.25;
}

double shape_bevel(double distance, double r)
{
    double t = shape_clamp(-distance / r);
    return sqrt(t * (2 - t));
}
