/* nn/: the backbones against torchvision (tests/oracle/networks.py), their parameter counts, batch and CPU
 * kinds. */
#include "nn/infer.h"
#include "nn/networks.h"
#include "nn/precision_option.h"
#include "stream/npys.h"
#include "formula.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* A network with the oracle's weights: filled once for all its taps and precisions. */
struct filled {
    char arch[32];
    struct graph g;
    struct safetensors st;
};

static void filled_free(struct filled *net)
{
    safetensors_free(&net->st);
    graph_free(&net->g);
    *net = (struct filled){0};
}

static void filled_be(struct filled *net, const char *arch)
{
    if (strcmp(net->arch, arch) == 0)
        return;
    filled_free(net);
    snprintf(net->arch, sizeof net->arch, "%s", arch);
    network_build(&net->g, arch, 0);
    fill(&net->st, &net->g);
}

/* Compiles it for one tap and n images. */
static struct infer *compiled(const struct filled *net, const char *tap, size_t n, enum dtype precision)
{
    const size_t wanted = (size_t)graph_find_tap(&net->g, tap);
    return infer_new(&net->g, &net->st, "formula",
                     &(struct infer_plan){&wanted, 1, n, 96, 64, precision, NULL});
}

static void check_record(const struct filled *net, const struct npys_record *rec, enum dtype precision)
{
    const double most = precision == DT_I8 ? 2e-2 : precision == DT_BF16 ? 1e-2 : 1e-4;
    const char *arch = note_get(&rec->note, "arch"), *tap = note_get(&rec->note, "tap");
    const double scale = atof(note_get(&rec->note, "scale"));
    struct infer *x = compiled(net, tap, 1, precision);
    const struct view in = infer_input(x, 0);
    fill_images(&in, "image", 0, 1);
    infer_run(x, 1);
    const struct view v = infer_output(x, 0);
    float *out = xmalloc(v.h * v.w * v.c, sizeof *out);
    view_copy_out(out, &v, 0);
    char shape[64], seed[64];
    snprintf(shape, sizeof shape, "%zux%zux%zu", v.h, v.w, v.c);
    snprintf(seed, sizeof seed, "%s %s", arch, tap);
    double worst = 0;
    for (size_t i = 0; i < 1000; i++) {
        const size_t at = (size_t)(formula(formula_seed(seed), i) * (double)(v.h * v.w * v.c));
        worst = worse(worst, fabs(out[at] - tensor_get(&rec->array[0], i)));
    }
    ok(strcmp(shape, note_get(&rec->note, "shape")) == 0, "%s %s is %s", arch, tap, shape);
    ok(worst <= most * scale && scale > 0.01, "%s %s in %s equals torchvision: error %.2g of the scale %.3g",
       arch, tap, precision_name(precision), worst / scale, scale);
    free(out);
    infer_free(x);
}

static void against_torchvision(void)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/networks.npys", tests ? tests : "tests");
    FILE *f = fopen(path, "rb");
    ok(f != NULL, "the dumps are there");
    if (!f)
        return;
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    struct filled net = {0};
    while (npys_read(r, &rec)) {
        filled_be(&net, note_get(&rec.note, "arch"));
        check_record(&net, &rec, DT_F32);
        check_record(&net, &rec, DT_BF16);
        check_record(&net, &rec, DT_I8);
    }
    ok(npys_reader_count(r) == 15, "five taps of three networks");
    filled_free(&net);
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
}

/* methods.md section 2: exact counts, as torchvision's. */
static void parameter_counts(void)
{
    static const struct {
        const char *arch, *tap;
        size_t classes, count;
    } known[] = {{"wide_resnet50_2", "fc", 1000, 68883240},  {"wide_resnet50_2", "layer4", 0, 66834240},
                 {"wide_resnet50_2", "layer3", 0, 24862528}, {"resnet18", "fc", 1000, 11689512},
                 {"resnet34", "fc", 1000, 21797672},         {"resnet50", "fc", 1000, 25557032},
                 {"resnet101", "fc", 1000, 44549160}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct graph g = {0};
        network_build(&g, known[i].arch, known[i].classes);
        const size_t n = graph_parameters(&g, (size_t)graph_find_tap(&g, known[i].tap));
        ok(n == known[i].count, "%s to %s has %zu parameters", known[i].arch, known[i].tap, known[i].count);
        graph_free(&g);
    }
}

static void batch_bits(const struct filled *net, enum dtype precision)
{
    struct infer *one = compiled(net, "layer3", 1, precision), *three = compiled(net, "layer3", 3, precision);
    const struct view in = infer_input(one, 0), in3 = infer_input(three, 0);
    fill_images(&in, "image", 0, 1);
    fill_images(&in3, "image", 2, 1);
    for (size_t y = 0; y < in3.h; y++) /* strangers before it */
        memset(view_at(&in3, 0, (ptrdiff_t)y, 0), 0, in3.w * in3.c * sizeof(float)),
            memset(view_at(&in3, 1, (ptrdiff_t)y, 0), 1, in3.w * in3.c * sizeof(float));
    infer_run(one, 1);
    infer_run(three, 3);
    const struct view a = infer_output(one, 0), b = infer_output(three, 0);
    const size_t n = a.h * a.w * a.c;
    float *x = xmalloc(n, sizeof *x), *y = xmalloc(n, sizeof *y);
    view_copy_out(x, &a, 0);
    view_copy_out(y, &b, 2);
    ok(memcmp(x, y, n * sizeof *x) == 0, "%s: an image alone and third of three: the same bits",
       precision_name(precision));
    free(x), free(y);
    infer_free(one), infer_free(three);
}

int main(void)
{
    parameter_counts();
    against_torchvision();
    struct filled net = {0};
    filled_be(&net, "resnet18");
    batch_bits(&net, DT_F32);
    batch_bits(&net, DT_BF16);
    batch_bits(&net, DT_I8);
    filled_free(&net);
    return done();
}
