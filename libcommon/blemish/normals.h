/* The normal images, all of them held before the first copy is made: any may lend a piece to any other. Held as bytes, in memory up to
 * a limit and beyond it on disk (train/held_set.h). */
#ifndef BLEMISH_NORMALS_H
#define BLEMISH_NORMALS_H
#include "stream/image.h"
#include "train/held_set.h"

struct blemish_normals {
    struct held_set *set;
    struct note *note; /* of each */
    size_t n, capacity;
    size_t largest; /* bytes of an image */
};
struct blemish_normals blemish_normals_new(size_t memory);
/* Adds the images of a stream; dies on one that is labelled as defective, or smaller than BLEMISH_SIDE_MIN. */
void blemish_normals_read(struct blemish_normals *s, const char *name);
void blemish_normals_free(struct blemish_normals *s);
#endif
