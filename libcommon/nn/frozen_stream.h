/* What a frozen network says in a feature stream (stream/npys.h): of itself, and of an image. */
#ifndef NN_FROZEN_STREAM_H
#define NN_FROZEN_STREAM_H
#include "nn/frozen.h"
#include "stream/npys.h"

/* Keys of the opening note. layers: the records' arrays. */
void frozen_opening(struct note *opening, const struct frozen *net, const char *layers, enum dtype precision);
/* Adds the network's taps of image `image` of a batch to the arrays of a record, in f32. */
void frozen_arrays(struct npys_record *rec, const struct infer *x, size_t taps, size_t image);
#endif
