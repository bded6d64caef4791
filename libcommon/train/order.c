#include "train/order.h"
#include "base/mem.h"
#include "base/rng.h"
#include <stdlib.h>

struct epoch_order epoch_order_new(uint64_t seed, size_t n)
{
    return (struct epoch_order){.seed = seed, .n = n};
}

const size_t *epoch_order_of(struct epoch_order *o, uint64_t epoch)
{
    if (o->at && epoch == o->epoch)
        return o->at;
    struct rng r = rng_new(o->seed, 0x6f72646572u + (epoch << 40)); /* "order" */
    if (!o->at)
        o->at = xmalloc(o->n, sizeof *o->at);
    for (size_t i = 0; i < o->n; i++)
        o->at[i] = i;
    rng_shuffle(&r, o->at, o->n);
    o->epoch = epoch;
    return o->at;
}

void epoch_order_free(struct epoch_order *o)
{
    free(o->at);
    *o = (struct epoch_order){0};
}
