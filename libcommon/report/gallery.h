/* The pictures of a report's gallery: each test image, its mask, and the map over the image, small and encoded as they are
 * seen. 996 bottles are 13 MB of page.
 *
 * Images come as an image stream in step with the records of the run (stream/companion.h); gallery_see has the shape of an
 * outcome_watcher. */
#ifndef REPORT_GALLERY_H
#define REPORT_GALLERY_H
#include "report/outcome.h"
#include "stream/companion.h"

enum { GALLERY_SIDE = 176, GALLERY_QUALITY = 80 };

struct gallery_picture {
    unsigned char *image, *overlay, *mask; /* JPEG, JPEG, PNG; each may be NULL */
    size_t image_bytes, overlay_bytes, mask_bytes;
};

struct gallery {
    struct companion images;
    const struct outcome *outcome;   /* whose thresholds the overlays show */
    size_t side;                     /* of the longer side of a picture, at most */
    struct gallery_picture *picture; /* one an image, in order */
    size_t n, capacity;
};

/* images: the path of the image stream. outcome: the run that is about to be read. */
struct gallery gallery_open(const char *images, const struct outcome *outcome, size_t side);
/* The next image of the run. Dies where the images don't go along. */
void gallery_see(void *gallery, const struct outcome_record *record);
/* Behind the last: dies where images are left. */
void gallery_close(struct gallery *g);
void gallery_free(struct gallery *g);
#endif
