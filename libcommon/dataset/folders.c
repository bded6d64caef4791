/* Layouts with a folder for each split: mvtec, loco, btad, converted visa. */
#include "base/mem.h"
#include "dataset/layouts.h"
#include "dataset/walk.h"
#include <stdlib.h>
#include <string.h>

/* A mask, by a name that its image may have. Each mask has two: NAME_mask.png and NAME.png belong to NAME,
 * NAME/000.png belongs to NAME too. */
struct key {
    char *image; /* the image's path below its kind, without suffix */
    char *path;  /* the mask's path */
};

struct keys {
    struct key *key; /* sorted by image, then path */
    size_t n, capacity;
};

static void keys_add(struct keys *k, const char *image, size_t n, const char *path)
{
    k->key = xgrow(k->key, k->n, &k->capacity, sizeof *k->key);
    k->key[k->n++] = (struct key){xstrndup(image, n), xstrdup(path)};
}

static void keys_free(struct keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        free(k->key[i].image);
        free(k->key[i].path);
    }
    free(k->key);
}

static int by_image(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = strcmp(x->image, y->image);
    return order ? order : strcmp(x->path, y->path);
}

static bool read_masks(struct keys *k, const char *root, const char *kind, struct err *e)
{
    struct paths masks = {0};
    char *below = path_join("ground_truth", kind), *folder = path_join(root, below);
    bool done = !is_folder(folder) || walk_images(&masks, folder, e);
    for (size_t i = 0; i < masks.n; i++) {
        const char *mask = masks.path[i], *slash = strrchr(mask, '/');
        char *path = path_join(folder, mask);
        size_t stem = path_stem(mask), suffix = strlen("_mask");
        if (stem > suffix && memcmp(mask + stem - suffix, "_mask", suffix) == 0)
            stem -= suffix;
        keys_add(k, mask, stem, path);
        if (slash)
            keys_add(k, mask, (size_t)(slash - mask), path);
        free(path);
    }
    if (k->n)
        qsort(k->key, k->n, sizeof *k->key, by_image);
    paths_free(&masks);
    free(folder);
    free(below);
    return done;
}

/* The masks whose image is the n bytes at `image`: the first of them by bisection, then all behind it. */
static void add_masks(struct dataset_entry *en, const struct keys *k, const char *image, size_t n)
{
    char *name = xstrndup(image, n);
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(k->key[middle].image, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < k->n && strcmp(k->key[low].image, name) == 0; low++)
        entry_add_mask(en, k->key[low].path);
    free(name);
}

/* Where an image of the walk belongs. */
struct place {
    const char *root, *folder; /* the category; the split's folder in it */
    enum dataset_split split;
    const struct dataset_options *o;
};

/* The images of one kind, `below` the split's folder: from index `start` on, as long as the kind is the same. */
static bool add_kind(struct dataset *d, const struct place *p, const struct paths *images, size_t *start,
                     struct err *e)
{
    const char *first = images->path[*start], *slash = strchr(first, '/');
    size_t n = slash ? (size_t)(slash - first) : 0;
    char *kind = xstrndup(first, n);
    struct keys masks = {0};
    bool normal = normal_name(kind, p->o->normal),
         done = n == 0 || normal || read_masks(&masks, p->root, kind, e);
    for (; *start < images->n; ++*start) {
        const char *image = images->path[*start];
        if (n ? strncmp(image, first, n + 1) != 0 : strchr(image, '/') != NULL)
            break;
        char *name = path_join(p->folder, image), *path = path_join(p->root, name);
        struct dataset_entry *en = dataset_add(d, path, name);
        en->split = p->split;
        if (n)
            entry_set_kind(en, kind, p->o->normal);
        else if (p->split != SPLIT_TEST) /* images right in train/: what one trains on is normal */
            entry_set_kind(en, "good", NULL);
        if (n)
            add_masks(en, &masks, image + n + 1, path_stem(image) - n - 1);
        free(path);
        free(name);
    }
    keys_free(&masks);
    free(kind);
    return done;
}

static bool add_split(struct dataset *d, const struct place *p, struct err *e)
{
    struct paths images = {0};
    char *folder = path_join(p->root, p->folder);
    bool done = !is_folder(folder) || walk_images(&images, folder, e);
    for (size_t i = 0; done && i < images.n;)
        done = add_kind(d, p, &images, &i, e);
    paths_free(&images);
    free(folder);
    return done;
}

static const struct {
    const char *folder;
    enum dataset_split split;
} splits[] = {{"train", SPLIT_TRAIN},
              {"validation", SPLIT_VALIDATION},
              {"valid", SPLIT_VALIDATION},
              {"val", SPLIT_VALIDATION},
              {"test", SPLIT_TEST}};

bool dataset_has_split_folders(const char *root)
{
    static const char *const folders[] = {"train", "test"};
    bool has = false;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = path_join(root, folders[i]);
        has |= is_folder(path);
        free(path);
    }
    return has;
}

bool dataset_read_folders(struct dataset *d, const char *root, const struct dataset_options *o, struct err *e)
{
    d->layout = o->layout == LAYOUT_AUTO ? LAYOUT_MVTEC : o->layout;
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        if (!add_split(d, &(struct place){root, splits[i].folder, splits[i].split, o}, e))
            return false;
    return true;
}
