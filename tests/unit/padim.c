/* padim/: hand-made cases, explicit inverses, refits without each image, a numpy dump; both forms. */
#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "padim/fit.h"
#include "padim_set.h"
#include "stream/npys.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static float distance_at(const struct padim *model, float a, float b)
{
    float value[2] = {a, b}, map = 0;
    padim_distances(&map, model, value);
    return map;
}

/* d = 2, N = 3: (0,0), (2,1), (1,2) have mean (1,1) and covariance [[1,.5],[.5,1]], plus .01 I. */
static void by_hand(enum padim_form form)
{
    float features[6] = {0, 0, 2, 1, 1, 2};
    const struct set s = {3, 1, {{1, 1, 2}}, {features}};
    struct padim model = fit(&s, SIZE_MAX, (size_t[]){0, 1}, 2, form, NULL);
    ok(model.mean[0] == 1 && model.mean[1] == 1, "mean by hand, %s", form_name(form));
    const double determinant = 1.01 * 1.01 - 0.25;
    ok_close((double)distance_at(&model, 2, 1), sqrt(1.01 / determinant), 1e-5, "distance of (1, 0) by hand");
    ok_close((double)distance_at(&model, 3, 0),
             sqrt((4 + 1) * 1.01 / determinant + 2 * 2 * 0.5 / determinant), 1e-5,
             "distance of (2, -1) by hand");
    padim_free(&model);
}

/* N identical images: covariance .01 I, distance 10 |x - mean|. */
static void identical(enum padim_form form)
{
    float features[10];
    for (size_t i = 0; i < 10; i++)
        features[i] = i % 2 ? 0.7f : 3.1f;
    const struct set s = {5, 1, {{1, 1, 2}}, {features}};
    float *left_out;
    struct padim model = fit(&s, SIZE_MAX, (size_t[]){0, 1}, 2, form, &left_out);
    ok(distance_at(&model, 3.1f, 0.7f) == 0, "identical images: distance 0, %s", form_name(form));
    ok_close((double)distance_at(&model, 6.1f, 4.7f), 50, 1e-4, "identical images: 10 |x - mean|");
    ok_close((double)left_out[0] + (double)left_out[4], 0, 1e-6, "identical images: 0 with one left out");
    free(left_out);
    padim_free(&model);
}

/* Gauss-Jordan with pivots; a is n x n and is destroyed. */
static double *inverse(double *a, size_t n)
{
    double *b = xcalloc(n * n, sizeof *b);
    for (size_t i = 0; i < n; i++)
        b[i * n + i] = 1;
    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;
        for (size_t i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k]))
                pivot = i;
        for (size_t j = 0; j < n; j++) {
            double x = a[k * n + j], y = b[k * n + j];
            a[k * n + j] = a[pivot * n + j], a[pivot * n + j] = x;
            b[k * n + j] = b[pivot * n + j], b[pivot * n + j] = y;
        }
        const double scale = 1 / a[k * n + k];
        for (size_t j = 0; j < n; j++)
            a[k * n + j] *= scale, b[k * n + j] *= scale;
        for (size_t i = 0; i < n; i++) {
            const double x = a[i * n + k];
            for (size_t j = 0; j < n && i != k; j++)
                a[i * n + j] -= x * a[k * n + j], b[i * n + j] -= x * b[k * n + j];
        }
    }
    return b;
}

/* Replicated, concatenated, chosen: one position of one image, as the method's text says it. */
static void embed(double *out, const struct set *s, const size_t *chosen, size_t channels, size_t image,
                  size_t row, size_t column)
{
    size_t before = 0;
    for (size_t t = 0, i = 0; t < s->taps; before += s->shape[t++][2])
        for (; i < channels && chosen[i] < before + s->shape[t][2]; i++) {
            const size_t *d = s->shape[t], r = row * d[0] / s->shape[0][0],
                         c = column * d[1] / s->shape[0][1];
            out[i] = (double)s->data[t][((image * d[0] + r) * d[1] + c) * d[2] + chosen[i] - before];
        }
}

