/* Layouts with a folder for each split: mvtec, mvtec2, loco, btad, converted visa. */
#include "base/mem.h"
#include "dataset/ground_truth.h"
#include "dataset/layouts.h"
#include "dataset/walk.h"
#include <stdlib.h>
#include <string.h>

/* Where an image of the walk belongs. */
struct place {
    const char *root, *folder; /* the category; the split's folder in it */
    enum dataset_split split;
    const struct dataset_options *o;
};

/* Masks lie by the category's splits, or (mvtec2) in the split's own folder. */
static bool add_masks(struct dataset_entry *first, const struct place *p, char *const *image, size_t n,
                      const char *kind, struct err *e)
{
    char *below = path_join("ground_truth", kind), *beside = path_join(p->root, below);
    char *split = path_join(p->root, p->folder), *inside = path_join(split, below);
    bool done =
        ground_truth_assign(first, image, strlen(kind) + 1, n, is_folder(beside) ? beside : inside, e);
    free(inside);
    free(split);
    free(beside);
    free(below);
    return done;
}

/* n images of one kind, or (kind "") that lie right in the split's folder. */
static bool add_kind(struct dataset *d, const struct place *p, char *const *image, size_t n, const char *kind,
                     struct err *e)
{
    size_t first = d->n;
    for (size_t i = 0; i < n; i++) {
        char *name = path_join(p->folder, image[i]), *path = path_join(p->root, name);
        struct dataset_entry *en = dataset_add(d, path, name);
        en->split = p->split;
        if (*kind)
            entry_set_kind(en, kind, p->o->normal);
        else if (p->split != SPLIT_TEST) /* images right in train/: what one trains on is normal */
            entry_set_kind(en, "good", NULL);
        free(path);
        free(name);
    }
    return !*kind || normal_name(kind, p->o->normal) || add_masks(d->entry + first, p, image, n, kind, e);
}

/* How many images from the first on lie in its folder; n: the length of that folder's name, 0 for none. */
static size_t same_kind(char *const *image, size_t images, size_t n)
{
    size_t count = 1;
    while (count < images && (n ? strncmp(image[count], image[0], n + 1) == 0 : !strchr(image[count], '/')))
        count++;
    return count;
}

static bool add_split(struct dataset *d, const struct place *p, struct err *e)
{
    struct paths images = {0};
    char *folder = path_join(p->root, p->folder);
    bool done = !is_folder(folder) || walk_images(&images, folder, e);
    for (size_t i = 0, n; done && i < images.n; i += n) {
        const char *slash = strchr(images.path[i], '/');
        char *kind = xstrndup(images.path[i], slash ? (size_t)(slash - images.path[i]) : 0);
        n = same_kind(images.path + i, images.n - i, strlen(kind));
        if (strcmp(kind, "ground_truth") != 0)
            done = add_kind(d, p, images.path + i, n, kind, e);
        free(kind);
    }
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
              {"test", SPLIT_TEST},
              {"test_public", SPLIT_TEST}}; /* mvtec2; of its other tests no label is known */

bool dataset_has_split_folders(const char *root)
{
    static const char *const folders[] = {"train", "test", "test_public"};
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
