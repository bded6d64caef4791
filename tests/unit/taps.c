/* method/taps and method/tap_store: types, shapes, what is refused and how it is said; there and back through the disk. */
#include "method/taps.h"
#include "method/tap_store.h"
#include "tap.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf escape;
static char said[500];
static void hook(int status, const char *line)
{
    (void)status;
    snprintf(said, sizeof said, "%s", line);
    longjmp(escape, 1);
}

static struct tensor array(size_t height, size_t width, size_t channels)
{
    struct tensor t = tensor_new(DT_F32, 3, (size_t[]){height, width, channels});
    for (size_t i = 0; i < tensor_count(&t); i++)
        ((float *)t.data)[i] = (float)i + 0.25f;
    return t;
}

static void types(void)
{
    struct npys_reader *r = npys_reader_new(stdin, "test");
    struct npys_record rec = {.n = 3,
                              .array = {tensor_new(DT_F16, 1, (size_t[]){3}),
                                        tensor_new(DT_F64, 3, (size_t[]){1, 1, 2}), array(2, 1, 2)}};
    struct taps t = {0};
    for (size_t i = 0; i < 3; i++)
        ((uint16_t *)rec.array[0].data)[i] = f32_to_f16((float)i + 0.5f);
    for (size_t i = 0; i < 2; i++)
        ((double *)rec.array[1].data)[i] = (double)i - 7;
    taps_read(&t, r, &rec);
    ok(t.n == 3 && t.tap[0].height == 1 && t.tap[0].width == 1 && t.tap[0].channels == 3,
       "a vector is 1 x 1 x C");
    ok(t.tap[0].value[0] == 0.5f && t.tap[0].value[2] == 2.5f, "f2");
    ok(t.tap[1].value[0] == -7 && t.tap[1].value[1] == -6, "f8");
    ok(t.tap[2].value == rec.array[2].data, "f4 is not copied");
    ok(t.finest == 2 && taps_channels(&t) == 7 && taps_values(&t) == 9, "finest, channels, values");
    ((uint16_t *)rec.array[0].data)[1] = f32_to_f16(8);
    taps_read(&t, r, &rec);
    ok(t.tap[0].value[1] == 8, "the next record's values");
    taps_free(&t);
    npys_record_free(&rec);
    npys_reader_free(r);
}

/* What taps_read says of the second of two records. */
static const char *complaint(const struct npys_record *first, const struct npys_record *second)
{
    struct npys_reader *r = npys_reader_new(stdin, "test");
    struct taps t = {0};
    said[0] = 0;
    err_hook = hook;
    if (setjmp(escape) == 0) {
        taps_read(&t, r, first);
        taps_read(&t, r, second);
    }
    err_hook = NULL;
    taps_free(&t);
    npys_reader_free(r);
    return said;
}

static void says(const struct npys_record *first, const struct npys_record *second, const char *what)
{
    ok(strstr(complaint(first, second), what) != NULL, "%s", said);
}

static void bad_records(void)
{
    struct npys_record good = {.n = 1, .array = {array(4, 4, 3)}},
                       other = {.n = 1, .array = {array(4, 5, 3)}};
    struct npys_record two = {.n = 2, .array = {array(4, 4, 3), array(2, 5, 3)}}, none = {0};
    struct npys_record whole = {.n = 1, .array = {tensor_new(DT_I32, 1, (size_t[]){3})}};
    struct npys_record flat = {.n = 1, .array = {tensor_new(DT_F32, 2, (size_t[]){3, 3})}};
    struct npys_record wide = {.n = 1, .array = {tensor_new(DT_F32, 3, (size_t[]){1, 65536, 1})}};
    note_add(&good.note, "arrays", "layer2");
    note_add(&other.note, "arrays", "layer2");
    ok(!*complaint(&good, &good), "two alike");
    says(&good, &other, "tap layer2 is 4x5x3, but 4x4x3 before: images of different sizes?");
    says(&good, &two, "2 taps, but 1 before");
    says(&none, &none, "a record without features");
    says(&whole, &whole, "array 1 is not of floats (f2, f4 or f8)");
    says(&flat, &flat, "array 1 has shape 3x3, not height x width x channels");
    says(&wide, &wide, "a side is 65535 at most");
    says(&two, &two, "no tap is the largest in height and in width");
    ((float *)good.array[0].data)[7] = NAN;
    says(&good, &good, "tap layer2 holds NaN or infinity");
    ((float *)good.array[0].data)[7] = -INFINITY;
    says(&good, &good, "tap layer2 holds NaN or infinity");
    ((float *)good.array[0].data)[7] = 3e38f;
    ok(!*complaint(&good, &good), "large is not infinite");
    struct npys_record *all[] = {&good, &other, &two, &whole, &flat, &wide};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        npys_record_free(all[i]);
}

static void names(void)
{
    struct npys_record rec = {0};
    ok(strcmp(tap_name(&rec, 1).text, "array 2") == 0, "a number where there are no names");
    note_add(&rec.note, "arrays", "layer1,layer2,layer3");
    ok(strcmp(tap_name(&rec, 0).text, "tap layer1") == 0 && strcmp(tap_name(&rec, 2).text, "tap layer3") == 0,
       "names");
    npys_record_free(&rec);
}

static void store(enum dtype type, double tolerance, const char *name)
{
    enum { IMAGES = 5 };
    float a[2 * 3 * 4], b[7];
    struct taps t = {.n = 2, .tap = {{2, 3, 4, a}, {1, 1, 7, b}}};
    struct tap_store *s = tap_store_new("features", type);
    double worst = 0;
    for (size_t k = 0; k < IMAGES; k++) {
        for (size_t i = 0; i < 24; i++)
            a[i] = (float)(sin((double)(100 * k + i)));
        for (size_t i = 0; i < 7; i++)
            b[i] = (float)k;
        tap_store_add(s, &t);
    }
    for (size_t k = IMAGES; k-- > 0;) {
        const struct taps *back = tap_store_read(s, k);
        for (size_t i = 0; i < 24; i++)
            worst = worse(worst, fabs((double)back->tap[0].value[i] - sin((double)(100 * k + i))));
        for (size_t i = 0; i < 7; i++)
            worst = worse(worst, fabs((double)back->tap[1].value[i] - (double)k));
    }
    ok(tap_store_images(s) == IMAGES && worst <= tolerance, "%s through the disk, the last first", name);
    const struct taps *back = tap_store_read(s, 0);
    ok(back->n == 2 && back->tap[0].height == 2 && back->tap[0].width == 3 && back->tap[0].channels == 4 &&
           back->finest == 0,
       "and the shapes");
    tap_store_free(s);
}

int main(void)
{
    types();
    bad_records();
    names();
    store(DT_F32, 6e-8, "f32");
    store(DT_BF16, 1.0 / 256, "bf16");
    return done();
}
