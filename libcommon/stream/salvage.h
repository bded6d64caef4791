/* Reads images, and goes on behind a broken one where they aren't counted by seq=, as a camera's or ffmpeg's.
 *
 * The reader (image.h) gets a FILE that ends where the next image begins: at a header such as "P6\n640 480\n255\n", wherever
 * that comes. So a cut image is one that is too short, a header that promises too much swallows no other image, and nothing is
 * waited for but the bytes of the image itself. By chance such a header stands in the samples of one in 10^8 images of a
 * megabyte, which then counts as cut. PGM and PPM are recognised, and PAM that begins with WIDTH, as ffmpeg writes it. */
#ifndef STREAM_SALVAGE_H
#define STREAM_SALVAGE_H
#include "base/feed.h"
#include "stream/image.h"

struct salvage;
/* The feed and the label stay the caller's. mend: go on behind broken images; else it is an image reader, no more. */
struct salvage *salvage_open(struct feed *feed, const char *label, bool mend);
/* 1: an image; 0: the end; -1: a broken image, which has been passed over, and why. Dies as image_read does where it may not
 * go on. */
int salvage_read(struct salvage *s, struct image *im, struct err *e);
/* Of the image read last, from 1; broken ones count. */
size_t salvage_number(const struct salvage *s);
void salvage_close(struct salvage *s);
#endif
