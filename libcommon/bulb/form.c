#include "bulb/form.h"

const uint16_t bulb_rules[BULB_RULES] = {
    107, 106, 263, 334, 205, 271, 434, 225, 331, 413, 141, 167, 424, 196, 222, 461, 488, 109, 151, 232, 42,
    188, 507, 32,  451, 132, 190, 481, 143, 96,  180, 388, 397, 68,  135, 197, 360, 40,  465, 243, 506, 160,
    327, 175, 105, 223, 198, 332, 452, 174, 281, 395, 238, 386, 161, 168, 204, 416, 244, 418, 297};

struct bulb_map bulb_map_of(struct bulb_form form)
{
    struct bulb_map m = {.power = form.power};
    for (unsigned axis = 0; axis < 3; axis++) {
        const unsigned bits = form.rule >> (6 - 3 * axis) & 7;
        const unsigned sine = bits >> 2, theta = bits >> 1 & 1;
        m.wave[axis] = (unsigned char)(2 * theta + sine);
        m.sign[axis] = bits & 1 ? -1.0f : 1.0f;
    }
    return m;
}
