/* What the images that go through one network must have in common. */
#ifndef STREAM_ALIKE_H
#define STREAM_ALIKE_H
#include "stream/image.h"

/* The size; false with a reason. */
bool images_same_size(size_t height, size_t width, const struct image *im, struct err *e);
/* What imgcat made of them (identity.h): streams that it made in other ways may be joined by cat, but no network was tuned and no model
 * fitted to both. `known`: of the images before this one, {0} to begin; gets what this one says. */
bool images_same_making(struct note *known, const struct image *im, struct err *e);
#endif
