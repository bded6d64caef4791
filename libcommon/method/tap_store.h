/* The taps of many images on disk (base/spool.h): what a fit keeps of its images, to go through them again and again. Memory holds
 * one image. */
#ifndef METHOD_TAP_STORE_H
#define METHOD_TAP_STORE_H
#include "base/tensor.h"
#include "method/taps.h"

struct tap_store;
/* what: for messages. type: DT_F32, or DT_BF16 (rounded to nearest) for half of the disk. */
struct tap_store *tap_store_new(const char *what, enum dtype type);
/* The first image sets the shapes; all must have the same (taps_read sees to it). */
void tap_store_add(struct tap_store *s, const struct taps *t);
size_t tap_store_images(const struct tap_store *s);
/* The taps of image i, in the order in which they were added; good until the next call. */
const struct taps *tap_store_read(struct tap_store *s, size_t i);
void tap_store_free(struct tap_store *s); /* NULL: nothing */
#endif
