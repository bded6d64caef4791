#include "search/neighbours.h"
#include "base/mem.h"
#include "base/scratch.h"
#include "base/size.h"
#include "base/thread.h"
#include "num/distance.h"
#include "search/near.h"
#include "search/regions.h"
#include "search/sketch.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* How a block of queries finds its nearest:
 *
 *   sketches    of the queries
 *   distances   of each to each panel's box (search/regions.h)
 *   a guess     the panel of the nearest box is looked at, and the vector there whose sketch is nearest is measured
 *   a walk      over the panels: whose queries' boxes are no farther than the nearest known are compared with its sketches, and what
 *               they can't exclude is measured
 *
 * None of it changes a result: what is left out is farther for certain. */
enum { QUERIES = REGION_QUERIES };
#define END UINT32_MAX /* no query, no vector */

struct neighbours {
    const float *bank;
    const uint32_t *owner;
    size_t n, dims;
    struct sketch_space *space;
    struct sketch_panels panels;
    struct regions regions;
    uint32_t *vector; /* n: which one lies in a place of the panels */
};

struct neighbours *neighbours_new(const float *bank, const uint32_t *owner, size_t n, size_t dims)
{
    struct neighbours *nb = xcalloc(1, sizeof *nb);
    struct sketch_space *space = sketch_space_new(bank, n, dims);
    struct sketches s = sketches_new(n, space);
    mem_need(sketches_bytes(&s) + sketch_panels_bytes(n) + regions_bytes(n), "the index of the memory bank");
    *nb = (struct neighbours){
        .bank = bank, .owner = owner, .n = n, .dims = dims, .space = space, .panels = sketch_panels_new(n)};
    sketches_draw_all(&s, space, bank);
    nb->vector = regions_order(&s);
    nb->regions = regions_new(&s, nb->vector);
    for (size_t place = 0; place < n; place++)
        sketch_panels_put(&nb->panels, place, &s, nb->vector[place]);
    sketches_free(&s);
    return nb;
}

void neighbours_free(struct neighbours *nb)
{
    if (!nb)
        return;
    sketch_space_free(nb->space);
    sketch_panels_free(&nb->panels);
    regions_free(&nb->regions);
    free(nb->vector);
    free(nb);
}

static bool left_out(const struct neighbours *nb, size_t i, uint32_t without)
{
    return without != NEIGHBOURS_ALL && nb->owner[i] == without;
}

static bool nearer(float squared, uint32_t index, float than, uint32_t than_index)
{
    return squared < than || (squared == than && index < than_index);
}

/* A block of queries that look for their nearest together. */
struct search {
    const struct neighbours *nb;
    const int32_t *offset; /* of the panels, SKETCH_NONE for what is left out */
    const float *query;
    size_t count;
    uint32_t *index; /* the nearest known, and its distance */
    float *squared;
    struct sketches sketches;
    float *box;             /* panels x QUERIES: squared distances to their boxes, in steps */
    float reach[QUERIES];   /* boxes beyond hold nothing near */
    int32_t limit[QUERIES]; /* values above belong to vectors that are farther */
    uint32_t guess[QUERIES];
    size_t measured; /* vectors of the bank */
};

static void set_limit(struct search *s, size_t q)
{
    s->limit[q] = sketch_limit(&s->sketches, q, &s->nb->panels, s->squared[q], s->nb->dims);
    s->reach[q] = sketch_reach(&s->sketches, q, &s->nb->panels, s->squared[q], s->nb->dims);
}

/* A bank on a disk: after so many vectors pages are given back. Each may have brought sixteen. */
static void relax(size_t measured)
{
    if (measured % 256 == 0)
        scratch_relax();
}

static void measure(struct search *s, size_t q, uint32_t i)
{
    relax(++s->measured);
    const size_t dims = s->nb->dims;
    const float squared = distance_squared(s->query + q * dims, s->nb->bank + i * dims, dims);
    if (!nearer(squared, i, s->squared[q], s->index[q]))
        return;
    s->squared[q] = squared;
    s->index[q] = i;
    set_limit(s, q);
}

/* Measures the vectors of one panel whose values are within their query's limit, which sinks meanwhile, for the queries in `row` (at
 * most SKETCH_ROWS). */
