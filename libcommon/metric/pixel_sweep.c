/* The figures of all rows in one sweep over the pixels, from the highest score down. */
#include "base/mem.h"
#include "metric/pixel_order.h"
#include "metric/pixels.h"
#include "metric/radix.h"
#include <math.h>
#include <stdlib.h>

/* AUPRO is linear in PRO, so every pixel of a region adds its own area: from its threshold on it lifts the
 * region's overlap by 1 / pixels. With fp0 and fp1 false positives before and after its group and x = limit x
 * sound pixels, in units of one sound pixel, that is x - (fp0 + fp1) / 2, as long as fp1 <= x. Summed as
 * whole numbers a region. */
struct area {
    unsigned __int128 fp_sum; /* of their fp0 + fp1 */
    uint64_t pixels;          /* how many */
};

/* A row on the way. */
struct line {
    struct pixel_row *row;
    struct area *area; /* of each region; one of another kind stays empty, or is another row's */
    double limit;      /* x above */
    double crossing;   /* area / region of the pixels in the group that crosses the limit */
    double pro;        /* now, for the curve */
    /* Of the group at hand. Where no pixel of a region was in it, and no curve is wanted, they are old. */
    uint64_t fp0, fp1, positives;
};

struct sweep {
    const struct pixels *p;
    struct line *line; /* of the rows that have both classes */
    size_t lines;
    struct line **own, *all;          /* the line of each kind, and of all: NULL where there is none */
    struct area *own_area, *all_area; /* a region is in its kind's row and in that of all */
    uint64_t *sound, sound_all;       /* pixels free of defects in the groups before: of each kind, of all */
    uint64_t group_all;               /* in the group at hand */
    bool curves;
};

/* Good images have no regions. */
static bool has_region(const struct pixel_row *row, const struct pixel_region *region)
{
    return row->kind == KIND_ALL || row->kind == region->kind;
}

static void count_row(struct pixel_row *row, const struct pixels *p)
{
    struct ranking *r = &row->metrics.ranking;
    row->metrics = (struct pixel_metrics){.aupro = (double)NAN};
    for (size_t kind = 0; kind < p->kinds; kind++)
        if (row->kind == KIND_ALL || row->kind == kind || kind == KIND_GOOD)
            r->negatives += p->sound[kind];
    for (size_t i = 0; i < p->regions; i++)
        if (has_region(row, &p->region[i])) {
            r->positives += p->region[i].pixels;
            row->metrics.regions++;
        }
}

static void add_line(struct sweep *s, struct pixel_row *row, double limit)
{
    const bool all = row->kind == KIND_ALL;
    struct line *l = &s->line[s->lines++];
    *l = (struct line){.row = row, .area = all ? s->all_area : s->own_area};
    l->limit = limit * (double)row->metrics.ranking.negatives;
    s->curves |= row->curve != NULL;
    if (all)
        s->all = l;
    else
        s->own[row->kind] = l;
}

static struct sweep begin(const struct pixels *p, struct pixel_row *row, size_t rows, double limit)
{
    struct sweep s = {.p = p, .line = xcalloc(rows, sizeof *s.line)};
    mem_need(2 * p->regions * sizeof *s.all_area, "the regions of all masks");
    s.own = xcalloc(p->kinds, sizeof *s.own);
    s.sound = xcalloc(p->kinds, sizeof *s.sound);
    s.own_area = xcalloc(p->regions, sizeof *s.own_area);
    s.all_area = xcalloc(p->regions, sizeof *s.all_area);
    for (size_t i = 0; i < rows; i++) {
        count_row(&row[i], p);
        if (row[i].metrics.regions && row[i].metrics.ranking.negatives)
            add_line(&s, &row[i], limit);
    }
    return s;
}

static void end(struct sweep *s)
{
    free(s->line);
    free(s->own);
    free(s->sound);
    free(s->own_area);
    free(s->all_area);
}

