#include "method/taps.h"
#include "base/mem.h"
#include "nn/frozen_taps.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The rest of arrays= from the name of array i on; NULL without the key. */
static const char *name_in_list(const struct npys_record *rec, size_t i)
{
    const char *at = note_get(&rec->note, "arrays");
    for (size_t k = 0; at && k < i; k++)
        at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',');
    return at;
}

struct tap_name tap_name(const struct npys_record *rec, size_t i)
{
    struct tap_name name;
    const char *at = name_in_list(rec, i);
    if (at)
        snprintf(name.text, sizeof name.text, "tap %.*s", (int)strcspn(at, ","), at);
    else
        snprintf(name.text, sizeof name.text, "array %zu", i + 1);
    return name;
}

size_t taps_channels(const struct taps *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += t->tap[i].channels;
    return n;
}

size_t taps_values(const struct taps *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += t->tap[i].height * t->tap[i].width * t->tap[i].channels;
    return n;
}

static struct tap shape_of(const struct npys_reader *r, const struct npys_record *rec, size_t i)
{
    const struct tensor *t = &rec->array[i];
    char shape[128];
    if (t->type != DT_F32 && t->type != DT_F16 && t->type != DT_F64)
        npys_reader_die(r, "%s is not of floats (f2, f4 or f8)", tap_name(rec, i).text);
    if ((t->rank != 1 && t->rank != 3) || tensor_count(t) == 0)
        npys_reader_die(r, "%s has shape %s, not height x width x channels", tap_name(rec, i).text,
                        tensor_shape_text(t, shape));
    if (t->rank == 1)
        return (struct tap){1, 1, t->dim[0], NULL};
    if (t->dim[0] > TAP_SIDE_MAX || t->dim[1] > TAP_SIDE_MAX || t->dim[2] > TAP_SIDE_MAX)
        npys_reader_die(r, "%s has shape %s; a side is %d at most", tap_name(rec, i).text,
                        tensor_shape_text(t, shape), TAP_SIDE_MAX);
    return (struct tap){t->dim[0], t->dim[1], t->dim[2], NULL};
}

static void choose_finest(struct taps *t, const struct npys_reader *r)
{
    t->finest = 0;
    for (size_t i = 1; i < t->n; i++)
        if (t->tap[i].height * t->tap[i].width > t->tap[t->finest].height * t->tap[t->finest].width)
            t->finest = i;
    for (size_t i = 0; i < t->n; i++)
        if (t->tap[i].height > t->tap[t->finest].height || t->tap[i].width > t->tap[t->finest].width)
            npys_reader_die(r, "no tap is the largest in height and in width");
}

static void check_shape(const struct taps *t, const struct npys_reader *r, const struct npys_record *rec,
                        size_t i)
{
    const struct tap is = shape_of(r, rec, i), *want = &t->tap[i];
    if (is.height != want->height || is.width != want->width || is.channels != want->channels)
        npys_reader_die(r, "%s is %zux%zux%zu, but %zux%zux%zu before: images of different sizes?",
                        tap_name(rec, i).text, is.height, is.width, is.channels, want->height, want->width,
                        want->channels);
}

static void set_shapes(struct taps *t, const struct npys_reader *r, const struct npys_record *rec)
{
    if (rec->n == 0)
        npys_reader_die(r, "a record without features");
    for (size_t i = 0; i < rec->n; i++) {
        t->tap[i] = shape_of(r, rec, i);
        const char *name = name_in_list(rec, i);
        t->part[i] = name && frozen_tap_is_part(name);
    }
    t->n = rec->n;
    choose_finest(t, r);
}

/* NaN and infinity have all bits of the exponent set. */
static bool all_finite(const float *x, size_t n)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bad |= (uint32_t)((bits & 0x7f800000u) == 0x7f800000u);
    }
    return !bad;
}

static const float *as_f32(struct taps *t, const struct tensor *array, size_t i)
{
    if (array->type == DT_F32)
        return array->data;
    if (!t->converted[i]) {
        mem_need(tensor_count(array) * sizeof(float), "a feature map");
        t->converted[i] = xaligned(tensor_count(array), sizeof(float));
    }
    tensor_to_f32(t->converted[i], array);
    return t->converted[i];
}

void taps_read(struct taps *t, const struct npys_reader *r, const struct npys_record *rec)
{
    if (!t->n)
        set_shapes(t, r, rec);
    if (rec->n != t->n)
        npys_reader_die(r, "%zu taps, but %zu before", rec->n, t->n);
    for (size_t i = 0; i < t->n; i++) {
        check_shape(t, r, rec, i);
        t->tap[i].value = as_f32(t, &rec->array[i], i);
        if (!all_finite(t->tap[i].value, tensor_count(&rec->array[i])))
            npys_reader_die(r, "%s holds NaN or infinity", tap_name(rec, i).text);
    }
}

void taps_free(struct taps *t)
{
    for (size_t i = 0; i < TAPS_MAX; i++)
        free(t->converted[i]);
    *t = (struct taps){0};
}

bool taps_match(const struct taps *image, const struct taps *fit, struct err *e)
{
    if (image->n != fit->n)
        return err_set(e, "fitted on %zu taps, not %zu", fit->n, image->n);
    for (size_t i = 0; i < image->n; i++) {
        const struct tap *is = &image->tap[i], *was = &fit->tap[i];
        if (is->height != was->height || is->width != was->width || is->channels != was->channels)
            return err_set(e, "tap %zu is %zux%zux%zu; the fit's was %zux%zux%zu", i + 1, is->height,
                           is->width, is->channels, was->height, was->width, was->channels);
    }
    return true;
}
