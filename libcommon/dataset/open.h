/* A data set on disk, whatever its layout: the choice among the readers of layouts.h. */
#ifndef DATASET_OPEN_H
#define DATASET_OPEN_H
#include "dataset/layouts.h"

/* Lists the folder (or list file) `path`, all splits, sorted bytewise by name but for a list. False with a reason, and
 * nothing to free. */
bool dataset_open(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e);
/* The same of a list whose file is open already; `path` is what it is called. */
bool dataset_open_list(struct dataset *d, FILE *f, const char *path, const struct dataset_options *o,
                       struct err *e);
#endif
