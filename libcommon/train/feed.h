/* Images for a trainer, labelled or not, batch by batch, read ahead by a thread of its own while the batch before is
 * learnt.
 *
 * Streaming: images in the order in which they come, each once. Holding: the whole finite stream is read
 * first, kept as bytes (in memory, or in an unlinked spool file when they pass a limit), and dealt out in an
 * order drawn anew for each epoch from (seed, epoch).
 *
 * Dies with "LABEL: record N (name): reason" on an image without label=, a label outside the classes, cut
 * streams, or when a stream of a resumed training is another one. Not for several consumers. */
#ifndef TRAIN_FEED_H
#define TRAIN_FEED_H
#include "base/raster.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>

enum { FEED_LABELS = 16 };

struct feed_sample {
    struct raster raster;
    size_t label[FEED_LABELS], labels; /* label=3,17 gives two */
    uint64_t index;                    /* position in the stream, or in the set */
};

/* One of several feeds of one stream (ranks/ranks.h): it gets the images whose position is `mine` modulo `of`, in order and
 * without a gap, and gives whole batches of them: `of` feeds have given all of the stream's images up to there, which is what
 * feed_position says. The stream begins at a multiple of `align`, itself one of `of`. Of a held set each feed is given all.
 * Images of a stream of which a part is given must say where they belong (id= and stream=). */
struct feed_share {
    size_t mine, of; /* of 0: there is one feed, and a stream's images may be any way apart */
    size_t align;
};

struct feed_options {
    bool hold;
    size_t classes;  /* 0: whatever comes (holding only) */
    bool multi;      /* more than one label an image is fine */
    bool planes;     /* images have a fourth channel of 8 bits, the class of each pixel plus 1, or 0 */
    bool unlabelled; /* labels are neither needed nor read: samples have none */
    size_t batch;
    uint64_t batches; /* of a stream, that will be asked for: no more is read; 0: to its end */
    size_t memory;    /* bytes of images kept in memory when holding */
    uint64_t seed;
    uint64_t position;    /* samples dealt out already, by the run that this one resumes */
    const char *identity; /* that run's feed_identity, or NULL */
    struct feed_share share;
    const volatile sig_atomic_t *interrupted; /* feed_batch gives up waiting when it is set; NULL: never */
};

struct feed;
struct feed *feed_new(FILE *f, const char *label, const struct feed_options *o);
/* Sets position and identity of a held set's feed, which was read before they were known. Before the first
 * batch. */
void feed_resume(struct feed *feed, uint64_t position, const char *identity);
/* The next batch, valid until the next call; NULL when a stream ends (a last, incomplete batch is dropped). */
const struct feed_sample *feed_batch(struct feed *feed);
/* Where the batch given last ends: what a later run resumes from. */
uint64_t feed_position(const struct feed *feed);
/* Samples of the held set; 0 when streaming. */
size_t feed_held(const struct feed *feed);
/* The largest label of the held set, plus one. */
size_t feed_classes(const struct feed *feed);
/* What stream this is: its stream= key where it has one, else a hash of the held set or of the first image.
 * Known after the first batch. */
const char *feed_identity(const struct feed *feed);
void feed_free(struct feed *feed);
#endif
