#include "method/tap_store.h"
#include "base/mem.h"
#include "base/spool.h"
#include <stdlib.h>

struct tap_store {
    enum dtype type;
    struct spool *spool;
    size_t images, values; /* values of an image */
    struct taps taps;      /* the image read last; its values lie in `value` */
    float *value;
    uint16_t *half; /* bf16 on the way to and from the disk */
};

struct tap_store *tap_store_new(const char *what, enum dtype type)
{
    struct tap_store *s = xcalloc(1, sizeof *s);
    s->type = type;
    s->spool = spool_new(what);
    return s;
}

static void take_shapes(struct tap_store *s, const struct taps *t)
{
    const float *at;
    s->values = taps_values(t);
    mem_need(s->values * (sizeof *s->value + sizeof *s->half), "the features of an image");
    at = s->value = xaligned(s->values, sizeof *s->value);
    if (s->type == DT_BF16)
        s->half = xaligned(s->values, sizeof *s->half);
    s->taps = (struct taps){.n = t->n, .finest = t->finest};
    for (size_t i = 0; i < t->n; i++) {
        s->taps.tap[i] = t->tap[i];
        s->taps.tap[i].value = at;
        at += t->tap[i].height * t->tap[i].width * t->tap[i].channels;
    }
}

static void add_values(struct tap_store *s, const float *value, size_t n)
{
    if (s->type != DT_BF16) {
        spool_add(s->spool, value, n * sizeof *value);
        return;
    }
    for (size_t i = 0; i < n; i++)
        s->half[i] = f32_to_bf16(value[i]);
    spool_add(s->spool, s->half, n * sizeof *s->half);
}

void tap_store_add(struct tap_store *s, const struct taps *t)
{
    if (!s->images)
        take_shapes(s, t);
    for (size_t i = 0; i < t->n; i++)
        add_values(s, t->tap[i].value, t->tap[i].height * t->tap[i].width * t->tap[i].channels);
    s->images++;
}

size_t tap_store_images(const struct tap_store *s)
{
    return s->images;
}

const struct taps *tap_store_read(struct tap_store *s, size_t i)
{
    const size_t bytes = s->values * dtype_size(s->type);
    spool_read(s->spool, s->type == DT_BF16 ? (void *)s->half : (void *)s->value, bytes, (uint64_t)i * bytes);
    for (size_t k = 0; s->type == DT_BF16 && k < s->values; k++)
        s->value[k] = bf16_to_f32(s->half[k]);
    return &s->taps;
}

void tap_store_free(struct tap_store *s)
{
    if (!s)
        return;
    spool_free(s->spool);
    free(s->value);
    free(s->half);
    free(s);
}
