/* Taps by name, as -l takes them, separated by commas:
 *
 *   layer1 .. layer4, avgpool   what the network says there (networks.h);
 *   half:TAP, quarter:TAP       the same of the image at that part of its size: what lies farther around, seen by the layers that are
 *                               good at it rather than by deeper ones;
 *   pool:TAP                    the mean of any of these over all pixels.
 *
 * The first half: or quarter: appends the network once more, with an input of its own and the same tensors. */
#ifndef NN_FROZEN_TAPS_H
#define NN_FROZEN_TAPS_H
#include "base/err.h"
#include "nn/graph.h"

enum { FROZEN_TAPS_MAX = 6, FROZEN_INPUTS_MAX = 3 };

struct frozen_taps {
    size_t node[FROZEN_TAPS_MAX], n;
    size_t part[FROZEN_INPUTS_MAX], inputs; /* of the graph: the image at 1/part of its size */
};

/* Of g, a network that has one input; false with a reason. */
bool frozen_taps_find(struct frozen_taps *t, struct graph *g, const char *list, struct err *e);
/* The same of a network that is only known by its name. */
bool frozen_taps_are(const char *arch, const char *list, struct err *e);
/* Whether a tap of this name, or of one that begins a list, is of the image at a part of its size. */
bool frozen_tap_is_part(const char *name);
#endif
