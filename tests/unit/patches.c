/* patchcore/patches: PatchCore's patch vectors against torch (tests/oracle/map.py) and by hand; bad
 * records. */
#include "patchcore/patches.h"
#include "../oracle/features.h"
#include "tap.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* The formula of tests/oracle/map.py. */
static struct tensor tap(size_t height, size_t width, size_t channels)
{
    struct tensor t = tensor_new(DT_F32, 3, (size_t[]){height, width, channels});
    for (size_t i = 0; i < tensor_count(&t); i++)
        ((float *)t.data)[i] = (float)((double)(i * 37 % 101) / 101 - 0.5);
    return t;
}

static double distance(const float *a, const float *b, size_t n, size_t step)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = worse(worst, fabs((double)(a[i * step] - b[i])));
    return worst;
}

static struct npys_reader *reader(void)
{
    return npys_reader_new(stdin, "test");
}

static void pooled(void)
{
    struct npys_reader *r = reader();
    struct npys_record rec = {.n = 2, .array = {tap(3, 5, 2), tap(6, 5, 4)}};
    struct patcher *p = patcher_new(PATCH_POOLED);
    float out[6 * 5 * 6], second[6 * 5 * 4];
    patcher_load(p, r, &rec);
    const struct patch_shape s = patcher_shape(p);
    ok(s.height == 6 && s.width == 5 && s.channels == 6, "the largest tap is the grid");
    patcher_make(p, out);
    for (size_t i = 0; i < 30; i++)
        memcpy(second + 4 * i, out + 6 * i + 2, 4 * sizeof *out);
    ok_close(distance(second, pooled_6x5x4, 120, 1), 0, 1e-6, "3x3 average as torch's avg_pool2d");
    /* rows 0 and 1 of the fine grid lie at -.25 and .25 of the coarse one: the first is clamped to row 0 */
    const float *coarse = rec.array[0].data;
    float sum = 0;
    for (size_t y = 0; y < 2; y++)
        for (size_t x = 0; x < 2; x++)
            sum += coarse[(y * 5 + x) * 2];
    ok_close((double)out[0], (double)sum / 9, 1e-6, "a corner: four values over nine");
    patcher_free(p);
    npys_record_free(&rec);
    npys_reader_free(r);
}

static void binned(void)
{
    struct npys_reader *r = reader();
    struct npys_record rec = {.n = 2, .array = {tap(6, 4, 200), tap(3, 2, 150)}};
    struct patcher *p = patcher_new(PATCH_BINNED);
    static float out[24 * PATCH_BINS];
    patcher_load(p, r, &rec);
    patcher_make(p, out);
    ok(patcher_shape(p).channels == 1024, "1024 bins");
    ok_close(distance(out, binned_every_61st, (24 * 1024 + 60) / 61, 61), 0, 1e-6,
             "binned as PatchCore's authors");
    patcher_free(p);
    npys_record_free(&rec);
    npys_reader_free(r);
}

static void half_precision(void)
{
    struct npys_reader *r = reader();
    struct npys_record rec = {.n = 1, .array = {tensor_new(DT_F16, 1, (size_t[]){3})}};
    struct patcher *p = patcher_new(PATCH_POOLED);
    float out[3];
    for (size_t i = 0; i < 3; i++)
        ((uint16_t *)rec.array[0].data)[i] = f32_to_f16(9 * ((float)i + 0.5f));
    patcher_load(p, r, &rec);
    patcher_make(p, out);
    ok(out[0] == 0.5f && out[2] == 2.5f, "a vector of f2");
    patcher_free(p);
    npys_record_free(&rec);
    npys_reader_free(r);
}

static jmp_buf escape;
static char said[500];
static void hook(int status, const char *line)
{
    (void)status;
    snprintf(said, sizeof said, "%s", line);
    longjmp(escape, 1);
}

/* What patcher_load says about the second of two records. */
static const char *complaint(struct npys_record *first, struct npys_record *second)
{
    struct npys_reader *r = reader();
    struct patcher *p = patcher_new(PATCH_POOLED);
    said[0] = 0;
    err_hook = hook;
    if (setjmp(escape) == 0) {
        patcher_load(p, r, first);
        patcher_load(p, r, second);
    }
    err_hook = NULL;
    patcher_free(p);
    npys_reader_free(r);
    return said;
}

static void bad_records(void)
{
    struct npys_record good = {.n = 1, .array = {tap(4, 4, 3)}}, other = {.n = 1, .array = {tap(4, 5, 3)}};
    note_add(&good.note, "arrays", "layer2");
    note_add(&other.note, "arrays", "layer2");
    ok(!*complaint(&good, &good), "two alike");
    ok(strstr(complaint(&good, &other), "layer2 is 4x5x3, but 4x4x3 before") != NULL, "other shapes: %s",
       said);
    note_set(&other.note, "arrays", "layer3");
    ok(strstr(complaint(&good, &other), "taps layer3, but layer2 before") != NULL, "other taps: %s", said);
    ((float *)good.array[0].data)[7] = NAN;
    ok(strstr(complaint(&good, &good), "tap layer2 holds NaN") != NULL, "NaN: %s", said);
    ((float *)good.array[0].data)[7] = -INFINITY;
    ok(strstr(complaint(&good, &good), "tap layer2 holds NaN or inf") != NULL, "infinity: %s", said);
    npys_record_free(&good);
    npys_record_free(&other);
}

int main(void)
{
    pooled();
    binned();
    half_precision();
    bad_records();
    return done();
}
