#include "base/folder.h"
#include "base/err.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder on the way to `whole`, or that. */
static void make_one(const char *path, const char *whole)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return;
    int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return;
    errno = error == EEXIST ? ENOTDIR : error;
    if (strcmp(path, whole) == 0)
        die("%s:", path);
    die("%s: %s:", whole, path);
}

void folder_make(const char *path)
{
    char *partial = xstrdup(path);
    for (char *p = partial; *p; p++)
        if (*p == '/' && p > partial) {
            *p = 0;
            make_one(partial, path);
            *p = '/';
        }
    make_one(path, path);
    if (access(path, W_OK | X_OK))
        die("%s:", path);
    free(partial);
}

bool folder_empty(const char *path)
{
    DIR *d = opendir(path);
    const struct dirent *e;
    bool empty = true;
    if (!d && errno == ENOENT)
        return true;
    if (!d)
        die("%s:", path);
    while (empty && (e = readdir(d)))
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return empty;
}
