#include "pooled/knn.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/thread.h"
#include "num/distance.h"
#include "pooled/vectors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    size_t neighbours;
    bool unit;
};

static const struct options defaults = {.neighbours = 2};
static const char *const lengths[] = {"kept", "unit", NULL};

/* clang-format off */
#define AT(field) offsetof(struct options, field)
static const struct setting settings[] = {
    {"neighbours", 'k', SETTING_SIZE, AT(neighbours), 1, KNN_NEIGHBOURS_MAX, NULL, "K",
     "training images whose squared distances make the score", DETECTOR_FIT | DETECTOR_KEPT, NULL},
    {"length", 0, SETTING_SWITCH, AT(unit), 0, 0, lengths, "L", "of the vectors: as they are, or brought to 1",
     DETECTOR_FIT | DETECTOR_KEPT, NULL},
    SETTINGS_END,
};
/* clang-format on */

/* PANDA's authors, whose form the defaults are; the same, of vectors of length 1, in their "Mean-Shifted Contrastive Loss" (methods 9).
 * Nobody else has it: neither Anomalib nor arXiv 2405.06980's code. */
static const char *const people[] = {"original", "mean-shifted", NULL};

static void follow(void *options, size_t who)
{
    struct options *o = options;
    o->neighbours = 2;
    o->unit = who == 1;
}

/* The fit and the model alike. */
struct knn {
    struct options o;
    struct vectors bank;
    float *query;   /* dims */
    float *squared; /* n, of the query */
};

static struct knn *knn_new(const struct options *o, size_t channels)
{
    struct knn *m = xcalloc(1, sizeof *m);
    m->o = *o;
    m->bank.channels = channels;
    return m;
}

static void *begin(void *options, const struct taps *first)
{
    struct err e;
    if (!vectors_accept(first, &e))
        die("%s", e.text);
    return knn_new(options, taps_channels(first));
}

static void take(void *fit, const struct taps *image)
{
    struct knn *m = fit;
    vectors_add(&m->bank, image, m->o.unit);
}

static void make_room(struct knn *m)
{
    mem_need((m->bank.n + m->bank.dims) * sizeof(float), "the distances of an image");
    m->query = xaligned(m->bank.dims, sizeof *m->query);
    m->squared = xaligned(m->bank.n, sizeof *m->squared);
}

static void *end(void *fit, const struct detector_end *with)
{
    struct knn *m = fit;
    (void)with;
    if (m->bank.n <= m->o.neighbours)
        die("%zu images; -k %zu needs one more than that", m->bank.n, m->o.neighbours);
    make_room(m);
    return m;
}

enum { BLOCK = 256 };

static void distances(void *arg, size_t task, size_t worker)
{
    struct knn *m = arg;
    const size_t first = task * BLOCK, end = first + size_least(BLOCK, m->bank.n - first);
    (void)worker;
    for (size_t i = first; i < end; i++)
        m->squared[i] = distance_squared(m->query, m->bank.row + i * m->bank.dims, m->bank.dims);
}

double knn_sum(const float *squared, size_t n, size_t k, size_t without)
{
    float least[KNN_NEIGHBOURS_MAX] = {0};
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == without || (found == k && !(squared[i] < least[k - 1])))
            continue;
        size_t at = found < k ? found++ : k - 1;
        for (; at > 0 && squared[i] < least[at - 1]; at--)
            least[at] = least[at - 1];
        least[at] = squared[i];
    }
    double sum = 0;
    for (size_t i = 0; i < found; i++)
        sum += (double)least[i];
    return sum;
}

static double score_of(struct knn *m, size_t without)
{
    pool_run(size_parts(m->bank.n, BLOCK), distances, m);
    return knn_sum(m->squared, m->bank.n, m->o.neighbours, without);
}

static size_t left_out_images(const void *model)
{
    return ((const struct knn *)model)->bank.n;
}

static double left_out(void *model, size_t i, float *distance)
{
    struct knn *m = model;
    (void)distance;
    memcpy(m->query, m->bank.row + i * m->bank.dims, m->bank.dims * sizeof *m->query);
    return score_of(m, i);
}

static void save(void *model, struct safetensors *file)
{
    const struct vectors *bank = &((const struct knn *)model)->bank;
    struct tensor t = tensor_new(DT_F32, 2, (const size_t[]){bank->n, bank->channels});
    for (size_t i = 0; i < bank->n; i++)
        memcpy((float *)t.data + i * bank->channels, bank->row + i * bank->dims,
               bank->channels * sizeof(float));
    safetensors_add_owned(file, "bank", t);
}

static void describe(const void *model, char text[100])
{
    const struct vectors *bank = &((const struct knn *)model)->bank;
    snprintf(text, 100, "%zu vectors of %zu", bank->n, bank->channels);
}

static void *load(const struct safetensors *file, const char *path, const void *options)
{
    const struct tensor *t = safetensors_find(file, "bank");
    if (!t || t->type != DT_F32 || t->rank != 2 || t->dim[0] == 0 || t->dim[1] == 0)
        die("%s: bank is missing, or is no matrix of f32", path);
    struct knn *m = knn_new(options, t->dim[1]);
    struct vectors *bank = &m->bank;
    if (m->o.neighbours > t->dim[0])
        die("%s: neighbours=%zu, but the bank holds %zu", path, m->o.neighbours, t->dim[0]);
    bank->n = bank->capacity = t->dim[0];
    bank->dims = distance_padded(bank->channels);
    mem_need(bank->n * bank->dims * sizeof *bank->row, "the bank");
    bank->row = xcalloc(bank->n, bank->dims * sizeof *bank->row);
    for (size_t i = 0; i < bank->n; i++)
        memcpy(bank->row + i * bank->dims, (const float *)t->data + i * bank->channels,
               bank->channels * sizeof(float));
    make_room(m);
    return m;
}

static bool accepts(void *model, const struct taps *image, struct err *e)
{
    const struct knn *m = model;
    if (taps_channels(image) != m->bank.channels)
        return err_set(e, "vectors of %zu; the fit's had %zu", taps_channels(image), m->bank.channels);
    return vectors_accept(image, e);
}

static double score(void *model, const struct taps *image, float *distance, struct map_size grid)
{
    struct knn *m = model;
    (void)grid;
    (void)distance;
    vectors_of(m->query, image, m->o.unit);
    return score_of(m, SIZE_MAX);
}

static void free_model(void *model)
{
    struct knn *m = model;
    vectors_free(&m->bank);
    free(m->query);
    free(m->squared);
    free(m);
}

const struct detector knn_detector = {
    .name = "knn",
    .settings = settings,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .people = people,
    .follow = follow,
    .images_min = 2,
    .begin = begin,
    .take = take,
    .end = end,
    .left_out_images = left_out_images,
    .left_out = left_out,
    .save = save,
    .describe = describe,
    .load = load,
    .accepts = accepts,
    .score = score,
    .free = free_model,
};
