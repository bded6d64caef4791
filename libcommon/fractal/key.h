/* Who draws which random numbers. Every image, system and order has a 64-bit key of its own, made from the
 * user's seed by one block of Philox; the key then is the seed of the streams below (rng_new(key, stream)).
 * So an image depends on (seed, class, k, epoch) alone. */
#ifndef FRACTAL_KEY_H
#define FRACTAL_KEY_H
#include <stdint.h>

/* What a key is for. The numbers are part of what an image is: never change one. */
enum key_purpose {
    KEY_SYSTEM = 1,
    KEY_CLASS_ORDER,
    KEY_IMAGE_ORDER,
    KEY_IMAGE,
    KEY_EPOCH,
    KEY_SEARCH,
    KEY_CHAINS,
    KEY_TEXTURE = 20, /* surface/texture.h */
    KEY_OUTLINE       /* surface/outline.h */
};

/* Streams of an image's key. Chain c of object o is STREAM_CHAINS + 16 o + c. */
enum key_stream { STREAM_CHOICES = 0, STREAM_BACKGROUND, STREAM_PATCHES, STREAM_CHAINS = 1 << 16 };

uint64_t key_of(uint64_t seed, enum key_purpose purpose, uint64_t a, uint64_t b);
#endif
