/* A generated set as an image stream: the images are painted ahead on all threads and written in order to standard output, in
 * rounds that hold every class once (order.h). What the generators have in common: ifsgen, surfgen, bulbgen.
 *
 *     struct press p = {.options = o, .seed = s, .classes = c, .per_class = n, .side = z, .channels = 3, .stream = identity, ...};
 *     press_run(&p);
 *
 * Keys written: name= CLASS/EPOCH-K, label= the class, id= the position in the sequence of all images, stream= what they are. */
#ifndef FRACTAL_PRESS_H
#define FRACTAL_PRESS_H
#include "base/raster.h"
#include "base/setting.h"
#include "fractal/order.h"

struct press_options {
    size_t epochs;   /* 0: without end */
    size_t start;    /* the first id that is written */
    size_t shard[2]; /* only ids that are [0] modulo [1] */
};
extern const struct press_options press_defaults;

/* "K/N", of --shard; anything else: misuse(). */
void press_parse_shard(size_t shard[2], const char *text);
/* The same as settings: -e, --shard, --start of a struct press_options. */
extern const struct setting press_settings[];

struct press {
    struct press_options options;
    uint64_t seed;
    size_t classes, per_class;
    size_t side, channels; /* of a picture: 3, or 4 where a plane of labels is the fourth */
    const char *stream;    /* a name for all that the bytes depend on */
    /* Paints a picture of side x side; several at once, `worker` < pool_size() tells them apart. A function of the item alone. */
    void (*paint)(void *arg, struct raster *out, const struct order_item *item, size_t worker);
    void *arg;
};

/* misuse() where no image is left to be written. press_run checks that itself, but programs that prepare something long check first. */
void press_check(const struct press *p);
void press_run(const struct press *p);
#endif
