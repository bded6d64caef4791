/* Feature streams as PatchCore takes them: record after record, as a matrix of patch vectors. */
#ifndef PATCHCORE_INPUT_H
#define PATCHCORE_INPUT_H
#include "patchcore/patches.h"
#include "stream/npys.h"

struct patchcore_input {
    struct patcher *patcher;
    struct npys_reader *reader; /* now */
    const struct note *opening;
    struct npys_record record;
    struct patch_shape shape;
    size_t dims;  /* shape.channels padded to whole lanes of num/distance.h */
    float *patch; /* shape.height x shape.width x dims */
    float *raw;   /* the same without padding */
};

/* What is done with each stream's opening note, and with each image. */
struct patchcore_use {
    void (*open)(void *arg, const struct note *opening); /* NULL: nothing */
    void (*take)(void *arg, struct patchcore_input *in);
    void *arg;
};

/* Reads the files one after the other, stdin where there are none. Dies as patcher_load does. */
void patchcore_input_read(char *const *file, size_t files, enum patch_rule rule, struct patchcore_use use);
#endif
