#include "page/plot.h"
#include "page/html.h"
#include <math.h>

/* The drawing in units of its own; the page scales it. */
enum { VIEW_WIDTH = 480, VIEW_HEIGHT = 300, LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 44 };

double plot_tick(double range)
{
    const double power = pow(10, floor(log10(range))), digit = range / power;
    return power * (digit < 1.5 ? 0.2 : digit < 3 ? 0.5 : digit < 7 ? 1 : 2);
}

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}
static double at_x(const struct plot *p, double x)
{
    return p->left + p->width * clamp((x - p->x.from) / (p->x.to - p->x.from), 0, 1);
}
static double at_y(const struct plot *p, double y)
{
    return p->top + p->height * (1 - clamp((y - p->y.from) / (p->y.to - p->y.from), 0, 1));
}

static int tick_decimals(double tick)
{
    int n = 0;
    while (n < 6 && fabs(tick - round(tick)) > 1e-6 * tick) {
        tick *= 10;
        n++;
    }
    return n;
}

/* Grid, ticks and numbers of one axis. */
static void draw_ticks(const struct plot *p, const struct plot_axis *a, int upright)
{
    const double bottom = p->top + p->height, right = p->left + p->width;
    const int decimals = tick_decimals(a->tick);
    for (double i = ceil(a->from / a->tick - 1e-6); i * a->tick <= a->to + 1e-6 * a->tick; i++) {
        const double v = i * a->tick, shown = a->power ? exp2(v) : i == 0 ? 0 : v;
        if (upright)
            html_put(p->file,
                     "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
                     "<text x=\"%.1f\" y=\"%.1f\" class=\"tick y\">%.*f</text>\n",
                     p->left, at_y(p, v), right, p->left - 5, at_y(p, v) + 4, decimals, shown);
        else
            html_put(p->file,
                     "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>"
                     "<text x=\"%.1f\" y=\"%.1f\" class=\"tick x\">%.*f</text>\n",
                     at_x(p, v), p->top, bottom, at_x(p, v), bottom + 15, decimals, shown);
    }
}

static void draw_name(FILE *f, double x, double y, const char *more, const char *english,
                      const char *japanese)
{
    html_put(f, "<text x=\"%.1f\" y=\"%.1f\" class=\"axis\"%s lang=\"en\">%s</text>", x, y, more, english);
    html_put(f, "<text x=\"%.1f\" y=\"%.1f\" class=\"axis\"%s lang=\"ja\">%s</text>\n", x, y, more, japanese);
}

struct plot plot_begin(FILE *f, struct plot_axis x, struct plot_axis y, const char *english,
                       const char *japanese)
{
    struct plot p = {f, x, y, LEFT, TOP, VIEW_WIDTH - LEFT - RIGHT, VIEW_HEIGHT - TOP - BOTTOM};
    char turned[64];
    html_put(f,
             "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s / %s\" data-left=\"%g\" "
             "data-width=\"%g\" data-from=\"%.9g\" data-to=\"%.9g\">\n",
             VIEW_WIDTH, VIEW_HEIGHT, english, japanese, p.left, p.width, x.from, x.to);
    draw_ticks(&p, &p.x, 0);
    draw_ticks(&p, &p.y, 1);
    html_put(f, "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", p.left,
             p.top, p.width, p.height);
    draw_name(f, p.left + p.width / 2, VIEW_HEIGHT - 8, "", x.english, x.japanese);
    snprintf(turned, sizeof turned, " transform=\"rotate(-90 12 %.1f)\"", p.top + p.height / 2);
    draw_name(f, 12, p.top + p.height / 2, turned, y.english, y.japanese);
    return p;
}

void plot_line(const struct plot *p, const char *kind, const double *x, const double *y, size_t n)
{
    html_put(p->file, "<polyline class=\"line %s\" points=\"", kind);
    for (size_t i = 0; i < n; i++)
        html_put(p->file, "%s%.1f,%.1f", i ? " " : "", at_x(p, x[i]), at_y(p, y[i]));
    html_put(p->file, "\"/>\n");
}

void plot_band(const struct plot *p, const char *kind, const double *x, const double *low, const double *high,
               size_t n)
{
    html_put(p->file, "<polygon class=\"band %s\" points=\"", kind);
    for (size_t i = 0; i < n; i++)
        html_put(p->file, "%.1f,%.1f ", at_x(p, x[i]), at_y(p, high[i]));
    for (size_t i = n; i-- > 0;)
        html_put(p->file, "%.1f,%.1f ", at_x(p, x[i]), at_y(p, low[i]));
    html_put(p->file, "\"/>\n");
}

void plot_bar(const struct plot *p, const char *kind, double x0, double x1, double y0, double y1)
{
    const double left = at_x(p, x0), right = at_x(p, x1), top = at_y(p, fmax(y0, y1)),
                 bottom = at_y(p, fmin(y0, y1));
    if (bottom > top)
        html_put(p->file, "<rect class=\"bar %s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>\n",
                 kind, left, top, right - left, bottom - top);
}

void plot_dot(const struct plot *p, const char *kind, double x, double y)
{
    html_put(p->file, "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n", kind, at_x(p, x),
             at_y(p, y));
}

void plot_mark(const struct plot *p, const char *kind, double x)
{
    html_put(p->file, "<path class=\"mark %s\" d=\"M%.1f %.1fV%.1f\"/>\n", kind, at_x(p, x), p->top,
             p->top + p->height);
}

void plot_end(const struct plot *p)
{
    html_put(p->file, "</svg>\n");
}
