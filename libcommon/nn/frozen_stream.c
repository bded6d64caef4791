#include "nn/frozen_stream.h"
#include "nn/precision_option.h"

void frozen_opening(struct note *opening, const struct frozen *net, const char *layers, enum dtype precision)
{
    const double *mean = net->norm.mean, *std = net->norm.std;
    note_set(opening, "stream", "features");
    note_set(opening, "version", "1");
    note_set(opening, "weights", net->identity);
    note_set(opening, "arch", net->graph.arch);
    note_set(opening, "layers", layers);
    note_set(opening, "precision", precision_name(precision));
    note_setf(opening, "norm", "%g,%g,%g/%g,%g,%g", mean[0], mean[1], mean[2], std[0], std[1], std[2]);
}

void frozen_arrays(struct npys_record *rec, const struct infer *x, size_t taps, size_t image)
{
    for (size_t i = 0; i < taps; i++) {
        const struct view v = infer_output(x, i);
        const size_t dim[3] = {v.h, v.w, v.c};
        struct tensor *t = &rec->array[rec->n++];
        *t = tensor_new(DT_F32, 3, dim);
        view_copy_out(t->data, &v, image);
    }
}
