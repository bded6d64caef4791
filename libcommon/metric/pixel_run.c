#include "metric/pixel_run.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

void pixel_spools_open(struct pixel_spools *s)
{
    s->sound = spool_new("the scores of pixels");
    s->region = spool_new("the scores of defects' pixels");
}

void pixel_spools_close(struct pixel_spools *s)
{
    spool_free(s->sound);
    spool_free(s->region);
    *s = (struct pixel_spools){0};
}

/* The byte behind the number's. */
static unsigned char *put(unsigned char *to, uint64_t number)
{
    for (; number >= 128; number >>= 7)
        *to++ = (unsigned char)(number | 128);
    *to++ = (unsigned char)number;
    return to;
}

static uint64_t take(struct run_reader *r)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const unsigned char byte = r->buffer[r->at++];
        number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return number;
    }
}

struct run_writer run_begin(struct pixel_spools *to)
{
    const struct pixel_run run = {.sound = spool_size(to->sound), .region = spool_size(to->region)};
    return (struct run_writer){.to = to, .run = run};
}

void run_sound(struct run_writer *w, uint32_t key, uint32_t kind, uint64_t count)
{
    unsigned char entry[RUN_ENTRY_MAX], *end = entry;
    const bool usual = kind == 0 && count == 1;
    end = put(end, (uint64_t)(key - w->sound_key) << 1 | !usual);
    if (!usual)
        end = put(put(end, kind), count);
    w->sound_key = key;
    spool_add(w->to->sound, entry, (size_t)(end - entry));
}

void run_region(struct run_writer *w, uint32_t key, uint32_t region)
{
    unsigned char entry[RUN_ENTRY_MAX];
    const unsigned char *end = put(put(entry, key - w->region_key), region);
    w->region_key = key;
    spool_add(w->to->region, entry, (size_t)(end - entry));
}

struct pixel_run run_end(struct run_writer *w)
{
    w->run.sound_end = spool_size(w->to->sound);
    w->run.region_end = spool_size(w->to->region);
    return w->run;
}

/* The pixels of one key; count: one a kind, all 0 before and after. */
static void write_group(struct run_writer *w, const uint64_t *item, size_t n, uint64_t *count, size_t kinds)
{
    const uint32_t key = (uint32_t)(*item >> 32);
    size_t sound = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t what = (uint32_t)item[i];
        if (what >= PIXEL_REGION)
            run_region(w, key, what - PIXEL_REGION);
        else
            count[what]++, sound++;
    }
    for (size_t kind = 0; sound && kind < kinds; kind++)
        if (count[kind]) {
            run_sound(w, key, (uint32_t)kind, count[kind]);
            sound -= count[kind];
            count[kind] = 0;
        }
}

struct pixel_run run_of(struct pixel_spools *to, const uint64_t *item, size_t n, size_t kinds)
{
    struct run_writer w = run_begin(to);
    uint64_t *count = xcalloc(kinds, sizeof *count);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && item[end] >> 32 == item[i] >> 32; end++)
            ;
        write_group(&w, item + i, end - i, count, kinds);
    }
    free(count);
    return run_end(&w);
}

/* At least an entry, or all that is left, into the buffer. */
static void refill(struct run_reader *r)
{
    const size_t kept = r->n - r->at;
    memmove(r->buffer, r->buffer + r->at, kept);
    const uint64_t left = r->end - r->offset;
    const size_t more = left < r->room - kept ? (size_t)left : r->room - kept;
    spool_read(r->spool, r->buffer + kept, more, r->offset);
    r->offset += more;
    r->at = 0;
    r->n = kept + more;
}

static void next_of_spool(struct run_reader *r)
{
    if (r->n - r->at < RUN_ENTRY_MAX && r->offset < r->end)
        refill(r);
    r->more = r->at < r->n;
    if (!r->more)
        return;
    const uint64_t first = take(r);
    r->count = 1;
    if (r->regions) {
        r->key += (uint32_t)first;
        r->what = (uint32_t)take(r);
        return;
    }
    r->key += (uint32_t)(first >> 1);
    r->what = first & 1 ? (uint32_t)take(r) : 0;
    if (first & 1)
        r->count = take(r);
}

static void next_of_memory(struct run_reader *r)
{
    while (r->item < r->item_end && ((uint32_t)*r->item >= PIXEL_REGION) != r->regions)
        r->item++;
    r->more = r->item < r->item_end;
    if (!r->more)
        return;
    r->key = (uint32_t)(*r->item >> 32);
    r->what = (uint32_t)*r->item & ~PIXEL_REGION;
    r->count = 1;
    r->item++;
}

void run_next(struct run_reader *r)
{
    if (r->spool)
        next_of_spool(r);
    else
        next_of_memory(r);
}

struct run_reader run_reader_spool(struct spool *spool, uint64_t begin, uint64_t end, bool regions,
                                   unsigned char *buffer, size_t room)
{
    struct run_reader r = {.regions = regions, .spool = spool, .offset = begin, .end = end};
    r.buffer = buffer;
    r.room = room;
    run_next(&r);
    return r;
}

struct run_reader run_reader_memory(const uint64_t *item, size_t n, bool regions)
{
    struct run_reader r = {.regions = regions, .item = item, .item_end = item + n};
    run_next(&r);
    return r;
}
