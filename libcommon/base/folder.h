/* Folders that a tool writes into. What fails dies with "PATH: reason", but for folder_member. */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H
#include "base/err.h"
#include <stdbool.h>

/* Makes it and what lies above it, like mkdir -p. Dies unless files can be made in it. */
void folder_make(const char *path);
/* True where it is absent or has no entries. */
bool folder_empty(const char *path);
/* The path FOLDER/NAME.ENDING for a product called after its input: an ending that says an image (".jpg") is
 * replaced. NULL with a reason for a name that is no file below the folder: absolute, with "..", or ending in
 * '/'. free() it. */
char *folder_member(const char *folder, const char *name, const char *ending, struct err *e);
#endif
