#include "dataset/walk.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 32 };

static const char *const suffixes[] = {"png", "jpg",  "jpeg", "jpe",  "jfif", "bmp", "dib",
                                       "ppm", "pgm",  "pbm",  "pnm",  "pam",  "tif", "tiff",
                                       "gif", "webp", "jp2",  "avif", "heic", NULL};

char *path_join(const char *a, const char *b)
{
    size_t n = strlen(a);
    while (n > 1 && a[n - 1] == '/')
        n--;
    return n == 0 ? xstrdup(b) : xprintf("%.*s%s%s", (int)n, a, a[n - 1] == '/' ? "" : "/", b);
}

char *path_real_last(const char *path)
{
    char *real = realpath(path, NULL);
    const char *whole = real ? real : path, *slash = strrchr(whole, '/');
    char *last = xstrdup(slash && slash[1] ? slash + 1 : whole);
    free(real);
    return last;
}

char *path_last(const char *path)
{
    size_t end = strlen(path), start;
    while (end > 0 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/'; start--)
        ;
    char *last = xstrndup(path + start, end - start);
    if (*last && strcmp(last, ".") != 0 && strcmp(last, "..") != 0)
        return last;
    free(last);
    return path_real_last(path);
}

size_t path_stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    return dot && dot > (slash ? slash + 1 : path) ? (size_t)(dot - path) : strlen(path);
}

bool is_regular(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool is_pipe(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_image_suffix(const char *name)
{
    const char *suffix = name + path_stem(name);
    for (size_t i = 0; *suffix && suffixes[i]; i++)
        if (strcasecmp(suffix + 1, suffixes[i]) == 0)
            return true;
    return false;
}

static void paths_add(struct paths *p, char *path)
{
    p->path = xgrow(p->path, p->n, &p->capacity, sizeof *p->path);
    p->path[p->n++] = path;
}

void paths_free(struct paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->path[i]);
    free(p->path);
    *p = (struct paths){0};
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct paths *p)
{
    if (p->n)
        qsort(p->path, p->n, sizeof *p->path, by_bytes);
}

static bool walk(struct paths *out, const char *root, const char *below, size_t depth, struct err *e);

/* One name in the folder root/below. */
static bool visit(struct paths *out, const char *root, const char *below, const struct dirent *item,
                  size_t depth, struct err *e)
{
    if (item->d_name[0] == '.')
        return true;
    char *relative = path_join(below, item->d_name), *path = path_join(root, relative);
    bool done = true, keep = false;
    if (item->d_type == DT_DIR || (item->d_type != DT_REG && is_folder(path)))
        done = walk(out, root, relative, depth + 1, e);
    else
        keep = has_image_suffix(item->d_name);
    if (keep && item->d_type != DT_REG && is_pipe(path)) { /* to open it would wait for a writer, or fail */
        notice("%s: is no regular file: passed over", path);
        keep = false;
    }
    if (keep)
        paths_add(out, relative);
    else
        free(relative);
    free(path);
    return done;
}

static bool walk(struct paths *out, const char *root, const char *below, size_t depth, struct err *e)
{
    char *path = path_join(root, below);
    DIR *folder = depth > DEPTH_MAX ? NULL : opendir(path);
    bool done = true;
    if (depth > DEPTH_MAX)
        done = err_set(e, "more than %d folders deep; a link that goes round?", DEPTH_MAX);
    else if (!folder)
        done = err_set(e, "cannot list %s:", path);
    const struct dirent *item;
    while (done && (item = readdir(folder)))
        done = visit(out, root, below, item, depth, e);
    if (folder)
        closedir(folder);
    free(path);
    return done;
}

bool walk_images(struct paths *out, const char *root, struct err *e)
{
    bool done = walk(out, root, "", 0, e);
    sort(out);
    return done;
}

bool walk_folders(struct paths *out, const char *root, struct err *e)
{
    DIR *folder = opendir(root);
    if (!folder)
        return err_set(e, "cannot list %s:", root);
    const struct dirent *item;
    while ((item = readdir(folder))) {
        char *path = path_join(root, item->d_name);
        if (item->d_name[0] != '.' && is_folder(path))
            paths_add(out, xstrdup(item->d_name));
        free(path);
    }
    closedir(folder);
    sort(out);
    return true;
}
