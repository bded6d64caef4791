/* An image stream that goes along with the records of a tensor stream, one image a record: masks, or the images themselves. */
#ifndef STREAM_COMPANION_H
#define STREAM_COMPANION_H
#include "stream/image.h"
#include "stream/npys.h"

struct companion {
    const char *what;            /* for messages: "mask", "image" */
    struct image_reader *reader; /* NULL: there is no such stream */
    const char *label;
    FILE *file;
    struct image image; /* the one read last */
};

/* name: NULL for none. */
struct companion companion_open(const char *name, const char *what);
/* The image of the record that was read last, NULL where there is no such stream; good until the next call. Dies where there is none
 * left, or where both have names and these differ. */
const struct image *companion_next(struct companion *c, const struct npys_reader *r,
                                   const struct note *record);
/* Dies where images are left. */
void companion_close(struct companion *c);
#endif
