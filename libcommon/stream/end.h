/* The end of an image stream: a record of white space behind the last image, which says how many there were.
 *
 *     newline, the number in binary (tab: 1, space: 0, the highest digit first; one space for 0), newline
 *
 * Why white space: an image goes out before it is known whether it is the last, so the end must be a record of
 * its own, and Netpbm's programs pass over nothing else between and behind images. An image of one pixel with
 * end= would be cropped, scaled and counted by them as one more, a line of comment is a bad magic number. */
#ifndef STREAM_END_H
#define STREAM_END_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void end_write(FILE *f, const char *label, size_t n);

/* The white space since the last image; {0} before its first byte. */
struct end_reader {
    enum { END_NOTHING, END_DIGITS, END_OTHER } state;
    size_t digits, n;
};
/* Takes one byte of white space; true when it completes an end record, of r->n images. */
bool end_take(struct end_reader *r, int c);
#endif
