/* The feature maps of an image, one a tap of the network, as all detectors take them: f32, height x width x channels, checked
 * once.
 *
 * A record of a feature stream holds an array a tap: H x W x C of f32, f16 or f64; C alone counts as 1 x 1 x C. All records of a
 * run must agree in taps and shapes, values must be finite, and one tap must be the finest in both directions. Whatever is not
 * so dies with the record and the tap named. */
#ifndef METHOD_TAPS_H
#define METHOD_TAPS_H
#include "stream/npys.h"
#include <stddef.h>

enum { TAPS_MAX = NPYS_ARRAYS_MAX, TAP_SIDE_MAX = 65535 };

struct tap {
    size_t height, width, channels;
    const float *value; /* height x width x channels: the record's, or of taps.converted */
};

struct taps {
    size_t n; /* 0 until the first record */
    struct tap tap[TAPS_MAX];
    bool part[TAPS_MAX]; /* of the image at a part of its size: by its name (nn/frozen_taps.h) */
    size_t finest;       /* the tap with the largest grid; the first of equals */
    /* the network that they are of, where a fit's first stream says it (arch=); else NULL */
    const char *arch;
    float *converted[TAPS_MAX]; /* where the record's are not f32 */
};                              /* {0} to begin, taps_free in the end */

/* Takes the record read last from r. The first one sets the shapes. Values are good until the next record is read. */
void taps_read(struct taps *t, const struct npys_reader *r, const struct npys_record *rec);
void taps_free(struct taps *t);

/* Whether an image's taps have the shapes of those that a model was fitted on (values don't count); false with a reason. */
bool taps_match(const struct taps *image, const struct taps *fit, struct err *e);

/* Channels of all taps together. */
size_t taps_channels(const struct taps *t);
/* Values of all taps together. */
size_t taps_values(const struct taps *t);

/* What messages call tap i of a record: "tap layer2" by its arrays=, else "array 2". */
struct tap_name {
    char text[80];
};
struct tap_name tap_name(const struct npys_record *rec, size_t i);
#endif
