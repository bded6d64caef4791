#include "dataset/dataset.h"
#include "base/file.h"
#include "base/mem.h"
#include "dataset/walk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const layout_names[] = {"auto", "mvtec", "visa", "loco", "btad", "folder", "list", NULL};
const char *const split_names[] = {"all", "train", "validation", "test", NULL};

struct entry *dataset_add(struct dataset *d, const char *path, const char *name)
{
    d->entry = xgrow(d->entry, d->n, &d->capacity, sizeof *d->entry);
    d->entry[d->n] = (struct entry){.path = xstrdup(path), .name = xstrdup(name)};
    return &d->entry[d->n++];
}

void dataset_move(struct dataset *to, struct entry *en, const char *prefix)
{
    char *name = path_join(prefix, en->name);
    free(en->name);
    en->name = name;
    to->entry = xgrow(to->entry, to->n, &to->capacity, sizeof *to->entry);
    to->entry[to->n++] = *en;
    *en = (struct entry){0};
}

void entry_add_mask(struct entry *en, const char *path)
{
    en->mask = xrealloc(en->mask, en->masks + 1, sizeof *en->mask);
    en->mask[en->masks++] = xstrdup(path);
}

static void entry_free(struct entry *en)
{
    for (size_t i = 0; i < en->masks; i++)
        free(en->mask[i]);
    free(en->mask);
    free(en->path);
    free(en->name);
    free(en->label);
    free(en->defect);
}

void dataset_free(struct dataset *d)
{
    for (size_t i = 0; i < d->n; i++)
        entry_free(&d->entry[i]);
    free(d->entry);
    *d = (struct dataset){0};
}

bool normal_name(const char *name, const char *extra)
{
    static const char *const names[] = {"good",        "ok",         "normal",    "defect_free",
                                        "defect-free", "defectfree", "no_defect", "defect_none",
                                        "free",        NULL};
    for (size_t i = 0; names[i]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return extra && strcmp(name, extra) == 0;
}

void entry_set_kind(struct entry *en, const char *kind, const char *extra_normal)
{
    bool normal = normal_name(kind, extra_normal);
    free(en->label);
    free(en->defect);
    en->label = xstrdup(normal ? "0" : "1");
    en->defect = xstrdup(normal ? "good" : kind);
}

void dataset_keep(struct dataset *d, enum split split)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++)
        if (split == SPLIT_ALL || d->entry[i].split == split)
            d->entry[kept++] = d->entry[i];
        else
            entry_free(&d->entry[i]);
    d->n = kept;
}

bool dataset_has_splits(const struct dataset *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->entry[i].split != SPLIT_ALL)
            return true;
    return false;
}

static bool has_folder(const char *root, const char *name)
{
    char *path = path_join(root, name);
    bool has = is_folder(path);
    free(path);
    return has;
}

static bool has_splits(const char *root)
{
    return has_folder(root, "train") || has_folder(root, "test");
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
        if (has_splits(path) || has_folder(path, "Data/Images")) {
            size_t n = strlen(list);
            snprintf(list + n, sizeof list - n, "%s%s", found ? ", " : "", folders.path[i]);
            found = true;
        }
        free(path);
    }
    paths_free(&folders);
    return found ? err_set(e, "holds categories, not images: name one (%s)", list) : true;
}

static bool read_detected(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    if (!is_folder(path))
        return dataset_read_list(d, path, o, e);
    if (has_folder(path, "Data/Images"))
        return dataset_read_visa(d, path, o, e);
    if (has_splits(path))
        return dataset_read_folders(d, path, o, e);
    return refuse_categories(path, e) && dataset_read_plain(d, path, e);
}

static bool read_as(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    switch (o->layout) {
    case LAYOUT_AUTO:
        return read_detected(d, path, o, e);
    case LAYOUT_LIST:
        return dataset_read_list(d, path, o, e);
    case LAYOUT_FOLDER:
        return dataset_read_plain(d, path, e);
    case LAYOUT_VISA:
        if (has_folder(path, "Data/Images"))
            return dataset_read_visa(d, path, o, e);
        break;
    default:
        break;
    }
    if (!has_splits(path))
        return err_set(e, "has neither a train nor a test folder, as layout %s must",
                       layout_names[o->layout]);
    return dataset_read_folders(d, path, o, e);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

bool dataset_open(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e)
{
    if (!read_as(d, path, o, e)) {
        dataset_free(d);
        return false;
    }
    if (d->n && d->layout != LAYOUT_LIST)
        qsort(d->entry, d->n, sizeof *d->entry, by_name);
    return true;
}
