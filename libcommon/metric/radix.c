#include "metric/radix.h"
#include "base/mem.h"
#include "base/thread.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* 8 bits a pass: 256 places written at once stay within cache and TLB. */
enum { DIGITS = 256, CHUNKS = 64, SHIFT_FIRST = 32, SHIFT_END = 64, SHIFT_STEP = 8 };

struct pass {
    const uint64_t *from;
    uint64_t *to;
    size_t n;
    unsigned shift;
    size_t (*place)[DIGITS]; /* CHUNKS x DIGITS: counts, then where the chunk's next item of a digit goes */
};

static size_t chunk_begin(const struct pass *p, size_t chunk)
{
    return p->n / CHUNKS * chunk + (chunk < p->n % CHUNKS ? chunk : p->n % CHUNKS);
}

static size_t digit(const struct pass *p, uint64_t item)
{
    return item >> p->shift & (DIGITS - 1);
}

static void count(void *arg, size_t chunk, size_t worker)
{
    const struct pass *p = arg;
    size_t *place = p->place[chunk];
    (void)worker;
    memset(place, 0, sizeof *p->place);
    for (size_t i = chunk_begin(p, chunk); i < chunk_begin(p, chunk + 1); i++)
        place[digit(p, p->from[i])]++;
}

/* Turns counts into places. True when all items have the same digit: nothing would move. */
static bool counts_to_places(struct pass *p)
{
    size_t next = 0;
    for (size_t d = 0; d < DIGITS; d++) {
        size_t first = next;
        for (size_t c = 0; c < CHUNKS; c++) {
            size_t here = p->place[c][d];
            p->place[c][d] = next;
            next += here;
        }
        if (next - first == p->n)
            return true;
    }
    return false;
}

static void scatter(void *arg, size_t chunk, size_t worker)
{
    const struct pass *p = arg;
    size_t *place = p->place[chunk];
    (void)worker;
    for (size_t i = chunk_begin(p, chunk), end = chunk_begin(p, chunk + 1); i < end; i++)
        p->to[place[digit(p, p->from[i])]++] = p->from[i];
}

uint64_t *radix_sort(uint64_t *item, uint64_t *scratch, size_t n)
{
    struct pass p = {.n = n, .place = xmalloc(CHUNKS, sizeof *p.place)};
    for (p.shift = SHIFT_FIRST; p.shift < SHIFT_END; p.shift += SHIFT_STEP) {
        p.from = item;
        p.to = scratch;
        pool_run(CHUNKS, count, &p);
        if (counts_to_places(&p))
            continue;
        pool_run(CHUNKS, scatter, &p);
        scratch = item;
        item = p.to;
    }
    free(p.place);
    return item;
}

uint32_t radix_key_descending(float x)
{
    uint32_t bits;
    x += 0.0f; /* -0 + 0 = 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 31 ? bits : ~bits & 0x7fffffff;
}

float radix_key_float(uint32_t key)
{
    float x;
    uint32_t bits = key >> 31 ? key : ~key & 0x7fffffff;
    memcpy(&x, &bits, sizeof x);
    return x;
}
