/* Blemishes: a normal image altered at a place, and the mask of what changed. For a short training on a product's own normals (whole or
 * altered, and how?), and for a validation set that needs no defect. After NSA (Schlueter et al., "Natural Synthetic Anomalies for
 * Self-Supervised Anomaly Detection and Localization", ECCV 2022), CutPaste (Li et al., CVPR 2021) and DRAEM (Zavrtanik et al., ICCV
 * 2021).
 *
 *     kind   what is altered
 *     patch  1 to 3 pieces of another normal image, scaled, feathered, of the mean colour of what they cover
 *     piece  the same with hard edges and other colours
 *     scar   a thin piece of the image itself, turned, of other colours
 *     blob   a cloud's outline filled with a texture (surface/), more or less opaque
 *     warp   the image shifted
 *     light  brighter, darker or blurred
 *
 * Lengths in pixels are those of an image whose shorter side is 256, and grow with it. An image is a function of (seed, kind, epoch,
 * index) and of the pictures that went in. */
#ifndef BLEMISH_ALTER_H
#define BLEMISH_ALTER_H
#include "base/raster.h"
#include "surface/texture.h"

enum blemish_kind {
    BLEMISH_PATCH,
    BLEMISH_PIECE,
    BLEMISH_SCAR,
    BLEMISH_BLOB,
    BLEMISH_WARP,
    BLEMISH_LIGHT,
    BLEMISH_KINDS
};
extern const char *const blemish_names[]; /* ended by NULL */

/* Levels by which a channel must differ to be seen, as for synthetic parts; attempts at a blemish that is seen; sides of an image. */
enum { BLEMISH_VISIBLE = 3, BLEMISH_ATTEMPTS = 40, BLEMISH_SIDE_MIN = 16, BLEMISH_TEXTURES = 32 };

/* What all images share: BLEMISH_TEXTURES textures, functions of the seed, NULL where no blobs are wanted; blemish_world_free frees
 * them. */
struct blemish_world {
    uint64_t seed;
    struct texture *texture;
};
struct blemish_world blemish_world_new(uint64_t seed, bool blobs);
void blemish_world_free(struct blemish_world *w);

struct blemish_request {
    enum blemish_kind kind;
    uint64_t epoch, index;      /* index: of the image */
    const struct raster *whole; /* 8-bit RGB, sides of BLEMISH_SIDE_MIN at least */
    const struct raster *donor; /* another of its kind, of any size from BLEMISH_SIDE_MIN on */
};

/* Which of n images lends to this one: another where there are two. A function of (seed, kind, epoch, index, n). */
size_t blemish_donor(uint64_t seed, enum blemish_kind kind, uint64_t epoch, uint64_t index, size_t n);

/* out, mask: rasters of the caller's, to be freed; {0}, or those of the call before, whose memory is used again. mask: one channel,
 * 255 where a channel differs by more than BLEMISH_VISIBLE, with gaps of a pixel or two closed, else 0; where it is 0, out is whole, bit
 * for bit. A mask has never less than 1/4000 of the pixels and 4: what shows less is drawn again. False where BLEMISH_ATTEMPTS were in
 * vain: a black image gets no brighter. */
bool blemish(struct raster *out, struct raster *mask, const struct blemish_world *w,
             const struct blemish_request *q);
#endif