static void look_at_panel(struct search *s, size_t panel, const uint32_t *row, size_t rows)
{
    const uint32_t *vector = s->nb->vector + panel * SKETCH_PANEL;
    int32_t value[SKETCH_ROWS * SKETCH_PANEL], limit[SKETCH_ROWS];
    uint64_t mask[SKETCH_ROWS];
    for (size_t r = 0; r < rows; r++)
        limit[r] = s->limit[row[r]];
    sketch_compare(mask, value, limit, &s->sketches, row, rows, &s->nb->panels, s->offset, panel);
    for (size_t r = 0; r < rows; r++)
        for (uint64_t m = mask[r]; m; m &= m - 1)
            near_fetch(s->nb->bank + vector[__builtin_ctzll(m)] * s->nb->dims, s->nb->dims);
    for (size_t r = 0; r < rows; r++)
        for (uint64_t m = mask[r]; m; m &= m - 1) {
            const size_t j = (size_t)__builtin_ctzll(m);
            if (value[r * SKETCH_PANEL + j] <= s->limit[row[r]])
                measure(s, row[r], vector[j]);
        }
}

/* The first of the least. */
static size_t place_of_least(const int32_t value[SKETCH_PANEL])
{
    int32_t least = value[0];
    size_t place = 0;
    for (size_t j = 0; j < SKETCH_PANEL; j++)
        least = value[j] < least ? value[j] : least;
    while (value[place] != least)
        place++;
    return place;
}

/* Guesses, for the queries in `row` (at most SKETCH_ROWS), the vector of one panel whose sketch is nearest; END where all are left out. */
static void guess_in_panel(struct search *s, size_t panel, const uint32_t *row, size_t rows)
{
    int32_t value[SKETCH_ROWS * SKETCH_PANEL], limit[SKETCH_ROWS];
    uint64_t there[SKETCH_ROWS];
    for (size_t r = 0; r < rows; r++)
        limit[r] = SKETCH_ALL;
    sketch_compare(there, value, limit, &s->sketches, row, rows, &s->nb->panels, s->offset, panel);
    for (size_t r = 0; r < rows; r++) {
        const size_t place = panel * SKETCH_PANEL + place_of_least(value + r * SKETCH_PANEL);
        s->guess[row[r]] = there[r] ? s->nb->vector[place] : END;
    }
}

static void measure_boxes(struct search *s)
{
    float side_by_side[SKETCH_DIMS * QUERIES] = {0}, one[SKETCH_DIMS];
    for (size_t q = 0; q < s->count; q++) {
        sketch_numbers(one, &s->sketches, q);
        for (size_t k = 0; k < SKETCH_DIMS; k++)
            side_by_side[k * QUERIES + q] = one[k];
    }
    for (size_t panel = 0; panel < s->nb->regions.n; panel++)
        regions_distance(s->box + panel * QUERIES, &s->nb->regions, panel, side_by_side);
}

/* Chains of the queries whose nearest box is the same: first[panel], next[q]; END behind the last. */
static void find_nearest_boxes(const struct search *s, uint32_t *first, uint32_t next[QUERIES])
{
    uint32_t nearest[QUERIES] = {0};
    float least[QUERIES];
    memcpy(least, s->box, sizeof least);
    for (size_t panel = 0; panel < s->nb->regions.n; panel++) {
        const float *box = s->box + panel * QUERIES;
        for (size_t q = 0; q < QUERIES; q++) {
            const bool is = box[q] < least[q];
            nearest[q] = is ? (uint32_t)panel : nearest[q];
            least[q] = is ? box[q] : least[q];
        }
        first[panel] = END;
    }
    for (size_t q = s->count; q-- > 0;) {
        next[q] = first[nearest[q]];
        first[nearest[q]] = (uint32_t)q;
    }
}

/* The vector of the nearest box whose sketch is nearest is a good first guess. */
static void guess(struct search *s)
{
    uint32_t next[QUERIES], row[SKETCH_ROWS], *first = xmalloc(s->nb->regions.n, sizeof *first);
    find_nearest_boxes(s, first, next);
    for (size_t panel = 0; panel < s->nb->regions.n; panel++)
        for (uint32_t q = first[panel]; q != END;) {
            size_t rows = 0;
            for (; q != END && rows < SKETCH_ROWS; q = next[q])
                row[rows++] = q;
            guess_in_panel(s, panel, row, rows);
        }
    free(first);
    for (size_t q = 0; q < s->count; q++)
        if (s->guess[q] != END)
            near_fetch(s->nb->bank + s->guess[q] * s->nb->dims, s->nb->dims);
    for (size_t q = 0; q < s->count; q++) {
        set_limit(s, q);
        if (s->guess[q] != END)
            measure(s, q, s->guess[q]);
    }
}

/* Whether a box is within reach is seldom foreseen: rows are taken without a branch. */
static void walk(struct search *s)
{
    uint32_t row[QUERIES];
    for (size_t panel = 0; panel < s->nb->regions.n; panel++) {
        size_t rows = 0;
        for (size_t q = 0; q < s->count; q++) {
            row[rows] = (uint32_t)q;
            rows += s->box[panel * QUERIES + q] <= s->reach[q];
        }
        for (size_t from = 0; from < rows; from += SKETCH_ROWS)
            look_at_panel(s, panel, row + from, size_least(rows - from, SKETCH_ROWS));
    }
}

