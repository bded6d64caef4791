/* base/scratch: in memory where it fits, else on the disk; what is given back stays; memory goes down by it. */
#include "base/scratch.h"
#include "base/mem.h"
#include "tap.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 64 << 20, WORDS = BYTES / 8, PAGE = 4096 / 8 };

static size_t resident(void)
{
    unsigned long size = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * 4096;
}

/* Writes a number into every page; adds them up again. */
static void fill(uint64_t *x)
{
    for (size_t i = 0; i < WORDS; i += PAGE)
        x[i] = i * 2654435761u;
}
static bool full(const uint64_t *x)
{
    bool same = true;
    for (size_t i = 0; i < WORDS; i += PAGE)
        same &= x[i] == i * 2654435761u;
    return same;
}

int main(void)
{
    struct scratch s = scratch_new(WORDS, 8, "numbers");
    ok(!s.mapped && !scratch_used() && (uintptr_t)s.data % 64 == 0, "where there is room: in memory");
    scratch_rest();
    fill(s.data);
    ok(full(s.data), "and as any other");
    scratch_free(&s);
    ok(!s.data, "freed");

    mem_limit(resident() + BYTES);
    s = scratch_new(WORDS, 8, "numbers");
    struct scratch small = scratch_new(1000, 8, "a few numbers");
    ok(s.mapped && scratch_used() && (uintptr_t)s.data % 64 == 0 && !small.mapped,
       "of more than half of what is left: on the disk");
    scratch_free(&small);
    fill(s.data);
    const size_t touched = resident();
    mem_limit(touched * 2);
    scratch_relax();
    ok(resident() > touched - BYTES / 2, "far from the limit pages stay");
    mem_limit(touched);
    scratch_relax();
    ok(resident() < touched - BYTES / 2, "near to it they are given back: %zu MB, then %zu", touched >> 20,
       resident() >> 20);
    ok(full(s.data), "what they hold stays");
    struct scratch two = scratch_new(WORDS, 8, "more");
    fill(two.data);
    scratch_free(&s);
    ok(scratch_used() && full(two.data), "one goes, the other stays");
    scratch_rest();
    ok(resident() < touched - BYTES / 2 && full(two.data), "and rests");
    scratch_free(&two);
    ok(!scratch_used(), "none is left");
    return done();
}
