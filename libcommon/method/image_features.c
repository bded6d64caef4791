/* Bytes are made when they are asked for: the reader's buffer runs dry, the next image is read, its record is written into `bytes`. */
#include "method/image_features.h"
#include "base/err.h"
#include "base/mem.h"
#include "nn/frozen.h"
#include "nn/frozen_stream.h"
#include "stream/alike.h"
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct source {
    struct image_network o;
    struct image_reader *reader; /* NULL at the end */
    struct image image;
    struct frozen net;
    struct infer *infer; /* NULL until the first image */
    char *names;         /* of a record's arrays */
    FILE *out;           /* into `bytes` */
    struct npys_writer *writer;
    char *bytes; /* made, not yet read: from `at` on */
    size_t size, capacity, at;
};

static ssize_t take_bytes(void *arg, const char *data, size_t n)
{
    struct source *s = arg;
    if (n > s->capacity - s->size) {
        s->capacity = 2 * (s->size + n);
        s->bytes = xrealloc(s->bytes, s->capacity, 1);
    }
    memcpy(s->bytes + s->size, data, n);
    s->size += n;
    return (ssize_t)n;
}

static void compile(struct source *s)
{
    const struct raster *first = &s->image.raster;
    s->infer = frozen_compile(&s->net, 1, first->height, first->width, s->o.precision);
}

/* The image as the network sees it, in f32 whatever its precision. */
static struct tensor image_array(const struct source *s)
{
    const struct raster *r = &s->image.raster;
    const size_t dim[3] = {r->height, r->width, 3};
    const struct tensor t = tensor_new(DT_F32, 3, dim);
    const struct view v = {.data = t.data, .n = 1, .h = r->height, .w = r->width, .c = 3, .type = DT_F32};
    normalise(&v, 0, r, &s->net.norm);
    return t;
}

static void write_image(struct source *s)
{
    const struct raster *r = &s->image.raster;
    struct npys_record rec = {.n = 1, .note = s->image.note};
    struct err e;
    if (!s->infer)
        compile(s);
    if (!images_same_size(s->net.height, s->net.width, &s->image, &e))
        image_reader_die(s->reader, "%s", e.text);
    frozen_take(&s->net, s->infer, 0, r);
    infer_run(s->infer, 1);
    rec.array[0] = image_array(s);
    frozen_arrays(&rec, s->infer, s->net.taps.n, 0);
    note_setf(&rec.note, "input", "%zux%zu", r->width, r->height);
    npys_write(s->writer, &rec, s->names);
    npys_record_free(&rec);
    s->image.note = (struct note){0};
}

static void make_bytes(struct source *s)
{
    s->size = s->at = 0;
    if (image_read(s->reader, &s->image)) {
        write_image(s);
        return;
    }
    npys_writer_end(s->writer);
    image_reader_free(s->reader);
    s->reader = NULL;
}

static ssize_t give_bytes(void *arg, char *data, size_t n)
{
    struct source *s = arg;
    while (s->at == s->size && s->reader)
        make_bytes(s);
    const size_t left = s->size - s->at, now = n < left ? n : left;
    memcpy(data, s->bytes + s->at, now);
    s->at += now;
    return (ssize_t)now;
}

static int close_source(void *arg)
{
    struct source *s = arg;
    if (s->reader)
        image_reader_free(s->reader);
    fclose(s->out);
    infer_free(s->infer);
    frozen_free(&s->net);
    image_free(&s->image);
    free(s->names);
    free(s->bytes);
    free(s);
    return 0;
}

FILE *image_features_open(FILE *images, const char *label, const struct image_network *network)
{
    struct source *s = xcalloc(1, sizeof *s);
    struct note opening = {0};
    const struct frozen_options o = {
        .weights = network->weights, .layers = network->layers, .arch = network->arch};
    s->o = *network;
    frozen_open(&s->net, &o,
                &(struct frozen_names){"-w", "the layers", "--student", "the weights' mean and std"});
    s->names = xprintf("image,%s", network->layers);
    s->out = fopencookie(s, "w", (cookie_io_functions_t){.write = take_bytes});
    FILE *f = fopencookie(s, "r", (cookie_io_functions_t){.read = give_bytes, .close = close_source});
    if (!f || !s->out)
        die("%s:", label);
    frozen_opening(&opening, &s->net, s->names, network->precision);
    s->writer = npys_writer_new(s->out, label, &opening, NULL);
    s->reader = image_reader_new(images, label);
    note_clear(&opening);
    return f;
}
