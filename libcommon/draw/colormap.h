/* Colour maps of numbers. inferno and viridis are perceptually uniform (Smith and van der Walt, matplotlib
 * 2015, CC0); turbo is a rainbow without its faults (Mikhailov, Google 2019, Apache-2.0). Each is kept as 65
 * of its 256 colours, joined by lines: within one level of the original. */
#ifndef DRAW_COLORMAP_H
#define DRAW_COLORMAP_H
#include <stdint.h>

enum colormap { COLORMAP_INFERNO, COLORMAP_VIRIDIS, COLORMAP_TURBO, COLORMAP_GREY };
/* In that order, ended by NULL. */
extern const char *const colormap_names[];

/* The colour of t, 0 lowest to 1 highest; beyond, that of the nearest end. */
void colormap_rgb(uint8_t rgb[3], enum colormap map, double t);
#endif
