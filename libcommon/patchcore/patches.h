/* From the taps of a feature record to one matrix of patch vectors, the form that PatchCore works
 * on.
 *
 * A record holds one image: per tap an array H x W x C (f32 or f16; C alone counts as 1 x 1 x C). All records
 * must agree in taps and shapes. The patch grid is that of the largest tap; a patch vector has the taps'
 * channels in their order. Anything wrong, NaN and infinity included, dies with the record and the tap named.
 */
#ifndef PATCHCORE_PATCHES_H
#define PATCHCORE_PATCHES_H
#include "stream/npys.h"
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

struct patch_shape {
    size_t height, width; /* the grid */
    size_t channels;      /* of a patch vector */
};

struct patcher;
struct patcher *patcher_new(enum patch_rule rule);
void patcher_free(struct patcher *p);
/* Takes the record read last from r. The first one sets the shapes, later ones are held against them. */
void patcher_load(struct patcher *p, const struct npys_reader *r, const struct npys_record *rec);
/* Known after the first patcher_load. */
struct patch_shape patcher_shape(const struct patcher *p);
/* The patches of the image loaded last; out: (height width) x channels. */
void patcher_make(struct patcher *p, float *out);
#endif
