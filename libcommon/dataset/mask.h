/* The mask of an image: the union of the files that an entry of a data set names. */
#ifndef DATASET_MASK_H
#define DATASET_MASK_H
#include "base/err.h"
#include "base/raster.h"
#include "dataset/set.h"

/* What gives reason to doubt a mask. */
struct mask_doubts {
    bool lossy; /* one is a JPEG: around a defect there are samples that nobody drew */
    bool
        grey; /* one has more than two grey levels: class numbers, or soft edges, all of which count as defect */
};

/* Puts the mask in the place of the image *r: of its size, 8-bit grey, the largest value of a pixel (colour_mask); black
 * where the image is normal. `orientation` is what the image's EXIF asks for and was not honoured, so that the reason can
 * tell it. False with a reason where a mask is unknown, damaged or of another size; *r is then still the caller's. */
bool mask_load(struct raster *r, struct mask_doubts *doubts, unsigned orientation,
               const struct dataset_entry *en, struct err *e);
#endif
