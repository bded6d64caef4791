/* Folders. Paths that these return are the caller's. */
#ifndef DATASET_WALK_H
#define DATASET_WALK_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct paths {
    char **path;
    size_t n, capacity;
}; /* start with {0} */

/* Appends every file below `root` whose suffix is that of an image (also of kinds that can't be decoded, so
 * that they are not passed over in silence), relative to root, sorted bytewise. Hidden files and folders are
 * left out, symbolic links followed, 32 folders deep at most; pipes, sockets and devices are passed over, with a
 * notice. False with a reason when a folder can't be
 * read. */
bool walk_images(struct paths *out, const char *root, struct err *e);
/* Appends the names of the folders in `root`, hidden ones aside, sorted bytewise. */
bool walk_folders(struct paths *out, const char *root, struct err *e);
void paths_free(struct paths *p);

bool is_folder(const char *path);
bool is_regular(const char *path);
/* Whether something is there that is neither of both: a pipe, a device, a socket. */
bool is_pipe(const char *path);
/* "a/b" in new memory. */
char *path_join(const char *a, const char *b);
/* The last part of a path, without slashes behind it, in new memory; "." and the like are resolved, but a link's name is
 * its own. */
char *path_last(const char *path);
/* The same of what a link leads to. */
char *path_real_last(const char *path);
/* Bytes of the path before its suffix. */
size_t path_stem(const char *path);
#endif
