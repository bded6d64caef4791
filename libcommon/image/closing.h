/* Masks without pinholes. */
#ifndef IMAGE_CLOSING_H
#define IMAGE_CLOSING_H
#include <stddef.h>

/* In place: fills the gaps of a mask (0 or 255, width x height) that squares of 2r + 1 pixels don't fit into: dilation, then
 * erosion. What lies outside of the picture counts as neither. Takes a copy's memory for the time of the call. */
void mask_close(unsigned char *mask, size_t width, size_t height, size_t r);
#endif
