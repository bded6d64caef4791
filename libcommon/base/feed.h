/* Bytes of a file or pipe as they come, for those who must see what has come before they take it: whether a line is whole,
 * whether something else begins. Reads never wait for more than was asked for. */
#ifndef BASE_FEED_H
#define BASE_FEED_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct feed;
/* NULL or "-" is stdin, of which nothing may have been read. Dies with "NAME: reason". */
struct feed *feed_open(const char *name);
void feed_close(struct feed *f);
/* Waits until n bytes are there, or the end; at *data lie so many as the result says, which may be more. Dies on a read error. */
size_t feed_wait(struct feed *f, size_t n, const unsigned char **data);
/* Takes n of the bytes that are there. */
void feed_take(struct feed *f, size_t n);
/* Takes a line, its newline replaced by a NUL; *n is its length without. The last one may lack the newline. NULL: the end, or,
 * where it is not to wait, no whole line is there. The feed's, until the next call. */
char *feed_line(struct feed *f, bool wait, size_t *n);
#endif
