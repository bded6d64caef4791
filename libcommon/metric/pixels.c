#include "metric/pixels.h"
#include "base/mem.h"
#include "metric/components.h"
#include "metric/radix.h"
#include <math.h>
#include <stdlib.h>

#define PIXELS_MAX ((size_t)1 << 32)

/* Room for `more` items. Checks the copy that sorting needs with it, so that hours of input end early. */
static void reserve(struct pixels *p, size_t more)
{
    size_t n = p->n + more;
    if (n <= p->capacity)
        return;
    size_t capacity = n > p->capacity / 4 * 5 ? n : p->capacity / 4 * 5;
    mem_need((2 * capacity - p->capacity) * sizeof *p->item, "the scores of all pixels");
    p->item = xrealloc(p->item, capacity, sizeof *p->item);
    p->capacity = capacity;
}

static void add_segment(struct pixels *p, uint32_t kind, bool region)
{
    p->segment = xgrow(p->segment, p->segments, &p->segment_capacity, sizeof *p->segment);
    p->segment[p->segments++] = (struct segment){.kind = kind, .region = region};
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

bool pixels_add(struct pixels *p, const float *map, const unsigned char *mask, size_t height, size_t width,
                uint32_t kind, struct err *e)
{
    size_t n = height * width, first = p->segments;
    if (n > PIXELS_MAX - 1 - p->n)
        return err_set(e, "more than 2^32 pixels in all");
    reserve(p, n);
    reserve_labels(p, n);
    uint32_t regions = components_label(p->label, mask, height, width);
    for (uint32_t i = 0; i <= regions; i++)
        add_segment(p, kind, i > 0);
    for (size_t i = 0; i < n; i++) {
        size_t segment = first + p->label[i];
        p->segment[segment].pixels++;
        p->item[p->n++] = (uint64_t)radix_key_descending(map[i]) << 32 | segment;
    }
    return true;
}

void pixels_sort(struct pixels *p)
{
    uint64_t *scratch = xmalloc(p->n, sizeof *scratch);
    uint64_t *sorted = radix_sort(p->item, scratch, p->n);
    free(sorted == scratch ? p->item : scratch);
    p->item = sorted;
    p->capacity = p->n;
}

void pixels_free(struct pixels *p)
{
    free(p->item);
    free(p->segment);
    free(p->label);
    *p = (struct pixels){0};
}

/* What a segment is in the row that is being measured. */
enum role { ABSENT, SOUND, REGION };

/* AUPRO is linear in PRO, so every pixel of a region adds its own area: from its threshold on it lifts the
 * region's overlap by 1 / pixels. With fp0 and fp1 false positives before and after its group and x = limit x
 * sound pixels, in units of one sound pixel, that is x - (fp0 + fp1) / 2, as long as fp1 <= x. Summed as
 * whole numbers a region. */
struct area {
    uint64_t pixels, fp_sum; /* how many, and of their fp0 + fp1 */
};

struct sweep {
    const struct pixels *p;
    struct pixel_metrics *out;
    unsigned char *role; /* of each segment */
    struct area *area;   /* of each segment */
    double limit;        /* x above */
    double crossing;     /* area / region of the pixels in the group that crosses the limit */
    bool crossed;
    double pro; /* now, for the curve */
};

size_t pixels_measure_bytes(const struct pixels *p)
{
    return p->segments * (1 + sizeof(struct area));
}

static void assign_roles(struct sweep *s, uint32_t kind)
{
    for (size_t i = 0; i < s->p->segments; i++) {
        const struct segment *g = &s->p->segment[i];
        bool present = kind == KIND_ALL || g->kind == kind || g->kind == KIND_GOOD;
        s->role[i] = !present ? ABSENT : g->region ? REGION : SOUND;
        if (present && g->region)
            s->out->ranking.positives += g->pixels;
        else if (present)
            s->out->ranking.negatives += g->pixels;
        s->out->regions += present && g->region;
    }
}

struct group {
    size_t begin, end; /* items with the same score, absent ones among them */
    uint64_t positives, negatives;
};

static struct group next_group(const struct sweep *s, size_t begin)
{
    struct group g = {.begin = begin, .end = begin};
    const uint64_t *item = s->p->item;
    uint32_t key = (uint32_t)(item[begin] >> 32);
    for (; g.end < s->p->n && item[g.end] >> 32 == key; g.end++) {
        unsigned char role = s->role[(uint32_t)item[g.end]];
        g.positives += role == REGION;
        g.negatives += role == SOUND;
    }
    return g;
}

/* fp0, fp1: false positives before and after the group. */
static void add_areas(struct sweep *s, const struct group *g, uint64_t fp0, uint64_t fp1)
{
    bool crosses = (double)fp1 > s->limit;
    double before = s->limit - (double)fp0;
    for (size_t i = g->begin; i < g->end; i++) {
        uint32_t segment = (uint32_t)s->p->item[i];
        if (s->role[segment] != REGION)
            continue;
        if (crosses) {
            s->crossing += before * before / 2 / (double)(fp1 - fp0) / s->p->segment[segment].pixels;
        } else {
            s->area[segment].pixels++;
            s->area[segment].fp_sum += fp0 + fp1;
        }
    }
}

static void add_point(struct sweep *s, const struct group *g, double score, struct curve *curve)
{
    const struct ranking *r = &s->out->ranking;
    for (size_t i = g->begin; i < g->end && g->positives; i++) {
        uint32_t segment = (uint32_t)s->p->item[i];
        if (s->role[segment] == REGION)
            s->pro += 1.0 / s->p->segment[segment].pixels / (double)s->out->regions;
    }
    curve_add(curve, (struct curve_point){.threshold = score,
                                          .fpr = (double)r->fp / (double)r->negatives,
                                          .tpr = (double)r->tp / (double)r->positives,
                                          .pro = s->pro});
}

static double aupro(const struct sweep *s)
{
    double sum = s->crossing;
    for (size_t i = 0; i < s->p->segments; i++)
        if (s->role[i] == REGION)
            sum += ((double)s->area[i].pixels * s->limit - (double)s->area[i].fp_sum / 2) /
                   s->p->segment[i].pixels;
    return sum / (double)s->out->regions / s->limit;
}

static void sweep_groups(struct sweep *s, struct curve *curve)
{
    struct ranking *r = &s->out->ranking;
    for (size_t i = 0; i < s->p->n;) {
        struct group g = next_group(s, i);
        double score = radix_key_float((uint32_t)(s->p->item[i] >> 32));
        uint64_t fp0 = r->fp;
        i = g.end;
        if (g.positives + g.negatives == 0)
            continue;
        ranking_add(r, score, g.positives, g.negatives);
        if (!s->crossed && g.positives)
            add_areas(s, &g, fp0, r->fp);
        s->crossed = s->crossed || (double)r->fp > s->limit;
        if (curve)
            add_point(s, &g, score, curve);
    }
}

void pixels_measure(struct pixel_metrics *out, const struct pixels *p, uint32_t kind, double limit,
                    struct curve *curve)
{
    *out = (struct pixel_metrics){.aupro = NAN};
    struct sweep s = {.p = p, .out = out, .role = xmalloc(p->segments, 1)};
    s.area = xcalloc(p->segments, sizeof *s.area);
    assign_roles(&s, kind);
    if (out->regions && out->ranking.negatives) {
        s.limit = limit * (double)out->ranking.negatives;
        sweep_groups(&s, curve);
        out->aupro = aupro(&s);
        if (curve)
            curve_end(curve);
    }
    free(s.role);
    free(s.area);
}
