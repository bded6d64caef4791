#include "metric/pixel_order.h"
#include "base/mem.h"
#include "base/size.h"
#include <stdlib.h>
#include <string.h>

/* WINDOW: at most; fewer keys where there are many kinds, so that the table stays in cache. */
enum { BUFFER_LEAST = 4096, BUFFER_MOST = 1 << 18, WINDOW = 1 << 16, TABLE = 1 << 19 };

struct pixel_order {
    size_t runs, kinds;
    struct run_reader *sound, *region; /* one a run */
    unsigned char *buffers;
    size_t *heap, waiting; /* runs that have regions left: the least (key, run) first */

    /* The window. */
    uint32_t base; /* its first key */
    size_t keys, at;
    uint64_t *count;         /* keys x kinds */
    unsigned char *taken;    /* keys; not 0 where there are counts */
    bool exhausted;          /* there is no further one */
    const uint64_t *nothing; /* kinds zeros */
    uint64_t *used;          /* counts of the group at hand, cleared with the next; NULL: none */
    uint32_t key;            /* of the group at hand */
};

size_t pixel_order_runs(size_t memory)
{
    return size_most(memory / (2 * BUFFER_LEAST), 2);
}

static bool earlier(const struct pixel_order *o, size_t a, size_t b)
{
    const uint32_t x = o->region[a].key, y = o->region[b].key;
    return x < y || (x == y && a < b);
}

static void sink(struct pixel_order *o, size_t at)
{
    const size_t run = o->heap[at];
    for (size_t child; (child = 2 * at + 1) < o->waiting; at = child) {
        if (child + 1 < o->waiting && earlier(o, o->heap[child + 1], o->heap[child]))
            child++;
        if (!earlier(o, o->heap[child], run))
            break;
        o->heap[at] = o->heap[child];
    }
    o->heap[at] = run;
}

static void make_heap(struct pixel_order *o)
{
    o->heap = xmalloc(o->runs, sizeof *o->heap);
    for (size_t i = 0; i < o->runs; i++)
        if (o->region[i].more)
            o->heap[o->waiting++] = i;
    for (size_t i = o->waiting / 2; i-- > 0;)
        sink(o, i);
}

static void open_runs(struct pixel_order *o, const struct pixel_spools *spools, const struct pixel_run *run,
                      size_t memory)
{
    size_t room = memory / (2 * o->runs);
    room = room < BUFFER_LEAST ? BUFFER_LEAST : room > BUFFER_MOST ? BUFFER_MOST : room;
    mem_need(2 * o->runs * room, "reading the scores of pixels");
    unsigned char *buffer = o->buffers = xmalloc(2 * o->runs, room);
    for (size_t i = 0; i < o->runs; i++, buffer += 2 * room) {
        o->sound[i] = run_reader_spool(spools->sound, run[i].sound, run[i].sound_end, false, buffer, room);
        o->region[i] =
            run_reader_spool(spools->region, run[i].region, run[i].region_end, true, buffer + room, room);
    }
}

struct pixel_order *pixel_order_new(const struct pixel_spools *spools, const struct pixel_run *run, size_t n,
                                    const uint64_t *item, size_t items, size_t kinds, size_t memory)
{
    struct pixel_order *o = xcalloc(1, sizeof *o);
    o->runs = n ? n : 1;
    o->kinds = kinds;
    o->sound = xcalloc(o->runs, sizeof *o->sound);
    o->region = xcalloc(o->runs, sizeof *o->region);
    if (n) {
        open_runs(o, spools, run, memory);
    } else {
        o->sound[0] = run_reader_memory(item, items, false);
        o->region[0] = run_reader_memory(item, items, true);
    }
    make_heap(o);
    for (o->keys = WINDOW; o->keys > 1 && o->keys * kinds > TABLE / sizeof *o->count;)
        o->keys /= 2;
    o->at = o->keys;
    o->count = xcalloc(o->keys * kinds, sizeof *o->count);
    o->taken = xcalloc(o->keys, 1);
    o->nothing = xcalloc(kinds, sizeof *o->nothing);
    return o;
}

void pixel_order_free(struct pixel_order *o)
{
    free(o->sound);
    free(o->region);
    free(o->buffers);
    free(o->heap);
    free(o->count);
    free(o->taken);
    free((void *)(uintptr_t)o->nothing);
    free(o);
}

/* Counts what one run has in the window. */
static void count_run(struct pixel_order *o, struct run_reader *r)
{
    for (; r->more && r->key - o->base < o->keys; run_next(r)) {
        const size_t at = r->key - o->base;
        o->count[at * o->kinds + r->what] += r->count;
        o->taken[at] = 1;
    }
}

/* The next window that holds anything; it begins at the least key. False where nothing is left. */
static bool next_window(struct pixel_order *o)
{
    bool more = false;
    for (size_t i = 0; i < o->runs; i++)
        if (o->sound[i].more && (!more || o->sound[i].key < o->base)) {
            o->base = o->sound[i].key;
            more = true;
        }
    for (size_t i = 0; more && i < o->runs; i++)
        count_run(o, &o->sound[i]);
    o->exhausted = !more;
    o->at = more ? 0 : o->keys;
    return more;
}

/* The next key that has sound pixels: o->base + o->at. False where none is left. */
static bool find_sound(struct pixel_order *o)
{
    const unsigned char *found = o->at < o->keys ? memchr(o->taken + o->at, 1, o->keys - o->at) : NULL;
    if (!found && (o->exhausted || !next_window(o)))
        return false;
    o->at = found ? (size_t)(found - o->taken) : 0;
    return true;
}

bool pixel_order_next(struct pixel_order *o, struct pixel_group *g)
{
    if (o->used)
        memset(o->used, 0, o->kinds * sizeof *o->used);
    o->used = NULL;
    const bool sound = find_sound(o), region = o->waiting > 0;
    if (!sound && !region)
        return false;
    const uint32_t key = sound ? o->base + (uint32_t)o->at : 0;
    const uint32_t first = region ? o->region[o->heap[0]].key : 0;
    const bool counted = sound && (!region || key <= first);
    o->key = counted ? key : first;
    if (counted) {
        o->used = o->count + o->at * o->kinds;
        o->taken[o->at++] = 0;
    }
    *g = (struct pixel_group){o->key, counted ? o->used : o->nothing};
    return true;
}

bool pixel_order_region(struct pixel_order *o, uint32_t *region)
{
    if (o->waiting == 0 || o->region[o->heap[0]].key != o->key)
        return false;
    struct run_reader *r = &o->region[o->heap[0]];
    *region = r->what;
    run_next(r);
    if (!r->more)
        o->heap[0] = o->heap[--o->waiting];
    if (o->waiting)
        sink(o, 0);
    return true;
}
