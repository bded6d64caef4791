/* Feature streams as a detector takes them: operand after operand, or stdin where there is none, record after record.
 *
 *     struct features in = features_of(files, n);
 *     while (features_stream(&in))          the next stream: in.opening
 *         while (features_record(&in)) {    its next record: in.record
 *             taps_read(&in.taps, in.reader, &in.record);
 *             ...
 *         }
 *     features_free(&in);
 *
 * With in.network the operands are image streams, and records their features (method/image_features.h).
 *
 * Dies on a stream that is none of features (one without notes is taken for it) and on all that npys_read dies on. */
#ifndef METHOD_FEATURES_H
#define METHOD_FEATURES_H
#include "method/image_features.h"
#include "method/taps.h"

struct features {
    char *const *file; /* the caller's */
    size_t files, next;
    const struct image_network *network; /* the caller's; NULL: features are read */
    FILE *f, *images;                    /* images: below f, where there is a network */
    struct npys_reader *reader;          /* now */
    const struct note *opening;
    struct npys_record record;
    struct taps taps;
};

struct features features_of(char *const *file, size_t files);
bool features_stream(struct features *in);
bool features_record(struct features *in);
void features_free(struct features *in);
#endif
