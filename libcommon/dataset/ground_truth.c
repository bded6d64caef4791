#include "dataset/ground_truth.h"
#include "base/mem.h"
#include "dataset/walk.h"
#include <stdlib.h>
#include <string.h>

/* How a mask's name follows from its image's: NAME_mask.png, NAME.png, NAME/000.png. */
enum way { WAY_SUFFIX, WAY_SAME, WAY_FOLDER, WAYS };

/* An image that the mask number `mask` would belong to by one of the ways. */
struct key {
    char *image; /* below its kind, without suffix */
    enum way way;
    size_t mask;
};

struct keys {
    struct key *key; /* sorted by image, way, mask */
    size_t n, capacity;
    bool *taken; /* for each mask */
};

static void keys_add(struct keys *k, const char *image, size_t n, enum way way, size_t mask)
{
    k->key = xgrow(k->key, k->n, &k->capacity, sizeof *k->key);
    k->key[k->n++] = (struct key){xstrndup(image, n), way, mask};
}

static int by_image(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = strcmp(x->image, y->image);
    if (order == 0)
        order = (x->way > y->way) - (x->way < y->way);
    return order ? order : (x->mask > y->mask) - (x->mask < y->mask);
}

static struct keys keys_of(const struct paths *masks)
{
    static const char suffix[] = "_mask";
    const size_t length = sizeof suffix - 1;
    struct keys k = {.taken = xcalloc(masks->n, sizeof *k.taken)};
    for (size_t i = 0; i < masks->n; i++) {
        const char *mask = masks->path[i], *slash = strrchr(mask, '/');
        size_t stem = path_stem(mask);
        keys_add(&k, mask, stem, WAY_SAME, i);
        if (stem > length && memcmp(mask + stem - length, suffix, length) == 0)
            keys_add(&k, mask, stem - length, WAY_SUFFIX, i);
        if (slash)
            keys_add(&k, mask, (size_t)(slash - mask), WAY_FOLDER, i);
    }
    if (k.n)
        qsort(k.key, k.n, sizeof *k.key, by_image);
    return k;
}

static void keys_free(struct keys *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->key[i].image);
    free(k->key);
    free(k->taken);
}

/* The first key that isn't below (image, way), by bisection. */
static size_t find(const struct keys *k, const char *image, enum way way)
{
    const struct key wanted = {(char *)image, way, 0};
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_image(&k->key[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool matches(const struct keys *k, size_t i, const char *image, enum way way)
{
    return i < k->n && k->key[i].way == way && strcmp(k->key[i].image, image) == 0;
}

/* How many of the images one way finds masks for. */
static size_t covered(const struct keys *k, char *const *image, size_t n, enum way way)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += matches(k, find(k, image[i], way), image[i], way);
    return found;
}

/* Gives each image the masks that one way finds, but for masks that are taken. */
static void assign(struct dataset_entry *entry, struct keys *k, const struct paths *masks, const char *folder,
                   char *const *image, size_t n, enum way way, bool only_without)
{
    for (size_t i = 0; i < n; i++) {
        if (only_without && entry[i].masks > 0)
            continue;
        for (size_t at = find(k, image[i], way); matches(k, at, image[i], way); at++) {
            size_t mask = k->key[at].mask;
            if (k->taken[mask])
                continue;
            char *path = path_join(folder, masks->path[mask]);
            entry_add_mask(&entry[i], path);
            free(path);
            k->taken[mask] = true;
        }
    }
}

bool ground_truth_assign(struct dataset_entry *entry, char *const *image, size_t skip, size_t n,
                         const char *folder, struct err *e)
{
    struct paths masks = {0};
    if (!is_folder(folder))
        return true;
    bool done = walk_images(&masks, folder, e);
    struct keys k = keys_of(&masks);
    char **name = xmalloc(n, sizeof *name);
    for (size_t i = 0; i < n; i++)
        name[i] = xstrndup(image[i] + skip, path_stem(image[i]) - skip);
    bool same = covered(&k, name, n, WAY_SAME) > covered(&k, name, n, WAY_SUFFIX);
    assign(entry, &k, &masks, folder, name, n, same ? WAY_SAME : WAY_SUFFIX, false);
    assign(entry, &k, &masks, folder, name, n, same ? WAY_SUFFIX : WAY_SAME, true);
    assign(entry, &k, &masks, folder, name, n, WAY_FOLDER, false);
    for (size_t i = 0; i < n; i++)
        free(name[i]);
    free(name);
    keys_free(&k);
    paths_free(&masks);
    return done;
}
