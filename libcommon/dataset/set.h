/* An inspection data set as a list of its images: where each lies, what it is called, whether it is normal, and where its
 * masks are. Nothing is decoded here. The layouts' readers (layouts.h) fill it, dataset_open (open.h) chooses the reader. */
#ifndef DATASET_SET_H
#define DATASET_SET_H
#include <stdbool.h>
#include <stddef.h>

enum dataset_layout {
    LAYOUT_AUTO,
    LAYOUT_MVTEC,
    LAYOUT_MVTEC2,
    LAYOUT_VISA,
    LAYOUT_LOCO,
    LAYOUT_BTAD,
    LAYOUT_FOLDER,
    LAYOUT_LIST
};
extern const char *const layout_names[]; /* ends with NULL */

enum dataset_split { SPLIT_ALL, SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST };
extern const char *const split_names[]; /* ends with NULL */

struct dataset_entry {
    char *path;               /* of the image */
    char *name;               /* of the image in streams: relative to the category's folder */
    char *label;              /* "0" normal, "1" defect, or class numbers "3,17"; NULL: unknown */
    char *defect;             /* "good", or the kind of defect; NULL: unknown */
    char **mask;              /* paths; their union is the mask */
    size_t masks;             /* 0: no mask is known */
    enum dataset_split split; /* SPLIT_ALL: the set has none */
    bool as_stored; /* EXIF's orientation is left alone, as masks of the set are drawn on the stored pixels */
};

/* Start with {0}; it owns all its strings; dataset_free. */
struct dataset {
    struct dataset_entry *entry; /* sorted bytewise by name; a list keeps its order */
    size_t n, capacity;
    enum dataset_layout layout;
};

/* A new entry at the end, with copies of path and name, the rest unset. */
struct dataset_entry *dataset_add(struct dataset *d, const char *path, const char *name);
/* Moves an entry to the end of another set, its name behind "prefix/" where the prefix isn't empty. What is left in *en is
 * empty. */
void dataset_move(struct dataset *to, struct dataset_entry *en, const char *prefix);
void entry_add_mask(struct dataset_entry *en, const char *path);
/* good, ok, normal, ... in any case, or the extra name. */
bool normal_name(const char *name, const char *extra);
/* Sets label and defect after the name of the folder that an image lies in. */
void entry_set_kind(struct dataset_entry *en, const char *kind, const char *extra_normal);

/* Keeps the entries of one split. */
void dataset_keep(struct dataset *d, enum dataset_split split);
/* True when the entries belong to splits. */
bool dataset_has_splits(const struct dataset *d);
void dataset_free(struct dataset *d);
#endif