/* False positives before the group and after. */
static void place(const struct sweep *s, struct line *l, const struct pixel_group *g)
{
    const uint32_t kind = l->row->kind;
    l->positives = 0;
    if (kind == KIND_ALL) {
        l->fp0 = s->sound_all;
        l->fp1 = l->fp0 + s->group_all;
        return;
    }
    l->fp0 = s->sound[KIND_GOOD] + (kind == KIND_GOOD ? 0 : s->sound[kind]);
    l->fp1 = l->fp0 + g->sound[KIND_GOOD] + (kind == KIND_GOOD ? 0 : g->sound[kind]);
}

/* One pixel of a region. */
static void add_pixel(struct line *l, uint32_t region, uint32_t pixels)
{
    l->positives++;
    l->pro += 1.0 / pixels / (double)l->row->metrics.regions;
    if ((double)l->fp0 > l->limit)
        return;
    if ((double)l->fp1 > l->limit) {
        const double before = l->limit - (double)l->fp0;
        l->crossing += before * before / 2 / (double)(l->fp1 - l->fp0) / pixels;
    } else {
        l->area[region].pixels++;
        l->area[region].fp_sum += l->fp0 + l->fp1;
    }
}

/* The group's pixels of regions, to the lines that have them. Whether there were any. */
static bool add_regions(struct sweep *s, struct pixel_order *o, const struct pixel_group *g)
{
    uint32_t i;
    bool any = false;
    for (; pixel_order_region(o, &i); any = true) {
        const struct pixel_region *region = &s->p->region[i];
        if (!any && !s->curves)
            for (size_t k = 0; k < s->lines; k++)
                place(s, &s->line[k], g);
        if (s->own[region->kind])
            add_pixel(s->own[region->kind], i, region->pixels);
        if (s->all)
            add_pixel(s->all, i, region->pixels);
    }
    return any;
}

static void rank(struct line *l, double score)
{
    struct ranking *r = &l->row->metrics.ranking;
    r->fp = l->fp0;
    ranking_add(r, score, l->positives, l->fp1 - l->fp0);
    if (l->row->curve && (l->positives || l->fp1 > l->fp0))
        curve_add(l->row->curve, (struct curve_point){.threshold = score,
                                                      .fpr = (double)r->fp / (double)r->negatives,
                                                      .tpr = (double)r->tp / (double)r->positives,
                                                      .pro = l->pro});
}

static void take_group(struct sweep *s, struct pixel_order *o, const struct pixel_group *g)
{
    s->group_all = 0;
    for (size_t kind = 0; kind < s->p->kinds; kind++)
        s->group_all += g->sound[kind];
    for (size_t k = 0; k < s->lines && s->curves; k++)
        place(s, &s->line[k], g);
    if (add_regions(s, o, g) || s->curves)
        for (size_t k = 0; k < s->lines; k++)
            rank(&s->line[k], (double)radix_key_float(g->key));
    for (size_t kind = 0; kind < s->p->kinds; kind++)
        s->sound[kind] += g->sound[kind];
    s->sound_all += s->group_all;
}

static double aupro(const struct sweep *s, const struct line *l)
{
    double sum = l->crossing;
    for (size_t i = 0; i < s->p->regions; i++)
        if (has_region(l->row, &s->p->region[i]))
            sum += ((double)l->area[i].pixels * l->limit - (double)l->area[i].fp_sum / 2) /
                   s->p->region[i].pixels;
    return sum / (double)l->row->metrics.regions / l->limit;
}

void pixels_measure(const struct pixels *p, struct pixel_row *row, size_t rows, double limit)
{
    struct sweep s = begin(p, row, rows, limit);
    struct pixel_group g;
    if (s.lines) {
        struct pixel_order *o = pixel_order_new(&p->spools, p->run, p->runs, p->item, p->n, p->kinds,
                                                p->memory ? p->memory : PIXELS_MEMORY);
        while (pixel_order_next(o, &g))
            take_group(&s, o, &g);
        pixel_order_free(o);
    }
    for (size_t k = 0; k < s.lines; k++) {
        s.line[k].row->metrics.aupro = aupro(&s, &s.line[k]);
        if (s.line[k].row->curve)
            curve_end(s.line[k].row->curve);
    }
    end(&s);
}
