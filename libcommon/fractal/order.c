#include "fractal/order.h"
#include "base/mem.h"
#include "base/rng.h"
#include "fractal/key.h"
#include <stdlib.h>

struct fractal_order order_new(uint64_t seed, size_t classes, size_t per_class)
{
    size_t entries, bytes;
    if (!mem_add(classes, per_class, &entries) || !mem_mul(entries, sizeof(size_t), &bytes))
        bytes = SIZE_MAX;
    mem_need(bytes, "the order of the images");
    return (struct fractal_order){seed,
                                  classes,
                                  per_class,
                                  UINT64_MAX,
                                  UINT64_MAX,
                                  xmalloc(classes, sizeof(size_t)),
                                  xmalloc(per_class, sizeof(size_t))};
}

void order_free(struct fractal_order *o)
{
    free(o->class_at);
    free(o->image_at);
    *o = (struct fractal_order){0};
}

static void shuffle(size_t *a, size_t n, uint64_t key)
{
    struct rng r = rng_new(key, 0);
    for (size_t i = 0; i < n; i++)
        a[i] = i;
    rng_shuffle(&r, a, n);
}

struct order_item order_item(struct fractal_order *o, uint64_t id)
{
    uint64_t round = id / o->classes, epoch = round / o->per_class;
    if (round != o->round)
        shuffle(o->class_at, o->classes, key_of(o->seed, KEY_CLASS_ORDER, 0, round));
    if (epoch != o->epoch)
        shuffle(o->image_at, o->per_class, key_of(o->seed, KEY_IMAGE_ORDER, 0, epoch));
    o->round = round;
    o->epoch = epoch;
    size_t class = o->class_at[id % o->classes];
    uint64_t offset = key_of(o->seed, KEY_IMAGE_ORDER, class + 1, epoch) % o->per_class;
    size_t k = (size_t)((o->image_at[round % o->per_class] + offset) % o->per_class);
    return (struct order_item){class, k, epoch, id};
}
