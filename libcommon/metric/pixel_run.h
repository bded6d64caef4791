/* Pixels in the order of their scores, a part of them at a time: runs, each sorted by itself, that lie in memory or wait on a
 * spool, where they take one or two bytes a pixel.
 *
 * A pixel is 64 bits: the key of its score (radix.h) above what it is, the kind of the image for one that is free of defects, or
 * PIXEL_REGION and the number of its region. A run has both sorts apart, as they are used apart:
 *
 *     sound    entries of (key, kind, how many such), the keys ascending; a kind once a key
 *     region   entries of (key, region), the keys ascending; among equal keys as they were added
 *
 * On a spool an entry is varints (7 bits a byte, the lowest first; 128 means that more follow):
 *
 *     sound    2 * (key - the entry's before it), for one pixel of a good image; the same + 1, kind, how many, for others
 *     region   key - the entry's before it, region */
#ifndef METRIC_PIXEL_RUN_H
#define METRIC_PIXEL_RUN_H
#include "base/spool.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIXEL_REGION ((uint32_t)1 << 31)

struct pixel_spools {
    struct spool *sound, *region; /* NULL: nothing waits there */
};
void pixel_spools_open(struct pixel_spools *s);
void pixel_spools_close(struct pixel_spools *s); /* leaves them NULL */

/* The part of the spools that a run takes. */
struct pixel_run {
    uint64_t sound, sound_end, region, region_end;
};

/* A run on its way to the spools' ends. */
struct run_writer {
    struct pixel_spools *to;
    struct pixel_run run;
    uint32_t sound_key, region_key; /* of the entries before */
};
struct run_writer run_begin(struct pixel_spools *to);
void run_sound(struct run_writer *w, uint32_t key, uint32_t kind, uint64_t count);
void run_region(struct run_writer *w, uint32_t key, uint32_t region);
struct pixel_run run_end(struct run_writer *w);
/* A whole run: n pixels, sorted by key, of that many kinds. */
struct pixel_run run_of(struct pixel_spools *to, const uint64_t *item, size_t n, size_t kinds);

/* One of the two sorts of a run, entry by entry. */
struct run_reader {
    bool more;                       /* whether there is one: */
    uint32_t key;                    /* of it */
    uint32_t what;                   /* kind or region */
    uint64_t count;                  /* 1 of a region */
    bool regions;                    /* which sort */
    const uint64_t *item, *item_end; /* of a run in memory; else: */
    struct spool *spool;
    uint64_t offset, end; /* what is still to be read there */
    unsigned char *buffer;
    size_t room, at, n;
};
enum { RUN_ENTRY_MAX = 24 }; /* bytes of an entry; buffers are larger */
/* At the first entry. buffer: the caller's, `room` bytes, until the last entry is taken. */
struct run_reader run_reader_spool(struct spool *spool, uint64_t begin, uint64_t end, bool regions,
                                   unsigned char *buffer, size_t room);
struct run_reader run_reader_memory(const uint64_t *item, size_t n, bool regions);
/* The next entry, where there was one. */
void run_next(struct run_reader *r);
#endif
