/* Inspection data sets on disk: which images there are, how they are called, whether they are normal, and
 * where their masks lie. Nothing is decoded here. Layouts: facts in the papers of MVTec AD (Bergmann et al.,
 * 2019), VisA (Zou et al., 2022), MVTec LOCO (Bergmann et al., 2022), BTAD (Mishra et al., 2021).
 *
 *   mvtec   CAT/{train,test}/KIND/NAME.png, masks CAT/ground_truth/KIND/NAME_mask.png
 *   visa    CAT/Data/Images/{Normal,Anomaly}/NAME.JPG with a split CSV; or converted: as mvtec, masks
 * NAME.png loco    as mvtec, with CAT/validation, and a folder of masks for each image:
 * ground_truth/KIND/NAME/NNN.png btad    as mvtec, kinds ok and ko, masks ground_truth/ko/NAME.png folder
 * every image below; nothing is known of them list    a TSV file with a header: path and, if you like, label,
 * mask, defect, split, name
 *
 * The layouts with train and test folders differ only in how masks are called, and all ways are tried. */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum layout { LAYOUT_AUTO, LAYOUT_MVTEC, LAYOUT_VISA, LAYOUT_LOCO, LAYOUT_BTAD, LAYOUT_FOLDER, LAYOUT_LIST };
extern const char *const layout_names[]; /* ends with NULL */

enum split { SPLIT_ALL, SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST };
extern const char *const split_names[]; /* ends with NULL */

struct entry {
    char *path;       /* of the image */
    char *name;       /* of the image in streams: relative to the category's folder */
    char *label;      /* "0" normal, "1" defect, or class numbers "3,17"; NULL: unknown */
    char *defect;     /* "good", or the kind of defect; NULL: unknown */
    char **mask;      /* paths; their union is the mask */
    size_t masks;     /* 0: no mask is known */
    enum split split; /* SPLIT_ALL: the set has none */
};

struct dataset {
    struct entry *entry; /* sorted bytewise by name; a list keeps its order */
    size_t n, capacity;
    enum layout layout;
}; /* start with {0}; owns all its strings; dataset_free */

struct dataset_options {
    enum layout layout;     /* LAYOUT_AUTO: told from the folders */
    const char *split_file; /* of raw VisA; NULL: split_csv/1cls.csv above the category */
    const char *normal;     /* one more folder name for normal images, or NULL */
};

/* Lists the folder (or list file) `path`, all splits. False with a reason. */
bool dataset_open(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e);
/* Keeps the entries of one split. */
void dataset_keep(struct dataset *d, enum split split);
/* True when the entries belong to splits. */
bool dataset_has_splits(const struct dataset *d);
void dataset_free(struct dataset *d);

/* A new entry at the end, with copies of path and name, the rest unset. */
struct entry *dataset_add(struct dataset *d, const char *path, const char *name);
/* Moves an entry to the end of another set, its name behind "prefix/" where the prefix isn't empty. What is
 * left in *en is empty. */
void dataset_move(struct dataset *to, struct entry *en, const char *prefix);
void entry_add_mask(struct entry *en, const char *path);
/* good, ok, normal, ... in any case, or the extra name. */
bool normal_name(const char *name, const char *extra);
/* Sets label and defect after the name of the folder that an image lies in. */
void entry_set_kind(struct entry *en, const char *kind, const char *extra_normal);
/* A list file: text with a header that has a column `path`. */
bool dataset_is_list(const char *path);

/* The layouts' readers; dataset_open chooses. */
bool dataset_read_folders(struct dataset *d, const char *root, const struct dataset_options *o,
                          struct err *e);
bool dataset_read_visa(struct dataset *d, const char *root, const struct dataset_options *o, struct err *e);
bool dataset_read_plain(struct dataset *d, const char *root, struct err *e);
bool dataset_read_list(struct dataset *d, const char *path, const struct dataset_options *o, struct err *e);
#endif
