/* A window of a picture, in whole pixels. */
#ifndef IMAGE_WINDOW_H
#define IMAGE_WINDOW_H
#include <stdbool.h>
#include <stddef.h>

struct window {
    size_t x, y, width, height;
};

/* The whole pixels that the rectangle (x, y, width, height) of fractions covers best, inside a picture of
 * picture_width x picture_height. False where it is empty or leaves the picture by more than a pixel. */
bool window_of(struct window *w, double x, double y, double width, double height, size_t picture_width,
               size_t picture_height);
#endif
