/* Files that a tool makes: they appear whole or not at all, and replace nothing but a regular file.
 *
 * A tool opens its products before its work begins, so that a path that can't be written is told then. What a
 * name stands for decides how it is written:
 *
 *     nothing, a regular file   a temporary file beside it, synced and renamed at the end; an existing file's
 *                               permissions stay, one that may not be written is refused
 *     a symbolic link           the same for what it leads to (which need not exist); the link stays
 *     a device, a FIFO,         written directly, as a shell's > would; opening a FIFO waits for its reader
 *     /dev/stdout, /dev/fd/N
 *     a folder, a socket        refused
 *
 * When the process dies or is told to (INT, TERM, HUP, PIPE, XFSZ), temporary files go; only a kill leaves
 * one, empty or begun, called NAME.XXXXXX. Everything dies with "NAME: reason". */
#ifndef BASE_PRODUCT_H
#define BASE_PRODUCT_H
#include <stdio.h>

struct product;
/* At most 8 are open at a time. `name` is copied. */
struct product *product_open(const char *name);
/* For work of hours that a kill may end: dies now where product_open would, and leaves nothing beside the file.
 * The product where it is written directly, open from now on; else NULL. When the work is done, product_tried
 * gives the one that this gave, or opens it. */
struct product *product_try(const char *name);
struct product *product_tried(struct product *from_try, const char *name);
FILE *product_file(struct product *p);
/* As it was given, for messages. */
const char *product_name(const struct product *p);
/* Flush, sync, rename. Dies when any of it fails. Frees p. */
void product_commit(struct product *p);
#endif
