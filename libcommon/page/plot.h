/* A plot as SVG inside a page: axes, lines, bands, bars. Colours, dashes and hatches are the page's style, by class
 * (page.css: s0, s1, ... of series), so that light, dark and print have their own; no difference is told by colour alone.
 *
 * A plot is drawn from top to bottom of these functions: plot_begin, what is in it, plot_end. Data outside of the ranges is
 * cut off at the frame. */
#ifndef PAGE_PLOT_H
#define PAGE_PLOT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct plot_axis {
    double from, to;
    double tick; /* distance of ticks, which lie at its multiples; labels have the decimals that it has */
    const char *english, *japanese;
    bool power; /* ticks are labelled 2 to the power of their value */
};

struct plot {
    FILE *file;
    struct plot_axis x, y;
    double left, top, width, height; /* of the frame, in units of the viewBox */
};

/* Begins <svg>, with frame, grid, ticks and names of the axes. english and japanese say what is seen, for those who don't. */
struct plot plot_begin(FILE *f, struct plot_axis x, struct plot_axis y, const char *english,
                       const char *japanese);
/* n points joined; kind is the class. */
void plot_line(const struct plot *p, const char *kind, const double *x, const double *y, size_t n);
/* The area between two curves. */
void plot_band(const struct plot *p, const char *kind, const double *x, const double *low, const double *high,
               size_t n);
/* A bar from (x0, y0) to (x1, y1). */
void plot_bar(const struct plot *p, const char *kind, double x0, double x1, double y0, double y1);
/* A dot. */
void plot_dot(const struct plot *p, const char *kind, double x, double y);
/* A vertical line over the whole height, which the page's script may move. */
void plot_mark(const struct plot *p, const char *kind, double x);
void plot_end(const struct plot *p);

/* A distance of ticks that gives 3 to 10 in such a range: 1, 2 or 5 times a power of ten. */
double plot_tick(double range);
#endif
