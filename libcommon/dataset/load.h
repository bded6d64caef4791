/* From an entry of a data set to an image as it leaves: decoded, resized, cropped, 8 bit, with its comments. */
#ifndef DATASET_LOAD_H
#define DATASET_LOAD_H
#include "base/err.h"
#include "dataset/mask.h"
#include "image/tile.h"
#include "stream/image.h"

/* The user's wish; see geometry_of. */
struct load_options {
    size_t resize, crop;
    struct tiling
        tiles;  /* side 0: none. The image stays whole; it is checked that it can be cut so (tiles.h) */
    bool masks; /* masks instead of images: nearest, one channel, values kept */
};

/* Fits the raster of an image that was read from a stream; its size= and crop= go on to mean the first
 * original. False with a reason. */
bool image_fit(struct image *im, const struct load_options *o, struct err *e);

/* What a user should hear of an image that could be loaded. */
struct load_remarks {
    struct err odd; /* what is odd in its file and changed no sample; "": nothing */
    unsigned
        orientation; /* EXIF's, where it was not honoured because masks are drawn on the stored pixels; else 1 */
    struct mask_doubts mask; /* of its masks, with o->masks */
};

/* LOAD_NO_IMAGE: the image can't be read (a tool may skip it). LOAD_NO_MASK: a mask is missing, damaged or of another
 * size. Either with a reason that names the file. */
enum load_result { LOAD_DONE, LOAD_NO_IMAGE, LOAD_NO_MASK };

/* The entry's image, upright (but see as_stored of set.h), with name, label, defect, size and crop. With o->masks the mask
 * of the same image: the union of the entry's masks; black where it is normal. The image is decoded for its size all the
 * same, so that both streams hold the same images. im: start with {0}, reused, image_free. */
enum load_result entry_load(struct image *im, struct load_remarks *remarks, const struct dataset_entry *en,
                            const struct load_options *o, struct err *e);
#endif