/* The distance of image `x` at a position, with an explicit inverse; fitted to images [0, s->n) but `skip`. */
static double naive(const struct set *s, const size_t *chosen, size_t d, size_t skip, size_t x, size_t row,
                    size_t column)
{
    double *covariance = xcalloc(d * d, sizeof *covariance), *mean = xcalloc(d, sizeof *mean);
    double *y = xmalloc(d, sizeof *y), n = (double)(s->n - (skip < s->n)), sum = 0;
    for (size_t i = 0; i < s->n; i++)
        if (i != skip) {
            embed(y, s, chosen, d, i, row, column);
            for (size_t j = 0; j < d; j++)
                mean[j] += y[j] / n;
        }
    for (size_t i = 0; i < s->n; i++)
        if (i != skip) {
            embed(y, s, chosen, d, i, row, column);
            for (size_t j = 0; j < d * d; j++)
                covariance[j] += (y[j / d] - mean[j / d]) * (y[j % d] - mean[j % d]) / (n - 1);
        }
    for (size_t j = 0; j < d; j++)
        covariance[j * d + j] += 0.01;
    double *inverted = inverse(covariance, d);
    embed(y, s, chosen, d, x, row, column);
    for (size_t j = 0; j < d * d; j++)
        sum += (y[j / d] - mean[j / d]) * inverted[j] * (y[j % d] - mean[j % d]);
    free(covariance);
    free(inverted);
    free(mean);
    free(y);
    return sqrt(sum);
}

/* Fits one form to all images; the maps of the fitted images and the left-out ones against naive ones. */
static void against_naive(const char *what, const struct set *s, size_t channels, enum padim_form form)
{
    size_t *chosen = padim_draw(padim_channels(s->shape, s->taps), channels, 5);
    const size_t height = s->shape[0][0], width = s->shape[0][1];
    float *left_out;
    struct padim model = fit(s, SIZE_MAX, chosen, channels, form, &left_out);
    double worst = 0, worst_left = 0;
    for (size_t x = 0; x < s->n; x += 3) {
        float *map = distances(&model, s, x);
        for (size_t p = 0; p < height * width; p += 2) {
            double want = naive(s, chosen, channels, SIZE_MAX, x, p / width, p % width);
            worst = worse(worst, fabs((double)map[p] - want) / want);
            want = naive(s, chosen, channels, x, x, p / width, p % width);
            worst_left = worse(worst_left, fabs((double)left_out[x * height * width + p] - want) / want);
        }
        free(map);
    }
    char text[200];
    snprintf(text, sizeof text, "%s, %zu of %zu images, %s: the explicit inverse's distances", what, channels,
             s->n, form_name(form));
    ok_close(worst, 0, 1e-5, text);
    snprintf(text, sizeof text, "%s, %zu of %zu images, %s: leave-one-out is a refit", what, channels, s->n,
             form_name(form));
    ok_close(worst_left, 0, 1e-5, text);
    free(left_out);
    free(chosen);
    padim_free(&model);
}

static void grids(void)
{
    static const size_t nested[][3] = {{8, 8, 5}, {4, 4, 9}, {2, 2, 12}};
    static const size_t odd[][3] = {{7, 9, 4}, {4, 5, 6}, {3, 2, 7}, {4, 5, 3}};
    static const size_t flat[][3] = {{3, 4, 10}};
    static const struct {
        const char *what;
        const size_t (*shape)[3];
        size_t taps, channels, images;
    } cases[] = {{"nested grids", nested, 3, 15, 7},  {"nested grids", nested, 3, 15, 31},
                 {"nested grids", nested, 3, 26, 10}, {"odd grids", odd, 4, 9, 5},
                 {"odd grids", odd, 4, 20, 33},       {"one grid", flat, 1, 10, 12}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct set s = random_set(cases[i].images, cases[i].taps, cases[i].shape, 1);
        against_naive(cases[i].what, &s, cases[i].channels, PADIM_PACKED);
        against_naive(cases[i].what, &s, cases[i].channels, PADIM_LOW_RANK);
        set_free(&s);
    }
}

