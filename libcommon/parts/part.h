/* Synthetic parts for inspection: kinds of object and of texture, drawn as surfaces, with their defects.
 *
 * A picture is a function of its request alone: the same bytes for the same seed and name on every CPU.
 * Rasters are the caller's to free. */
#ifndef PARTS_PART_H
#define PARTS_PART_H
#include "base/raster.h"
#include "base/rng.h"
#include "parts/flaw.h"

enum { PART_TRAITS = 12 };

/* One part before the camera. */
struct part {
    const struct part_kind *kind;
    double x, y, cosine, sine, scale; /* pose: where its origin lies, how it is turned */
    double trait[PART_TRAITS];        /* what varies from part to part; each kind has its own list */
    uint32_t seed;                    /* of its grain */
    double pixel;                     /* the distance of two texels in the part's coordinates */
    struct flaw flaw;
};

/* A place on it, in the part's own coordinates. */
struct part_spot {
    double x, y;
    double bite; /* signed distance to what is broken off there */
};

struct part_kind {
    const char *name, *about;
    bool texture;
    const struct flaw_recipe *flaws; /* ended by a NULL name */
    double jitter, turn;             /* the pose varies by +- jitter and +- turn (in whole turns) */
    void (*vary)(struct part *p, struct rng *r);
    void (*draw)(struct texel *t, const struct part *p, const struct part_spot *s);
};

/* All kinds, ended by NULL. */
extern const struct part_kind *const part_kinds[];
/* NULL where there is none of that name. */
const struct part_kind *part_find(const char *name);

struct part_request {
    const struct part_kind *kind;
    const struct flaw_recipe *flaw; /* NULL: a good part */
    double ease;                    /* 0 hard .. 1 easy: size and contrast of the defect */
    size_t size;                    /* pixels a side */
    uint64_t seed;                  /* of the whole set */
    const char *name;               /* the picture's name: two names, two parts */
};

enum { PART_SIZE_MIN = 32, PART_SIZE_MAX = 4096 };

/* image: size x size RGB. mask (where not NULL): grey, 255 where the defect changes the picture, else 0: the
 * part is photographed with and without the defect, in the same light, and the mask is where a channel
 * differs by more than 3 of 255 levels, with gaps of a pixel or two closed. Outside the mask the picture is,
 * bit for bit, that of the good part; that one is twin (where not NULL). A mask has never less than 1/4000 of
 * the pixels: a defect that shows less is drawn again elsewhere. */
void part_render(struct raster *image, struct raster *mask, struct raster *twin,
                 const struct part_request *q);
#endif
