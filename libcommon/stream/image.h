/* The image stream: Netpbm images back to back (P1..P7 read, P7 PAM RGB or GRAYSCALE written), header
 * comments "# key=value".
 *
 * Keys: name= label= defect= mask= size=WxH (the original's) crop=X,Y,W,H (the part of it that is seen, in
 * original pixels) resize= (identity.h) seq= id=. Behind the last image stands the end record, some white
 * space that gives the number of images (end.h). A stream whose images carry seq= must have it, else it was
 * cut; streams of foreign programs, which carry none, may end anywhere between images. Streams may be
 * concatenated. Streams of before the end record have end=N among the last image's keys, and are read.
 *
 * In the file, tab, newline and backslash of a value are \t \n \\ (note.h), and a value that would make its
 * line longer than 250 bytes goes on in lines "# key+=rest". Keys are letters, digits, "_-."; a key of 125
 * bytes or more is not written; comments that are no key=value are dropped. Comments of P1 to P6 are not
 * read. */
#ifndef STREAM_IMAGE_H
#define STREAM_IMAGE_H
#include "base/raster.h"
#include "stream/note.h"
#include <stdio.h>

struct image {
    struct raster raster;
    struct note note; /* without seq= and end= */
};

void image_free(struct image *im);
/* name=, or "" */
const char *image_name(const struct image *im);

struct image_reader;
/* `label` is what messages call the stream. The FILE stays the caller's. */
struct image_reader *image_reader_new(FILE *f, const char *label);
/* The next image into *im (its buffers are reused: start with {0}, end with image_free). False at the proper
 * end. Dies on anything else: cut or broken images, seq= or end= that do not count, no images at all. */
bool image_read(struct image_reader *r, struct image *im);
/* The same, but with a reason instead of death, for fuzzing: 1 image, 0 end, -1 error. */
int image_try_read(struct image_reader *r, struct image *im, struct err *e);
/* Whether the next image, the end of the file, or what is wrong has begun to come, so that image_try_read does
 * not wait for it to begin. Takes an end record that has come. What stdio holds in its buffer does not count. */
bool image_ready(struct image_reader *r);
/* Dies with "label: record N (name): reason" about the image read last. */
_Noreturn void image_reader_die(const struct image_reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
size_t image_reader_count(const struct image_reader *r);
/* Whether a broken image may be passed over: the part that is read is of a foreign program, which doesn't count its images by
 * seq=. */
bool image_reader_uncounted(const struct image_reader *r);
void image_reader_free(struct image_reader *r);

/* Each image is on its way, with seq=, when image_write returns. */
struct image_writer;
struct image_writer *image_writer_new(FILE *f, const char *label);
void image_write(struct image_writer *w, const struct image *im);
/* Writes the end record, flushes, frees. */
void image_writer_end(struct image_writer *w);

/* One Netpbm image from memory, for the codecs' door. False with a reason. */
bool image_decode_netpbm(struct raster *out, const unsigned char *data, size_t n, struct err *e);
#endif
