/* The geometry of preprocessing: a picture is resized to full_width x full_height, of which the window of
 * width x height at (x, y) is kept. */
#ifndef IMAGE_CROP_H
#define IMAGE_CROP_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct geometry {
    size_t full_width, full_height;
    size_t x, y, width, height;
};

/* What is seen of the original, in its pixels. */
struct seen {
    double x, y, width, height;
};

/* resize 0: the size stays. crop 0: squashed to resize x resize, whole. Both: the short side becomes
 * `resize`, the long one in proportion, rounded down, and the middle crop x crop is kept, an odd rest halved
 * to the even number (torchvision's Resize and CenterCrop). False where the result is out of range or smaller
 * than the crop. */
bool geometry_of(struct geometry *g, size_t width, size_t height, size_t resize, size_t crop, struct err *e);

/* The window in pixels of the width x height original. */
struct seen geometry_seen(const struct geometry *g, size_t width, size_t height);
#endif
