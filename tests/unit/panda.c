/* oneclass/: PANDA's steps against torch's (tests/oracle/panda.py). */
#include "../oracle/panda.h"
#include "formula.h"
#include "nn/networks.h"
#include "base/thread.h"
#include "oneclass/fisher.h"
#include "oneclass/panda.h"
#include "stream/image.h"
#include "tap.h"
#include <unistd.h>

enum { D = 512, BATCH = PANDA_BATCH };

struct tuned {
    struct graph graph;
    struct safetensors weights;
    struct trainer *trainer;
    struct panda panda;
};

static void images(const struct tuned *t, size_t step)
{
    char name[32];
    const struct view in = trainer_input(t->trainer, 0);
    snprintf(name, sizeof name, "panda %zu", step);
    fill_images(&in, name, 0, BATCH);
}

static void open_network(struct tuned *t)
{
    static const char *const frozen[] = {"conv1", "bn1", "layer1", "layer2", NULL}, *const fixed[] = {"",
                                                                                                      NULL};
    *t = (struct tuned){0};
    network_build(&t->graph, "resnet18", 0);
    fill(&t->weights, &t->graph);
    const size_t output = (size_t)graph_find_tap(&t->graph, "avgpool");
    const struct trainer_plan plan = {.output = &output,
                                      .outputs = 1,
                                      .n = BATCH,
                                      .h = PANDA_SIDE,
                                      .w = PANDA_SIDE,
                                      .precision = DT_F32,
                                      .frozen = frozen,
                                      .fixed = fixed};
    t->trainer = trainer_new(&t->graph, &t->weights, "formula", &plan);
    panda_init(&t->panda, t->trainer, &(struct panda_options){.momentum = 0.9, .decay = 5e-5, .clip = 0.05});
    for (size_t s = 0; s < PANDA_STEPS; s++) {
        images(t, s);
        panda_centre_add(&t->panda, BATCH);
    }
    for (size_t c = 0; c < D; c++)
        t->panda.centre[c] /= PANDA_STEPS * BATCH;
}

static void close_network(struct tuned *t)
{
    panda_free(&t->panda);
    safetensors_free(&t->weights);
    graph_free(&t->graph);
}

/* Worst of a watched tensor's norm and 16 entries, as a share of the norm or of the largest entry. values: laid out as parameters. */
static double value_error(const struct tuned *t, const float *values, const char *name, const double want[17])
{
    struct safetensors st = {0};
    trainer_export(t->trainer, values, &st);
    const struct tensor *v = safetensors_find(&st, name);
    const float *x = v->data;
    char key[80];
    double squares = 0, worst = 0, most = 0;
    for (size_t i = 0; i < tensor_count(v); i++)
        squares += (double)x[i] * (double)x[i];
    snprintf(key, sizeof key, "panda %s", name);
    for (size_t i = 0; i < 16; i++) {
        const size_t at = (size_t)(formula(formula_seed(key), i) * (double)tensor_count(v));
        most = worse(most, fabs(want[1 + i]));
        worst = worse(worst, fabs((double)x[at] - want[1 + i]));
    }
    safetensors_free(&st);
    return worse(fabs(sqrt(squares) / want[0] - 1), worst / most);
}

