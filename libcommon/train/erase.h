/* Random erasing (Zhong et al., AAAI 2020) as torchvision does it: after normalisation, with zeros. */
#ifndef TRAIN_ERASE_H
#define TRAIN_ERASE_H
#include "nn/view.h"
#include "train/crop.h"
#include <stdbool.h>

/* A rectangle of height x width: ten tries until it is smaller than the image in both directions; false where
 * none is. The aspect of the range is height / width here, after torchvision. */
bool erase_window(struct window *w, size_t width, size_t height, const struct crop_range *range,
                  struct rng *r);
/* Zeroes it in image n. */
void erase(const struct view *out, size_t n, const struct window *w);
#endif
