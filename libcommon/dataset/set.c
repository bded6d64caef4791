#include "dataset/set.h"
#include "base/mem.h"
#include "dataset/walk.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const layout_names[] = {"auto", "mvtec",  "mvtec2", "visa", "loco",
                                    "btad", "folder", "list",   NULL};
const char *const split_names[] = {"all", "train", "validation", "test", NULL};

struct dataset_entry *dataset_add(struct dataset *d, const char *path, const char *name)
{
    d->entry = xgrow(d->entry, d->n, &d->capacity, sizeof *d->entry);
    d->entry[d->n] = (struct dataset_entry){.path = xstrdup(path), .name = xstrdup(name)};
    return &d->entry[d->n++];
}

void dataset_move(struct dataset *to, struct dataset_entry *en, const char *prefix)
{
    char *name = path_join(prefix, en->name);
    free(en->name);
    en->name = name;
    to->entry = xgrow(to->entry, to->n, &to->capacity, sizeof *to->entry);
    to->entry[to->n++] = *en;
    *en = (struct dataset_entry){0};
}

void entry_add_mask(struct dataset_entry *en, const char *path)
{
    en->mask = xrealloc(en->mask, en->masks + 1, sizeof *en->mask);
    en->mask[en->masks++] = xstrdup(path);
}

static void entry_free(struct dataset_entry *en)
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

void entry_set_kind(struct dataset_entry *en, const char *kind, const char *extra_normal)
{
    bool normal = normal_name(kind, extra_normal);
    free(en->label);
    free(en->defect);
    en->label = xstrdup(normal ? "0" : "1");
    en->defect = xstrdup(normal ? "good" : kind);
}

void dataset_keep(struct dataset *d, enum dataset_split split)
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