/* More channels than a Cholesky block, and the two forms against each other. */
static void forms(double scale)
{
    static const size_t shape[][3] = {{4, 4, 40}, {2, 2, 80}, {1, 1, 100}};
    struct set s = random_set(40, 3, shape, scale), fresh = random_set(41, 3, shape, scale);
    size_t *chosen = padim_draw(220, 150, 1);
    float *left[2];
    struct padim packed = fit(&s, SIZE_MAX, chosen, 150, PADIM_PACKED, &left[0]);
    struct padim low = fit(&s, SIZE_MAX, chosen, 150, PADIM_LOW_RANK, &left[1]);
    char text[80];
    snprintf(text, sizeof text, "packed and low rank agree, features of scale %g", scale);
    ok_close(difference(&packed, &low, &fresh), 0, 1e-4, text);
    double worst = 0;
    for (size_t i = 0; i < 40 * 16; i++)
        worst = worse(worst, fabs((double)left[0][i] / (double)left[1][i] - 1));
    ok_close(worst, 0, 1e-4, "with one left out, too");
    if (scale == 1)
        ok_close(difference(&packed, &low, &s), 0, 1e-4, "and for the images of the fit");
    ok(padim_choose(&packed.grid, 20) == PADIM_LOW_RANK && padim_choose(&packed.grid, 40) == PADIM_PACKED,
       "the smaller form is chosen");
    padim_free(&packed);
    padim_free(&low);
    free(left[0]);
    free(left[1]);
    free(chosen);
    set_free(&s);
    set_free(&fresh);
}

/* ResNet-18 at 256, 100 of 448 channels: the shared rows make the model 0.38 times one triangle a position. */
static void sizes(void)
{
    static const size_t shape[][3] = {{64, 64, 64}, {32, 32, 128}, {16, 16, 256}};
    size_t chosen[100];
    struct err e;
    struct padim_grid grid;
    for (size_t i = 0; i < 100; i++) /* 14, 29 and 57 of the taps */
        chosen[i] = i < 14 ? i : i < 43 ? 64 + i : 192 + i;
    ok(padim_grid_new(&grid, shape, 3, chosen, 100, &e) && grid.levels == 3 && grid.level[0].rows.n == 16 &&
           grid.level[0].channels == 57 && grid.level[2].first == 86,
       "levels from coarse to fine");
    ok(padim_size(&grid, 209, PADIM_PACKED) ==
           256 * (57 * 58 / 2) + 1024 * (57 * 29 + 29 * 30 / 2) + 4096 * (86 * 14 + 14 * 15 / 2),
       "a cell holds its own rows");
    padim_grid_free(&grid);

    static const size_t crossed[][3] = {{4, 8, 1}, {8, 4, 1}};
    ok(!padim_grid_new(&grid, crossed, 2, chosen, 1, &e), "no finest grid: refused");
    padim_grid_free(&grid);
    static const size_t repeated[] = {3, 3};
    ok(!padim_grid_new(&grid, shape, 3, repeated, 2, &e), "a channel twice: refused");
    padim_grid_free(&grid);
    size_t *a = padim_draw(1792, 550, 0), *b = padim_draw(1792, 550, 0), *c = padim_draw(1792, 550, 1);
    ok(!memcmp(a, b, 550 * sizeof *a) && memcmp(a, c, 550 * sizeof *a) != 0, "a draw is the seed's");
    free(a);
    free(b);
    free(c);
}

