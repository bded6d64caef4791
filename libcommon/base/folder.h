/* Folders that a tool writes into. What fails dies with "PATH: reason". */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H
#include <stdbool.h>

/* Makes it and what lies above it, like mkdir -p. Dies unless files can be made in it. */
void folder_make(const char *path);
/* True where it is absent or has no entries. */
bool folder_empty(const char *path);
#endif
