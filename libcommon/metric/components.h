/* Connected components of a mask: the regions of AUPRO. */
#ifndef METRIC_COMPONENTS_H
#define METRIC_COMPONENTS_H
#include <stddef.h>
#include <stdint.h>

/* Labels the 8-connected components of the pixels that are not 0.
 * label, mask: height x width, fewer than 2^32 pixels. label is 0 outside of components; they are numbered
 * from 1 in the order of their first pixels, row by row. Returns their number. */
uint32_t components_label(uint32_t *label, const unsigned char *mask, size_t height, size_t width);
#endif
