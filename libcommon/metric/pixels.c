#include "metric/pixels.h"
#include "base/mem.h"
#include "base/size.h"
#include "metric/components.h"
#include "metric/pixel_order.h"
#include "metric/radix.h"
#include <stdlib.h>
#include <string.h>

#define PIXELS_MAX ((uint64_t)1 << 48)
/* What a pixel of the image at hand takes: its label, and elsewhere its score, its mask as it came and as bytes. */
enum { WORKSPACE = 12 };

static size_t memory_of(const struct pixels *p)
{
    return size_most(p->memory ? p->memory : PIXELS_MEMORY, PIXELS_MEMORY_LEAST);
}

/* Pixels that may lie in memory, with the copy that sorting takes. */
static size_t room(const struct pixels *p)
{
    const size_t memory = memory_of(p), spools = 2 * SPOOL_BUFFER;
    const size_t others = WORKSPACE * p->label_capacity + spools;
    const size_t left = memory > others ? memory - others : 0;
    return size_most(left, PIXELS_MEMORY_LEAST / 2) / (2 * sizeof *p->item);
}

/* The sorted pixels are in p->item then. The copy is made when it is needed: freed and made anew while the pixels grow, it would
 * leave holes. */
static void sort(struct pixels *p)
{
    if (!p->scratch)
        p->scratch = xmalloc(p->capacity, sizeof *p->scratch);
    uint64_t *sorted = radix_sort(p->item, p->scratch, p->n);
    if (sorted == p->scratch) {
        p->scratch = p->item;
        p->item = sorted;
    }
}

/* What is in memory becomes a run on the spools. */
static void spill(struct pixels *p)
{
    if (!p->spools.sound)
        pixel_spools_open(&p->spools);
    sort(p);
    p->run = xgrow(p->run, p->runs, &p->run_capacity, sizeof *p->run);
    p->run[p->runs++] = run_of(&p->spools, p->item, p->n, p->kinds);
    p->n = 0;
}

/* For how many more pixels there is room, one at the least. Memory grows by a quarter, up to the limit, or to half of what the
 * machine has left. */
static size_t reserve(struct pixels *p)
{
    const size_t most = room(p), capacity = size_least(size_most(p->capacity / 4 * 5, 1 << 14), most);
    if (p->n < size_least(p->capacity, most))
        return size_least(p->capacity, most) - p->n;
    const size_t more = capacity > p->capacity ? 2 * (capacity - p->capacity) * sizeof *p->item : 0;
    if (more == 0 || (p->n && more > mem_available() / 2)) {
        spill(p);
        return size_least(p->capacity, most);
    }
    mem_need(more, "the scores of pixels");
    p->item = xrealloc(p->item, capacity, sizeof *p->item);
    p->capacity = capacity;
    free(p->scratch);
    p->scratch = NULL;
    return capacity - p->n;
}

static void reserve_labels(struct pixels *p, size_t n)
{
    if (n <= p->label_capacity)
        return;
    free(p->label);
    mem_need(n * sizeof *p->label, "the regions of a mask");
    p->label = xmalloc(n, sizeof *p->label);
    p->label_capacity = n;
}

static void reserve_kind(struct pixels *p, uint32_t kind)
{
    if (kind < p->kinds)
        return;
    p->sound = xrealloc(p->sound, (size_t)kind + 1, sizeof *p->sound);
    memset(p->sound + p->kinds, 0, (kind + 1 - p->kinds) * sizeof *p->sound);
    p->kinds = (size_t)kind + 1;
}

static void add_regions(struct pixels *p, size_t n, uint32_t kind)
{
    for (size_t i = 0; i < n; i++) {
        p->region = xgrow(p->region, p->regions, &p->region_capacity, sizeof *p->region);
        p->region[p->regions++] = (struct pixel_region){.kind = kind};
    }
}

/* n pixels of scores and labels; label 1 is the region `first`. */
static void add_items(struct pixels *p, const float *score, const uint32_t *label, size_t n, uint32_t kind,
                      size_t first)
{
    for (size_t i = 0; i < n; i++) {
        const size_t region = first + label[i] - 1;
        const uint32_t what = label[i] ? PIXEL_REGION | (uint32_t)region : kind;
        p->item[p->n++] = (uint64_t)radix_key_descending(score[i]) << 32 | what;
        if (label[i])
            p->region[region].pixels++;
        else
            p->sound[kind]++;
    }
}

bool pixels_add(struct pixels *p, const float *map, const unsigned char *mask, size_t height, size_t width,
                uint32_t kind, size_t *regions, struct err *e)
{
    const size_t n = height * width, first = p->regions;
    reserve_labels(p, n);
    reserve_kind(p, kind);
    *regions = components_label(p->label, mask, height, width);
    if (*regions > PIXEL_REGION - 1 - first || n > PIXELS_MAX - p->all)
        return err_set(e, "more than 2^31 regions or 2^48 pixels in all");
    add_regions(p, *regions, kind);
    for (size_t i = 0, now; i < n; i += now) {
        now = size_least(reserve(p), n - i);
        add_items(p, map + i, p->label + i, now, kind, first);
    }
    p->all += n;
    return true;
}

/* Runs [from, from + n) become one on other spools. */
static struct pixel_run merge(struct pixels *p, struct pixel_spools *to, size_t from, size_t n)
{
    struct pixel_order *o = pixel_order_new(&p->spools, p->run + from, n, NULL, 0, p->kinds, memory_of(p));
    struct run_writer w = run_begin(to);
    struct pixel_group g;
    uint32_t region;
    while (pixel_order_next(o, &g)) {
        for (size_t kind = 0; kind < p->kinds; kind++)
            if (g.sound[kind])
                run_sound(&w, g.key, (uint32_t)kind, g.sound[kind]);
        while (pixel_order_region(o, &region))
            run_region(&w, g.key, region);
    }
    pixel_order_free(o);
    return run_end(&w);
}

/* Runs, in their order, become so few that all can be read together. */
static void merge_runs(struct pixels *p)
{
    const size_t most = pixel_order_runs(memory_of(p));
    while (p->runs > most) {
        struct pixel_spools to;
        size_t merged = 0;
        pixel_spools_open(&to);
        for (size_t i = 0; i < p->runs; i += most)
            p->run[merged++] = merge(p, &to, i, size_least(most, p->runs - i));
        pixel_spools_close(&p->spools);
        p->spools = to;
        p->runs = merged;
    }
}

static void free_items(struct pixels *p)
{
    free(p->item);
    free(p->scratch);
    p->item = p->scratch = NULL;
    p->n = p->capacity = 0;
}

void pixels_sort(struct pixels *p)
{
    if (p->runs == 0) {
        sort(p);
        free(p->scratch);
        p->scratch = NULL;
        return;
    }
    if (p->n)
        spill(p);
    free_items(p);
    merge_runs(p);
}

uint64_t pixels_waiting(const struct pixels *p)
{
    return p->spools.sound ? spool_size(p->spools.sound) + spool_size(p->spools.region) : 0;
}

void pixels_free(struct pixels *p)
{
    free_items(p);
    pixel_spools_close(&p->spools);
    free(p->run);
    free(p->region);
    free(p->sound);
    free(p->label);
    *p = (struct pixels){0};
}
