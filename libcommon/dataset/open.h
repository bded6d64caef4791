/* A data set on disk, whatever its layout: the choice among the readers of layouts.h. */
#ifndef DATASET_OPEN_H
#define DATASET_OPEN_H
#include "dataset/layouts.h"

/* Lists the folder (or list file) `path`, all splits, sorted bytewise by name but for a list. False with a reason, and
 * nothing to free. */
bool dataset_open(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e);
/* Of one that was read otherwise, a list's lines say: where one image has a mask all are left as they are stored (set.h). */
void dataset_lie_alike(struct dataset *d);
#endif