struct nearest {
    const struct neighbours *nb;
    const int32_t *offset;
    const float *query;
    size_t count;
    uint32_t *index;
    float *squared;
};

static void nearest_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct nearest *c = arg;
    const size_t from = task * QUERIES;
    struct search s = {.nb = c->nb,
                       .offset = c->offset,
                       .query = c->query + from * c->nb->dims,
                       .count = c->count - from < QUERIES ? c->count - from : QUERIES,
                       .index = c->index + from,
                       .squared = c->squared + from,
                       .sketches = sketches_new(QUERIES, c->nb->space),
                       .box = xaligned(c->nb->regions.n * QUERIES, sizeof *s.box)};
    for (size_t q = 0; q < s.count; q++) {
        s.squared[q] = INFINITY;
        s.index[q] = 0;
    }
    sketches_draw(&s.sketches, 0, s.nb->space, s.query, s.count);
    measure_boxes(&s);
    guess(&s);
    walk(&s);
    scratch_relax(); /* what it measured may have been too little for that */
    sketches_free(&s.sketches);
    free(s.box);
}

/* The panels' offsets, SKETCH_NONE for what is left out; NULL: nothing is. free() it. */
static int32_t *offsets_without(const struct neighbours *nb, uint32_t without)
{
    if (without == NEIGHBOURS_ALL)
        return NULL;
    const size_t places = nb->panels.panels * SKETCH_PANEL;
    int32_t *offset = memcpy(xaligned(places, sizeof *offset), nb->panels.offset, places * sizeof *offset);
    for (size_t place = 0; place < nb->n; place++)
        if (nb->owner[nb->vector[place]] == without)
            offset[place] = SKETCH_NONE;
    return offset;
}

void neighbours_nearest(const struct neighbours *nb, uint32_t *index, float *squared, const float *query,
                        size_t count, uint32_t without)
{
    int32_t *offset = offsets_without(nb, without);
    struct nearest c = {nb, offset ? offset : nb->panels.offset, query, count, index, squared};
    pool_run((count + QUERIES - 1) / QUERIES, nearest_task, &c);
    free(offset);
}

/* A list of the nearest so far, ascending, ties by index. */
struct list {
    uint32_t *index;
    float *squared;
    size_t have, k;
};

static void list_add(struct list *l, uint32_t i, float squared)
{
    if (l->have == l->k && !nearer(squared, i, l->squared[l->k - 1], l->index[l->k - 1]))
        return;
    size_t at = l->have < l->k ? l->have++ : l->k - 1;
    for (; at && nearer(squared, i, l->squared[at - 1], l->index[at - 1]); at--) {
        l->squared[at] = l->squared[at - 1];
        l->index[at] = l->index[at - 1];
    }
    l->squared[at] = squared;
    l->index[at] = i;
}

size_t neighbours_list(const struct neighbours *nb, uint32_t *index, float *squared, const float *query,
                       size_t k, uint32_t without)
{
    const uint32_t row = 0;
    int32_t value[SKETCH_PANEL], limit = SKETCH_ALL;
    uint64_t m;
    struct list l = {index, squared, 0, k};
    size_t measured = 0;
    struct sketches s = sketches_new(1, nb->space);
    sketches_draw(&s, 0, nb->space, query, 1);
    for (size_t panel = 0; panel < nb->panels.panels; panel++) {
        sketch_compare(&m, value, &limit, &s, &row, 1, &nb->panels, nb->panels.offset, panel);
        for (; m; m &= m - 1) {
            const size_t j = (size_t)__builtin_ctzll(m);
            const uint32_t i = nb->vector[panel * SKETCH_PANEL + j];
            if (value[j] > limit || left_out(nb, i, without))
                continue;
            relax(++measured);
            list_add(&l, i, distance_squared(query, nb->bank + i * nb->dims, nb->dims));
            if (l.have == k)
                limit = sketch_limit(&s, 0, &nb->panels, squared[k - 1], nb->dims);
        }
    }
    sketches_free(&s);
    return l.have;
}

void neighbours_nearest_naive(const struct neighbours *nb, uint32_t *index, float *squared,
                              const float *query, size_t count, uint32_t without)
{
    for (size_t q = 0; q < count; q++) {
        squared[q] = INFINITY;
        index[q] = 0;
        for (size_t i = 0; i < nb->n; i++) {
            const float d = distance_squared(query + q * nb->dims, nb->bank + i * nb->dims, nb->dims);
            if (!left_out(nb, i, without) && d < squared[q]) {
                squared[q] = d;
                index[q] = (uint32_t)i;
            }
        }
    }
}
