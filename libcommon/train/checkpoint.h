/* A training interrupted and taken up again: everything that the next step depends on, as named arrays and a few words, in a
 * safetensors file written atomically. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H
#include "base/tensor.h"
#include "stream/note.h"

/* An array that a checkpoint keeps. The memory is whoever's added it. */
struct checkpoint_part {
    char name[64]; /* "values", "student.velocity" */
    enum dtype type;
    void *data;
    size_t n;
};

struct checkpoint_parts {
    struct checkpoint_part *part;
    size_t n, capacity;
}; /* {0} is empty */

void checkpoint_add(struct checkpoint_parts *parts, const char *name, enum dtype type, void *data, size_t n);
/* Whether every f32 in them is finite. */
bool checkpoint_finite(const struct checkpoint_parts *parts);
void checkpoint_parts_free(struct checkpoint_parts *parts);

/* state: what is not an array: recipe=, step=, what else a training keeps. */
void checkpoint_write(const char *path, const struct checkpoint_parts *parts, const struct note *state);
/* Fills the arrays, and state anew. Dies with "PATH: reason" when the file is broken, lacks a part, or was made by another
 * recipe than `recipe` (says both). */
void checkpoint_read(const char *path, const struct checkpoint_parts *parts, const char *recipe,
                     struct note *state);
/* A key that must be there; dies otherwise. */
const char *checkpoint_word(const char *path, const struct note *state, const char *key);
uint64_t checkpoint_count(const char *path, const struct note *state, const char *key);
#endif