static void steps(const char *what, const double *loss, const double *const value[4], double pull)
{
    struct tuned t;
    open_network(&t);
    size_t n;
    const float *values = trainer_values(t.trainer, &n);
    float *first = memcpy(xmalloc(n, sizeof *first), values, n * sizeof *first);
    double worst = 0, centre = 0;
    for (size_t c = 0; c < 16; c++)
        centre = worse(centre, fabs(t.panda.centre[c] / panda_centre[c] - 1));
    ok_close(centre, 0, 1e-4, "the centre is the features' mean");
    if (pull > 0)
        t.panda.penalty = (struct penalty){first, NULL, n, pull};
    for (size_t s = 0; s < PANDA_STEPS; s++) {
        images(&t, s);
        worst = worse(worst, fabs(panda_step(&t.panda, s, 1.0) / loss[s] - 1));
    }
    ok(worst <= 1e-3, "%s: losses of five steps (%.2g)", what, worst);
    for (size_t i = 0; i < 4; i++) {
        const double error = value_error(&t, values, panda_watched[i], value[i]);
        ok(error <= 1e-4, "%s: %s after five steps (%.2g)", what, panda_watched[i], error);
    }
    /* what is frozen, and statistics, are as they were */
    struct safetensors st = {0};
    trainer_export(t.trainer, values, &st);
    bool same = true;
    for (size_t i = 0; i < st.n; i++) {
        const char *name = st.entry[i].name;
        const bool learns =
            (strncmp(name, "layer3", 6) == 0 || strncmp(name, "layer4", 6) == 0) && !strstr(name, "running");
        const struct tensor *was = safetensors_find(&t.weights, name), *is = &st.entry[i].tensor;
        if (!learns)
            same &= memcmp(was->data, is->data, tensor_count(is) * sizeof(float)) == 0;
    }
    ok(same && st.n > 60, "%s: frozen layers and all statistics keep their bits", what);
    safetensors_free(&st);
    free(first);
    close_network(&t);
}

/* Two images as a stream in a file. */
static void write_images(FILE *f)
{
    struct image_writer *w = image_writer_new(f, "images");
    for (size_t label = 3; label <= 7; label += 4) {
        struct image im = {.raster = raster_new(PANDA_SIDE, PANDA_SIDE, 3, 255)};
        char name[32];
        snprintf(name, sizeof name, "fisher %zu", label);
        for (size_t i = 0; i < raster_bytes(&im.raster); i++)
            ((uint8_t *)im.raster.samples)[i] = (uint8_t)(formula(formula_seed(name), i) * 256);
        note_setf(&im.note, "label", "%zu", label);
        image_write(w, &im);
        image_free(&im);
    }
    image_writer_end(w);
}

static void importance(void)
{
    static const struct normalisation none = {{0, 0, 0}, {1, 1, 1}};
    static const char *const frozen[] = {"conv1", "bn1", "layer1", "layer2", NULL};
    const double *const want[4] = {fisher_value0, fisher_value1, fisher_value2, fisher_value3};
    char path[] = "/tmp/panda.XXXXXX";
    FILE *f = fdopen(mkstemp(path), "wb");
    struct graph graph = {0};
    struct safetensors weights = {0};
    struct tuned t;
    size_t n;
    write_images(f);
    fclose(f);
    network_build(&graph, "resnet18", 10);
    fill(&weights, &graph);
    open_network(&t);
    trainer_values(t.trainer, &n);
    float *out = xaligned(n, sizeof *out);
    const struct fisher_plan plan = {"resnet18", &weights, "formula", frozen, &none, path};
    ok(fisher_diagonal(out, t.trainer, &plan) == 2, "two labelled images");
    for (size_t i = 0; i < 4; i++) {
        const double error = value_error(&t, out, panda_watched[i], want[i]);
        ok(error <= 1e-3, "Fisher's diagonal: %s (%.2g)", panda_watched[i], error);
    }
    unlink(path);
    free(out);
    close_network(&t);
    safetensors_free(&weights);
    graph_free(&graph);
}

int main(void)
{
    const double *const plain[4] = {panda_value0, panda_value1, panda_value2, panda_value3};
    const double *const pulled[4] = {panda_pulled_value0, panda_pulled_value1, panda_pulled_value2,
                                     panda_pulled_value3};
    pool_start(2);
    steps("PANDA", panda_loss, plain, 0);
    steps("with a pull", panda_pulled_loss, pulled, 2.0);
    importance();
    ok(panda_norm[0] > 0.05, "gradients are cut");
    return done();
}
