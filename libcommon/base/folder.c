#include "base/folder.h"
#include "base/err.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_one(const char *path)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return;
    int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return;
    errno = error == EEXIST ? ENOTDIR : error;
    die("%s:", path);
}

void folder_make(const char *path)
{
    char *partial = xstrdup(path);
    for (char *p = partial; *p; p++)
        if (*p == '/' && p > partial) {
            *p = 0;
            make_one(partial);
            *p = '/';
        }
    make_one(path);
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

/* Whether one of the names between the slashes is "..". */
static bool climbs(const char *name)
{
    for (const char *p = name; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == 0))
            return true;
    }
    return false;
}

char *folder_member(const char *folder, const char *name, const char *ending, struct err *e)
{
    static const char *const images[] = {".png", ".jpg", ".jpeg", ".bmp", ".pam",
                                         ".ppm", ".pgm", ".pbm",  ".pnm"};
    size_t length = strlen(name), cut = length;
    if (length == 0 || name[0] == '/' || name[length - 1] == '/' || climbs(name)) {
        err_set(e, "the name '%s' is no file below %s", name, folder);
        return NULL;
    }
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        size_t n = strlen(images[i]);
        if (length > n && strcasecmp(name + length - n, images[i]) == 0)
            cut = length - n;
    }
    return xprintf("%s/%.*s.%s", folder, (int)cut, name, ending);
}
