/* The layouts of data sets, a reader each; dataset_open (open.h) chooses. Facts are in the papers of MVTec AD (Bergmann et
 * al., 2019), MVTec AD 2 (Heckler-Kram et al., 2025), VisA (Zou et al., 2022), MVTec LOCO (Bergmann et al., 2022) and BTAD
 * (Mishra et al., 2021).
 *
 *   mvtec    CAT/{train,test}/KIND/NAME.png, masks CAT/ground_truth/KIND/NAME_mask.png
 *   mvtec2   CAT/{train,validation,test_public}/KIND/NAME.png, masks CAT/test_public/ground_truth/KIND/NAME_mask.png;
 *            CAT/test_private and test_private_mixed, whose labels are not public
 *   visa     CAT/Data/Images/{Normal,Anomaly}/NAME.JPG with a split CSV; or converted: as mvtec, masks NAME.png
 *   loco     as mvtec, with CAT/validation, and a folder of masks for each image: ground_truth/KIND/NAME/NNN.png
 *   btad     as mvtec, kinds ok and ko, masks ground_truth/ko/NAME.png
 *   folder   every image below; nothing is known of them
 *   list     a TSV file with a header: path and, if you like, label, mask, defect, split, name
 *
 * The layouts with train and test folders differ only in how these and the masks are called, and all ways are tried. */
#ifndef DATASET_LAYOUTS_H
#define DATASET_LAYOUTS_H
#include "base/err.h"
#include "dataset/set.h"
#include <stdio.h>

struct dataset_options {
    enum dataset_layout layout; /* LAYOUT_AUTO: told from the folders */
    const char *split_file;     /* of raw VisA; NULL: split_csv/1cls.csv above the category */
    const char *normal;         /* one more folder name for normal images, or NULL */
};

/* Each adds the images of all splits, and sets d->layout. False with a reason. */
bool dataset_read_folders(struct dataset *d, const char *root, const struct dataset_options *o,
                          struct err *e);
bool dataset_read_visa(struct dataset *d, const char *root, const struct dataset_options *o, struct err *e);
bool dataset_read_plain(struct dataset *d, const char *root, struct err *e);
/* `f` is the list's open file; dies where it is no table. Paths in it are relative to where a file lies, or to
 * the current folder. */
bool dataset_read_list(struct dataset *d, FILE *f, const char *path, const struct dataset_options *o,
                       struct err *e);

/* The same line by line. *alone: each stands for itself: no masks, whose presence says how all images are read, and no split.
 * False with a reason. */
bool dataset_read_header(const char *header, size_t n, bool *alone, struct err *e);
/* A line more, an entry more. */
bool dataset_read_row(struct dataset *d, const char *header, const char *line, size_t n,
                      const struct dataset_options *o, struct err *e);

/* Whether `root` has a folder of a split, as the layouts that dataset_read_folders reads must. */
bool dataset_has_split_folders(const char *root);
/* Whether a file begins as a list does: text with a header that has a column `path`. */
bool dataset_is_list(const char *path);
#endif
