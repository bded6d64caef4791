#include "patchcore/input.h"
#include "base/file.h"
#include "base/mem.h"
#include "patchcore/patchcore.h"
#include "num/distance.h"
#include <stdlib.h>

static void take_patches(struct patchcore_input *in)
{
    patcher_load(in->patcher, in->reader, &in->record);
    if (!in->patch) {
        in->shape = patcher_shape(in->patcher);
        in->dims = distance_padded(in->shape.channels);
        const size_t n = in->shape.height * in->shape.width;
        mem_need(2 * n * in->dims * sizeof *in->patch, "the patches of an image");
        in->patch = xaligned(n * in->dims, sizeof *in->patch);
        in->raw =
            in->dims == in->shape.channels ? in->patch : xaligned(n * in->shape.channels, sizeof *in->raw);
    }
    patcher_make(in->patcher, in->raw);
    if (in->raw != in->patch)
        patchcore_pad(in->patch, in->dims, in->raw, in->shape.channels, in->shape.height * in->shape.width);
}

static void read_stream(struct patchcore_input *in, const char *name, const struct patchcore_use *use)
{
    FILE *f = file_open(name);
    in->reader = npys_reader_new(f, file_label(name));
    in->opening = features_opening(in->reader);
    if (use->open)
        use->open(use->arg, in->opening);
    while (npys_read(in->reader, &in->record)) {
        take_patches(in);
        use->take(use->arg, in);
    }
    npys_reader_free(in->reader);
    file_close(f);
}

void patchcore_input_read(char *const *file, size_t files, enum patch_rule rule, struct patchcore_use use)
{
    struct patchcore_input in = {.patcher = patcher_new(rule)};
    for (size_t i = 0; i < files; i++)
        read_stream(&in, file[i], &use);
    if (files == 0)
        read_stream(&in, NULL, &use);
    if (in.raw != in.patch)
        free(in.raw);
    free(in.patch);
    npys_record_free(&in.record);
    patcher_free(in.patcher);
}
