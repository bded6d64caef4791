#include "oneclass/fisher.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "nn/networks.h"
#include "stream/alike.h"
#include "train/loss.h"
#include <stdlib.h>
#include <string.h>

/* The network with its head, for one image at a time. */
struct fisher {
    const struct fisher_plan *plan;
    struct graph graph;
    struct trainer *trainer;
    double *sum; /* of the squared gradients */
    size_t n, classes, images;
};

static void open_network(struct fisher *f, const struct raster *first)
{
    static const char *const fixed[] = {"", NULL};
    const struct fisher_plan *p = f->plan;
    const struct tensor *head = safetensors_find(p->weights, "fc.weight");
    if (!head || head->rank != 2)
        die("%s: fc.weight is missing: --ewc needs the weights' own classes", p->file);
    f->classes = head->dim[0];
    network_build_stages(&f->graph, p->arch, network_stages(p->weights), f->classes);
    const size_t output = (size_t)graph_find_tap(&f->graph, "fc");
    const struct trainer_plan plan = {.output = &output,
                                      .outputs = 1,
                                      .n = 1,
                                      .h = first->height,
                                      .w = first->width,
                                      .precision = DT_F32,
                                      .frozen = p->frozen,
                                      .fixed = fixed};
    f->trainer = trainer_new(&f->graph, p->weights, p->file, &plan);
    trainer_values(f->trainer, &f->n);
    f->sum = xcalloc(f->n, sizeof *f->sum);
}

static void add_image(struct fisher *f, const struct image_reader *r, const struct image *im)
{
    struct err e;
    size_t label;
    if (!f->trainer)
        open_network(f, &im->raster);
    const struct view in = trainer_input(f->trainer, 0), logits = trainer_output(f->trainer, 0);
    const struct view gradient = trainer_output_gradient(f->trainer, 0);
    const char *text = note_get(&im->note, "label");
    if (!text)
        image_reader_die(r, "no label=");
    if (!opt_parse_size(&label, text, 0, f->classes - 1, &e))
        image_reader_die(r, "label: %s", e.text);
    if (!images_same_size(in.h, in.w, im, &e))
        image_reader_die(r, "%s", e.text);
    float *g = trainer_gradients(f->trainer);
    memset(g, 0, f->n * sizeof *g);
    normalise(&in, 0, &im->raster, f->plan->norm);
    trainer_forward(f->trainer);
    loss_cross_entropy(&gradient, &logits, &(struct loss_target){label, label, 1}, 0, 1);
    trainer_backward(f->trainer);
    for (size_t i = 0; i < f->n; i++)
        f->sum[i] += (double)g[i] * (double)g[i];
    f->images++;
}

/* From the network with its head to the one without: parameters of the same name lie alike. */
static void place(float *out, const struct trainer *trainer, const struct fisher *f)
{
    size_t n, from_n, to_n;
    trainer_values(trainer, &n);
    memset(out, 0, n * sizeof *out);
    const struct trainer_parameter *to = trainer_parameters(trainer, &to_n);
    const struct trainer_parameter *from = trainer_parameters(f->trainer, &from_n);
    for (size_t t = 0; t < to_n; t++)
        for (size_t i = 0; i < from_n; i++)
            if (strcmp(to[t].name, from[i].name) == 0 && to[t].trained)
                for (size_t k = 0; k < to[t].n; k++)
                    out[to[t].offset + k] = (float)(f->sum[from[i].offset + k] / (double)f->images);
}

size_t fisher_diagonal(float *out, const struct trainer *trainer, const struct fisher_plan *plan)
{
    struct fisher f = {.plan = plan};
    struct image im = {0};
    FILE *stream = file_open(plan->stream);
    struct image_reader *r = image_reader_new(stream, file_label(plan->stream));
    while (image_read(r, &im))
        add_image(&f, r, &im);
    if (f.images == 0)
        die("%s: no images", file_label(plan->stream));
    place(out, trainer, &f);
    image_free(&im);
    image_reader_free(r);
    file_close(stream);
    trainer_free(f.trainer);
    graph_free(&f.graph);
    free(f.sum);
    return f.images;
}
