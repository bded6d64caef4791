/* The order of a generated set: which class and which of its images is image number `id` of the endless
 * sequence of epochs. A round holds every class once, shuffled; an epoch is per_class rounds, in which every
 * class shows each of its images once. A function of the seed and id alone, so a stream can be cut, sharded
 * and resumed anywhere. */
#ifndef FRACTAL_ORDER_H
#define FRACTAL_ORDER_H
#include <stdint.h>
#include <stddef.h>

struct fractal_order {
    uint64_t seed;
    size_t classes, per_class;
    uint64_t round, epoch; /* of which the shuffles below are */
    size_t *class_at;      /* position in the round -> class */
    size_t *image_at;      /* round of the epoch -> image, before the class's own offset */
};
struct fractal_order order_new(uint64_t seed, size_t classes, size_t per_class);
void order_free(struct fractal_order *o);

struct order_item {
    size_t class, k;
    uint64_t epoch, id;
};
struct order_item order_item(struct fractal_order *o, uint64_t id);
#endif
