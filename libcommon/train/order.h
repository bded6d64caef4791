/* The order of a set's images in an epoch: a shuffle by seed and epoch alone, made once an epoch. */
#ifndef TRAIN_ORDER_H
#define TRAIN_ORDER_H
#include <stddef.h>
#include <stdint.h>

struct epoch_order {
    uint64_t seed, epoch; /* of `at` */
    size_t n, *at;        /* NULL until an epoch was asked for */
};

struct epoch_order epoch_order_new(uint64_t seed, size_t n);
/* The n images of this epoch; good until another one is asked for. */
const size_t *epoch_order_of(struct epoch_order *o, uint64_t epoch);
void epoch_order_free(struct epoch_order *o);
#endif
