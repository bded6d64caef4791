/* Parts of a network that stay as they are while the rest learns: --freeze. */
#ifndef TRAIN_FREEZE_H
#define TRAIN_FREEZE_H
#include "nn/trainer.h"

enum { FREEZE_NAMES_MAX = 32 };

struct freeze {
    char *list;
    const char
        *name[FREEZE_NAMES_MAX + 1]; /* into it or constant, ended by NULL: as trainer_plan takes them */
};
/* text: beginnings of tensors' names, joined by commas; a stage as a whole (layer1 to layer4) brings what lies before it: conv1, bn1 and
 * the stages below. NULL, "": nothing. More than the list holds, or an empty name: misuse(). freeze_free frees it. */
struct freeze freeze_new(const char *text);
/* misuse() where a name freezes nothing of this trainer's, or nothing is left to learn. */
void freeze_check(const struct freeze *f, const struct trainer *t);
void freeze_free(struct freeze *f);
#endif
