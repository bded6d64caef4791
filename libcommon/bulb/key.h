/* Keys of this room's random numbers, beside those of fractal/key.h. The numbers are part of what an image is: never change one. */
#ifndef BULB_KEY_H
#define BULB_KEY_H
#include "fractal/key.h"

enum { BULB_KEY_FORMS = 64, BULB_KEY_SCAN, BULB_KEY_VIEW };

static inline uint64_t bulb_key(uint64_t seed, int purpose, uint64_t a, uint64_t b)
{
    return key_of(seed, (enum key_purpose)purpose, a, b);
}
#endif
