#include "padim/input.h"
#include "base/file.h"
#include "base/mem.h"
#include "method/scoring.h"
#include <stdlib.h>
#include <string.h>

/* Height, width and channels of an array; false when it is not a feature map. */
static bool shape_of(size_t shape[3], const struct tensor *t)
{
    if (t->rank != 1 && t->rank != 3)
        return false;
    shape[0] = t->rank == 3 ? t->dim[0] : 1;
    shape[1] = t->rank == 3 ? t->dim[1] : 1;
    shape[2] = t->dim[t->rank - 1];
    return t->type == DT_F32 || t->type == DT_F16 || t->type == DT_F64;
}

static void check_shape(struct padim_input *in, size_t i, bool first)
{
    const struct tensor *t = &in->record.array[i];
    size_t shape[3];
    char text[128];
    if (!shape_of(shape, t))
        npys_reader_die(in->reader, "array %zu (%s) is not a feature map of floats", i + 1,
                        tensor_shape_text(t, text));
    if (first)
        memcpy(in->shape[i], shape, sizeof shape);
    else if (memcmp(in->shape[i], shape, sizeof shape))
        npys_reader_die(in->reader, "feature map %zu is %s, not %zux%zux%zu", i + 1,
                        tensor_shape_text(t, text), in->shape[i][0], in->shape[i][1], in->shape[i][2]);
}

static void take_tap(struct padim_input *in, size_t i)
{
    const struct tensor *t = &in->record.array[i];
    in->tap[i] = *t;
    if (t->type == DT_F32)
        return;
    if (!in->converted[i]) {
        mem_need(tensor_count(t) * sizeof(float), "a feature map");
        in->converted[i] = xaligned(tensor_count(t), sizeof(float));
    }
    tensor_to_f32(in->converted[i], t);
    in->tap[i].data = in->converted[i];
}

static void take_record(struct padim_input *in)
{
    const bool first = in->taps == 0;
    const size_t n = in->record.n;
    if (n == 0 || n > PADIM_TAPS_MAX)
        npys_reader_die(in->reader, "%zu feature maps; 1 to %d are possible", n, PADIM_TAPS_MAX);
    if (!first && n != in->taps)
        npys_reader_die(in->reader, "%zu feature maps, not %zu", n, in->taps);
    in->taps = n;
    for (size_t i = 0; i < n; i++) {
        check_shape(in, i, first);
        take_tap(in, i);
    }
}

static void read_stream(struct padim_input *in, const char *name, struct padim_use use)
{
    FILE *f = file_open(name);
    in->reader = npys_reader_new(f, file_label(name));
    const struct note *opening = features_opening(in->reader);
    if (use.open)
        use.open(use.arg, opening);
    while (npys_read(in->reader, &in->record)) {
        take_record(in);
        use.take(use.arg, in, opening);
    }
    npys_reader_free(in->reader);
    in->reader = NULL;
    file_close(f);
}

void padim_input_read(struct padim_input *in, char *const *file, size_t files, struct padim_use use)
{
    for (size_t i = 0; i < files; i++)
        read_stream(in, file[i], use);
    if (files == 0)
        read_stream(in, NULL, use);
}

void padim_input_values(struct padim_input *in, const struct padim_grid *grid)
{
    if (!in->values) {
        mem_need(grid->values * sizeof *in->values, "the features of an image");
        in->values = xaligned(grid->values, sizeof *in->values);
    }
    if (!padim_values(in->values, grid, in->tap))
        npys_reader_die(in->reader, "a feature is not a finite number");
}

void padim_input_free(struct padim_input *in)
{
    for (size_t i = 0; i < PADIM_TAPS_MAX; i++)
        free(in->converted[i]);
    free(in->values);
    npys_record_free(&in->record);
    *in = (struct padim_input){0};
}
