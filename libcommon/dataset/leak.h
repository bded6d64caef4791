/* Leaks: images that are in train (or validation) and in test as well, byte for byte. */
#ifndef DATASET_LEAK_H
#define DATASET_LEAK_H
#include "dataset/set.h"

struct leak {
    const struct dataset_entry *train, *test;
};

/* All pairs of the set, which must still hold its splits; free() them. Cheap: only files of equal size are
 * looked into, first at three places, and read whole where these agree. Files that can't be read are passed
 * over. The same picture encoded another way is not found. */
struct leak *leaks_find(const struct dataset *d, size_t *n);
/* Warns of them, each with both names; of ten at most. `path` is what messages call the set. */
void leaks_report(const struct dataset *d, const char *path);
#endif
