#include "base/mem.h"
#include "dataset/layouts.h"
#include "dataset/walk.h"
#include <stdlib.h>

bool dataset_read_plain(struct dataset *d, const char *root, struct err *e)
{
    struct paths images = {0};
    bool done = walk_images(&images, root, e);
    d->layout = LAYOUT_FOLDER;
    for (size_t i = 0; i < images.n; i++) {
        char *path = path_join(root, images.path[i]);
        dataset_add(d, path, images.path[i]);
        free(path);
    }
    paths_free(&images);
    return done;
}
