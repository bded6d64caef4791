#include "dataset/open.h"
#include "base/file.h"
#include "base/mem.h"
#include "dataset/walk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_folder(const char *root, const char *name)
{
    char *path = path_join(root, name);
    bool has = is_folder(path);
    free(path);
    return has;
}

/* A folder of categories, such as the whole of MVTec AD, is no set: its masks would pass for images. */
static bool refuse_categories(const char *root, struct err *e)
{
    struct paths folders = {0};
    char list[200] = "";
    bool found = false;
    if (!walk_folders(&folders, root, e))
        return false;
    for (size_t i = 0; i < folders.n; i++) {
        char *path = path_join(root, folders.path[i]);
        if (dataset_has_split_folders(path) || has_folder(path, "Data/Images")) {
            size_t n = strlen(list);
            snprintf(list + n, sizeof list - n, "%s%s", found ? ", " : "", folders.path[i]);
            found = true;
        }
        free(path);
    }
    paths_free(&folders);
    return found ? err_set(e, "holds categories, not images: name one (%s)", list) : true;
}

static bool read_list(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    FILE *f = file_open(path);
    bool done = dataset_read_list(d, f, path, o, e);
    file_close(f);
    return done;
}

static bool read_detected(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    if (!is_folder(path))
        return read_list(d, path, o, e);
    if (has_folder(path, "Data/Images"))
        return dataset_read_visa(d, path, o, e);
    if (dataset_has_split_folders(path))
        return dataset_read_folders(d, path, o, e);
    return refuse_categories(path, e) && dataset_read_plain(d, path, e);
}

static bool read_as(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    switch (o->layout) {
    case LAYOUT_AUTO:
        return read_detected(d, path, o, e);
    case LAYOUT_LIST:
        return read_list(d, path, o, e);
    case LAYOUT_FOLDER:
        return dataset_read_plain(d, path, e);
    case LAYOUT_VISA:
        if (has_folder(path, "Data/Images"))
            return dataset_read_visa(d, path, o, e);
        break;
    case LAYOUT_MVTEC:
    case LAYOUT_MVTEC2:
    case LAYOUT_LOCO:
    case LAYOUT_BTAD:
        break;
    }
    if (!dataset_has_split_folders(path))
        return err_set(e, "has neither a train nor a test folder, as layout %s must",
                       layout_names[o->layout]);
    return dataset_read_folders(d, path, o, e);
}

/* One image of a set with masks must lie as the others do, also where it has none itself. */
void dataset_lie_alike(struct dataset *d)
{
    bool masks = false;
    for (size_t i = 0; i < d->n; i++)
        masks |= d->entry[i].masks > 0;
    for (size_t i = 0; i < d->n; i++)
        d->entry[i].as_stored = masks;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct dataset_entry *)a)->name, ((const struct dataset_entry *)b)->name);
}

bool dataset_open(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    if (!read_as(d, path, o, e)) {
        dataset_free(d);
        return false;
    }
    dataset_lie_alike(d);
    if (d->n && d->layout != LAYOUT_LIST)
        qsort(d->entry, d->n, sizeof *d->entry, by_name);
    return true;
}
