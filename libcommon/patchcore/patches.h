/* From the feature maps of an image to one matrix of patch vectors, the form that PatchCore works on. The patch grid is that of the
 * finest tap; a patch vector has the taps' channels in their order. */
#ifndef PATCHCORE_PATCHES_H
#define PATCHCORE_PATCHES_H
#include "method/taps.h"
#include <stddef.h>

enum patch_rule {
    /* Each tap averaged over 3 x 3 at its own resolution, zeros beyond the edge counted, then enlarged
     * bilinearly (half-pixel) to the grid: PatchCore in Anomalib (methods 3.1, 2-3). */
    PATCH_POOLED,
    /* 3 x 3 neighbourhoods, channel-major, averaged into 1024 bins a tap, enlarged bilinearly, the taps side
     * by side averaged into 1024 again: PatchCore's authors (methods 3.2, 2-5). */
    PATCH_BINNED,
};
enum { PATCH_BINS = 1024 };

/* A maker of patches for images of one shape; it owns its workspace. */
struct patches {
    enum patch_rule rule;
    size_t height, width; /* the grid */
    size_t channels;      /* of a patch vector, */
    size_t dims;          /* and padded to whole lanes of num/distance.h */
    float *row, *fine, *coarse, *raw;
};
/* For images shaped as this one. */
struct patches patches_new(enum patch_rule rule, const struct taps *like);
void patches_free(struct patches *p);
/* The patches of an image; out: (height width) x dims, zeros behind the channels. */
void patches_make(struct patches *p, float *out, const struct taps *image);
#endif