/* tests/oracle/padim.py */
static void oracle(void)
{
    const char *folder = getenv("FERN_TESTS");
    if (!folder) {
        skip("numpy's distances", "FERN_TESTS is not set");
        return;
    }
    char *path = xprintf("%s/oracle/padim.npys", folder);
    FILE *f = file_open(path);
    struct npys_reader *reader = npys_reader_new(f, path);
    struct npys_record array[9] = {0};
    for (size_t i = 0; i < 9; i++)
        npys_read(reader, &array[i]);
    struct set train = {.n = array[0].array[0].dim[0], .taps = 3}, test = {.n = 1, .taps = 3};
    for (size_t t = 0; t < 3; t++) {
        memcpy(train.shape[t], array[t].array[0].dim + 1, sizeof train.shape[t]);
        memcpy(test.shape[t], train.shape[t], sizeof test.shape[t]);
        train.data[t] = array[t].array[0].data;
        test.data[t] = array[4 + t].array[0].data;
    }
    size_t chosen[13];
    for (size_t i = 0; i < 13; i++)
        chosen[i] = (size_t)tensor_get(&array[3].array[0], i);
    for (enum padim_form form = PADIM_PACKED; form <= PADIM_LOW_RANK; form++) {
        float *left_out;
        struct padim model = fit(&train, SIZE_MAX, chosen, 13, form, &left_out);
        float *map = distances(&model, &test, 0);
        double worst = 0, worst_left = 0;
        for (size_t i = 0; i < 64; i++)
            worst = worse(worst, fabs((double)map[i] - tensor_get(&array[7].array[0], i)));
        for (size_t i = 0; i < 64 * train.n; i++)
            worst_left = worse(worst_left, fabs((double)left_out[i] - tensor_get(&array[8].array[0], i)));
        ok(worst < 1e-4, "numpy's distances, %s (off by %.1e)", form_name(form), worst);
        ok(worst_left < 1e-3, "numpy's distances with one left out, %s (off by %.1e)", form_name(form),
           worst_left);
        free(map);
        free(left_out);
        padim_free(&model);
    }
    for (size_t i = 0; i < 9; i++)
        npys_record_free(&array[i]);
    npys_reader_free(reader);
    file_close(f);
    free(path);
}

/* Written and read again: the same distances. And what a model must not be. */
static void files(void)
{
    static const size_t shape[][3] = {{4, 4, 4}, {2, 2, 8}};
    struct set s = random_set(6, 2, shape, 1);
    size_t *chosen = padim_draw(12, 9, 2);
    for (enum padim_form form = PADIM_PACKED; form <= PADIM_LOW_RANK; form++) {
        struct safetensors st = {0};
        struct err e;
        struct padim model = fit(&s, SIZE_MAX, chosen, 9, form, NULL), again;
        float *a = distances(&model, &s, 1);
        padim_save(&st, &model);
        const bool read = padim_load(&again, &st, &e);
        ok(read && again.images == 6 && again.form == form, "a model comes back, %s", form_name(form));
        float *b = distances(&again, &s, 1);
        ok(!memcmp(a, b, 16 * sizeof *a), "with the same distances");
        free(a);
        free(b);
        padim_free(&again);
        note_set(&st.meta, "ridge", "-1");
        ok(!padim_load(&again, &st, &e), "a negative ridge is refused: %s", e.text);
        note_set(&st.meta, "ridge", "0.01");
        for (size_t i = 0; i < st.n; i++) {
            st.entry[i].tensor.dim[0]--;
            ok(!padim_load(&again, &st, &e), "%s of another shape is refused: %s", st.entry[i].name, e.text);
            st.entry[i].tensor.dim[0]++;
        }
        padim_free(&model);
        safetensors_free(&st);
    }
    free(chosen);
    set_free(&s);
}

int main(void)
{
    pool_start(2);
    for (enum padim_form form = PADIM_PACKED; form <= PADIM_LOW_RANK; form++) {
        by_hand(form);
        identical(form);
    }
    grids();
    forms(1);
    forms(30);
    sizes();
    oracle();
    files();
    return done();
}
