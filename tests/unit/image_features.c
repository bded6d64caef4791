/* method/image_features: the stream made of images is what the network gives for them, with the images before. */
#include "method/image_features.h"
#include "base/err.h"
#include "base/mem.h"
#include "nn/frozen.h"
#include "stream/npys.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, IMAGES = 3, TAPS = 2 };
static const char layers[] = "layer1,layer3";

/* An image's bytes. */
static unsigned char pixel(size_t image, size_t i)
{
    return (unsigned char)((i * (7 + image) + image * 31) * 2654435761u >> 24);
}

static FILE *images(void)
{
    FILE *f = tmpfile();
    for (size_t n = 0; f && n < IMAGES; n++) {
        fprintf(
            f,
            "P7\n# name=%zu\n# label=%zu\nWIDTH %d\nHEIGHT %d\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n",
            n, n % 2, SIDE, SIDE);
        for (size_t i = 0; i < SIDE * SIDE * 3; i++)
            putc(pixel(n, i), f);
    }
    if (f)
        rewind(f);
    return f;
}

static double difference(const struct tensor *t, const float *want)
{
    double worst = 0;
    for (size_t i = 0; i < tensor_count(t); i++)
        worst = worse(worst, fabs(tensor_get(t, i) - (double)want[i]));
    return worst;
}

/* What the record of image n must hold. */
static void check_record(const struct npys_record *rec, size_t n, struct infer *x,
                         const struct normalisation *norm)
{
    float image[SIDE * SIDE * 3];
    unsigned char bytes[SIDE * SIDE * 3];
    char label[8];
    double worst = 0;
    for (size_t i = 0; i < SIDE * SIDE * 3; i++) {
        bytes[i] = pixel(n, i);
        image[i] = (float)((bytes[i] / 255.0 - norm->mean[i % 3]) / norm->std[i % 3]);
    }
    snprintf(label, sizeof label, "%zu", n % 2);
    ok(rec->n == 1 + TAPS && strcmp(note_get(&rec->note, "arrays"), "image,layer1,layer3") == 0 &&
           strcmp(note_get(&rec->note, "label"), label) == 0 &&
           strcmp(note_get(&rec->note, "input"), "32x32") == 0,
       "image %zu: the arrays and the image's own keys", n);
    ok(difference(&rec->array[0], image) <= 1e-6, "image %zu: itself, normalised", n);
    const struct view in = infer_input(x, 0);
    view_copy_in(&in, 0, rec->array[0].data);
    infer_run(x, 1);
    for (size_t i = 0; i < TAPS; i++) {
        const struct view made = infer_output(x, i);
        float *want = xmalloc(made.h * made.w * made.c, sizeof *want);
        view_copy_out(want, &made, 0);
        worst = worse(worst, difference(&rec->array[1 + i], want));
        free(want);
    }
    ok(worst <= 0, "image %zu: the network's taps, to the bit", n);
}

int main(void)
{
    const struct image_network network = {"random:3", NULL, layers, DT_F32};
    const struct frozen_options o = {.weights = "random:3", .layers = layers};
    struct frozen net;
    struct npys_record rec = {0};
    size_t n = 0;
    err_init("test");
    FILE *below = images();
    if (!ok(below != NULL, "images"))
        return done();
    frozen_open(&net, &o, &(struct frozen_names){"-w", "-l", "-a", "--norm"});
    FILE *f = image_features_open(below, "images", &network);
    struct npys_reader *r = npys_reader_new(f, "images");
    const struct note *opening = npys_opening(r);
    ok(strcmp(note_get(opening, "stream"), "features") == 0 &&
           strcmp(note_get(opening, "weights"), net.identity) == 0 &&
           strcmp(note_get(opening, "arch"), "resnet18") == 0 &&
           strcmp(note_get(opening, "precision"), "f32") == 0 &&
           strcmp(note_get(opening, "norm"), "0.485,0.456,0.406/0.229,0.224,0.225") == 0,
       "the opening note is a feature stream's");
    const struct normalisation norm = net.norm;
    struct infer *x = frozen_compile(&net, 1, SIDE, SIDE, DT_F32);
    while (npys_read(r, &rec))
        check_record(&rec, n++, x, &norm);
    ok(n == IMAGES, "as many records as images");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    fclose(below);
    infer_free(x);
    frozen_free(&net);
    return done();
}
