/* What two streams must have in common to be joined, and what a stream must share with a model that is fitted
 * on it or scores it: one list for all programs.
 *
 *     key        where it stands                     what it says
 *     weights    opening note                        NAME:HASH of the network's weights; the hash counts
 *     arch       opening note                        the network
 *     layers     arrays= of a record, else opening   the taps, in order
 *     precision  opening note                        f32, bf16 or int8
 *     norm       opening note                        MEAN/STD of the network's input
 *     resize     record                              how imgcat made the image: R, or R,C (imgcat -r R -c C); /S
 *                                            behind it: a tile of side S (--tiles S), R being 0 at full size
 *     input      record                              WxH of the image that went into the network
 *
 * A key that one side lacks agrees with anything, so that streams of foreign programs, which carry no notes,
 * are accepted. */
#ifndef STREAM_IDENTITY_H
#define STREAM_IDENTITY_H
#include "stream/note.h"

/* Takes into `known` (a model's metadata, say) the keys of the list that it lacks and the stream has. opening,
 * record: either may be NULL. To be called for every record of a fit, not for the first only: the first stream
 * may be silent about what the second says. */
void identity_copy(struct note *known, const struct note *opening, const struct note *record);

/* Whether the list has this key. */
bool identity_has(const char *key);

struct identity_difference {
    const char *key;          /* of the list */
    const char *known, *here; /* its value on either side; the notes' own */
    char mend[200];           /* options that make the one that is known, such as "imgcat -r 256 -c 224" */
};
/* Whether the stream differs from what is known in a key of the list, and in which, the first that does. */
bool identity_differs(struct identity_difference *d, const struct note *known, const struct note *opening,
                      const struct note *record);
#endif
