/* Which mask files belong to which images of a kind of defect, by their names.
 *
 * The mask of NAME.png is NAME_mask.png (MVTec AD), NAME.png (BTAD, converted VisA), or every file in the folder NAME
 * (LOCO). An image may itself be called solder_mask: which of the first two is meant is told from all images of the kind,
 * as the way that finds masks for more of them. The other way is tried for images that are left, with masks that are left. */
#ifndef DATASET_GROUND_TRUTH_H
#define DATASET_GROUND_TRUTH_H
#include "base/err.h"
#include "dataset/set.h"

/* Gives the n entries, all of one kind, their masks out of `folder`, which need not be there. image[i] + skip is the name of
 * entry i's file below the folder of its kind. False with a reason when a folder can't be read. */
bool ground_truth_assign(struct dataset_entry *entry, char *const *image, size_t skip, size_t n,
                         const char *folder, struct err *e);
#endif
