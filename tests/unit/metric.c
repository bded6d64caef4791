/* metric/: hand-made and closed cases, and the fast code against slow code that follows the definitions. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "metric/components.h"
#include "metric/curve.h"
#include "metric/evaluation.h"
#include "metric/pixels.h"
#include "metric/radix.h"
#include "metric/ranking.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

enum { SIDE = 12, AREA = SIDE * SIDE, IMAGES = 5 };

/* '.' is no defect; the digits are the labels that are wanted. */
static void component_case(const char *what, const char *picture, size_t height, size_t width)
{
    unsigned char mask[64] = {0};
    uint32_t label[64], most = 0;
    bool same = true;
    for (size_t i = 0; i < height * width; i++)
        mask[i] = picture[i] == '.' ? 0 : 255;
    uint32_t n = components_label(label, mask, height, width);
    for (size_t i = 0; i < height * width; i++) {
        uint32_t want = picture[i] == '.' ? 0 : (uint32_t)(picture[i] - '0');
        same &= label[i] == want;
        most = want > most ? want : most;
    }
    ok(same && n == most, "components: %s", what);
}

static void flood(uint32_t *label, const unsigned char *mask, size_t y, size_t x, uint32_t number)
{
    if (y >= SIDE || x >= SIDE || !mask[y * SIDE + x] || label[y * SIDE + x])
        return;
    label[y * SIDE + x] = number;
    for (size_t i = 0; i < 9; i++)
        flood(label, mask, y + i / 3 - 1, x + i % 3 - 1, number);
}

static uint32_t naive_components(uint32_t *label, const unsigned char *mask)
{
    uint32_t n = 0;
    memset(label, 0, AREA * sizeof *label);
    for (size_t i = 0; i < AREA; i++)
        if (mask[i] && !label[i])
            flood(label, mask, i / SIDE, i % SIDE, ++n);
    return n;
}

static void random_mask(unsigned char *mask, struct rng *r, double density)
{
    for (size_t i = 0; i < AREA; i++)
        mask[i] = rng_uniform(r) < density;
}

static void components(void)
{
    component_case("none", "......", 2, 3);
    component_case("all", "111111", 3, 2);
    component_case("diagonals touch, both ways",
                   "1.."
                   ".1."
                   "1..",
                   3, 3);
    component_case("two, numbered by their first pixels",
                   "1..2"
                   "1..2"
                   "1...",
                   3, 4);
    component_case("arms that meet below, left first",
                   "1..1"
                   "1..1"
                   "1111",
                   3, 4);
    component_case("three arms that meet late",
                   "1.1.1"
                   "1.1.1"
                   ".1.1.",
                   3, 5);
    component_case("a ring and a dot inside",
                   "11111"
                   "1...1"
                   "1.2.1"
                   "1...1"
                   "11111",
                   5, 5);
    component_case("ends of rows are no neighbours",
                   "..1"
                   "2.."
                   "..3",
                   3, 3);
    component_case("a single row", "11.2.33", 1, 7);
    component_case("a single column", "1.22.3", 6, 1);
    struct rng r = rng_new(3, 0);
    bool same = true;
    for (int i = 0; i < 300; i++) {
        unsigned char mask[AREA];
        uint32_t fast[AREA], slow[AREA];
        random_mask(mask, &r, 0.05 + 0.002 * i);
        same &= components_label(fast, mask, SIDE, SIDE) == naive_components(slow, mask);
        same &= memcmp(fast, slow, sizeof fast) == 0;
    }
    ok(same, "components: as by flooding, 300 random masks");
}

static int by_item(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool sorts(size_t n, uint64_t mask, struct rng *r)
{
    uint64_t *item = xmalloc(n, sizeof *item), *scratch = xmalloc(n, sizeof *item);
    uint64_t *want = xmalloc(n, sizeof *item);
    for (size_t i = 0; i < n; i++) /* the lower half counts up: stable means sorted by it too */
        want[i] = item[i] = (rng_u64(r) & mask) << 32 | i;
    qsort(want, n, sizeof *want, by_item);
    bool same = memcmp(radix_sort(item, scratch, n), want, n * sizeof *want) == 0;
    free(item);
    free(scratch);
    free(want);
    return same;
}

static void sorting(void)
{
    struct rng r = rng_new(4, 0);
    ok(sorts(0, 0, &r) && sorts(1, 255, &r) && sorts(63, UINT32_MAX, &r), "radix: few items");
    ok(sorts(50000, UINT32_MAX, &r), "radix: 50,000 items");
    ok(sorts(50000, 0xff, &r) && sorts(50000, 0xff0000, &r) && sorts(50000, 0xff00f0, &r),
       "radix: passes that move nothing; ties keep their order");
    static const float down[] = {INFINITY, 3e38f, 1.5f, 1, 1e-40f, 0, -1e-40f, -1, -3e38f, -INFINITY};
    bool falls = true, back = true;
    for (size_t i = 0; i < sizeof down / sizeof *down; i++) {
        falls &= i == 0 || radix_key_descending(down[i - 1]) < radix_key_descending(down[i]);
        back &= radix_key_float(radix_key_descending(down[i])) == down[i];
    }
    ok(falls && back, "radix: keys of floats fall, and lead back");
    ok(radix_key_descending(-0.0f) == radix_key_descending(0.0f), "radix: -0 ties with 0");
}

/* scikit-learn's own example. */
static void rankings(void)
{
    struct ranking r = {.positives = 2, .negatives = 2};
    ranking_add(&r, .8, 1, 0);
    ranking_add(&r, .4, 0, 1);
    ranking_add(&r, .35, 1, 0);
    ranking_add(&r, .1, 0, 1);
    ok_close(ranking_auroc(&r), .75, 0, "toy: AUROC");
    ok_close(ranking_ap(&r), 5.0 / 6, 1e-15, "toy: average precision");
    ok_close(ranking_f1max(&r), .8, 0, "toy: F1-max");
    ok_close(ranking_f1max_threshold(&r), .35, 0, "toy: its threshold");
    struct ranking tied = {.positives = 3, .negatives = 5};
    ranking_add(&tied, 1, 3, 5);
    ok_close(ranking_auroc(&tied), .5, 0, "all tied: AUROC is one half");
    ok_close(ranking_ap(&tied), 3.0 / 8, 1e-16, "all tied: average precision is the part of positives");
    struct ranking same = {.positives = 2, .negatives = 2}; /* F1 is 2/3 at both ends */
    ranking_add(&same, 2, 1, 0);
    ranking_add(&same, 1, 1, 2);
    ok_close(ranking_f1max_threshold(&same), 1, 0, "equal F1: the lowest threshold");
    struct ranking one = {.positives = 2};
    ranking_add(&one, 1, 2, 0);
    ok(isnan(ranking_auroc(&one)) && isnan(ranking_ap(&one)) && isnan(ranking_f1max(&one)) &&
           isnan(ranking_f1max_threshold(&one)),
       "one class: nothing is defined");
}

static struct pixel_metrics measure(const struct pixels *p, uint32_t kind, double limit, struct curve *curve)
{
    struct pixel_row row = {.kind = kind, .curve = curve};
    pixels_measure(p, &row, 1, limit);
    return row.metrics;
}

static double aupro_of(const float *map, const unsigned char *mask, size_t height, size_t width, double limit)
{
    struct pixels p = {0};
    struct err e;
    size_t regions;
    pixels_add(&p, map, mask, height, width, 1, &regions, &e);
    pixels_sort(&p);
    const double aupro = measure(&p, KIND_ALL, limit, NULL).aupro;
    pixels_free(&p);
    return aupro;
}

static void closed_cases(void)
{
    unsigned char mask[AREA] = {0};
    float perfect[AREA], constant[AREA], inverse[AREA];
    mask[0] = mask[1] = mask[40] = mask[77] = mask[78] = 1;
    for (size_t i = 0; i < AREA; i++) {
        perfect[i] = mask[i];
        inverse[i] = -perfect[i];
        constant[i] = 2;
    }
    ok_close(aupro_of(perfect, mask, SIDE, SIDE, .3), 1, 1e-15, "AUPRO of a perfect map is 1");
    ok_close(aupro_of(constant, mask, SIDE, SIDE, .3), .15, 1e-15, "AUPRO of a constant map is .15");
    ok_close(aupro_of(constant, mask, SIDE, SIDE, 1), .5, 1e-15, "and .5 without a limit");
    ok_close(aupro_of(inverse, mask, SIDE, SIDE, 1), 0, 1e-15, "AUPRO of the reverse of a perfect map is 0");
    memset(mask, 0, sizeof mask);
    ok(isnan(aupro_of(perfect, mask, SIDE, SIDE, .3)), "AUPRO is undefined without a region");
    memset(mask, 1, sizeof mask);
    ok(isnan(aupro_of(perfect, mask, SIDE, SIDE, .3)), "AUPRO is undefined without sound pixels");

    /* Regions of 1 and 2 pixels, 10 sound ones. Above FPR 0, .1, .2: PRO .25, .75 and 1. */
    static const unsigned char two[13] = {1, 0, 0, 1, 1};
    float score[13] = {.8f, .9f, .6f, .95f, .5f, .4f, .4f, .4f, .4f, .4f, .4f, .4f, .4f};
    ok_close(aupro_of(score, two, 1, 13, .3), 2.0 / 3, 1e-15, "two regions by hand: (.25 + .75 + 1) / 3");
    ok_close(aupro_of(score, two, 1, 13, .2), .5, 1e-15, "limit at a point of the curve: (.25 + .75) / 2");
    score[4] = .4f; /* now PRO goes from .75 to 1 between FPR .2 and 1 */
    ok_close(aupro_of(score, two, 1, 13, .3), (.25 + .75 + .765625) / 3, 1e-15, "limit inside a tie by hand");
}

struct sample {
    float map[IMAGES][AREA];
    unsigned char mask[IMAGES][AREA];
    uint32_t label[IMAGES][AREA], regions[IMAGES], kind[IMAGES];
};

/* Maps with ties (or none: levels 0), the first image good, two kinds of defect. */
static void draw_sample(struct sample *s, struct rng *r, size_t levels)
{
    for (size_t k = 0; k < IMAGES; k++) {
        random_mask(s->mask[k], r, k == 0 ? 0 : 0.08 * (double)k);
        s->regions[k] = naive_components(s->label[k], s->mask[k]);
        s->kind[k] = k == 0 ? KIND_GOOD : 1 + k % 2;
        for (size_t i = 0; i < AREA; i++) {
            double x = rng_normal(r) + s->mask[k][i];
            s->map[k][i] = (float)(levels ? floor(x * (double)levels) / (double)levels : x);
        }
    }
}

static bool in_row(const struct sample *s, size_t k, uint32_t kind)
{
    return kind == KIND_ALL || s->kind[k] == kind || s->kind[k] == KIND_GOOD;
}

/* FPR and PRO at a threshold, straight from the definition. */
static void naive_point(const struct sample *s, uint32_t kind, float t, double *fpr, double *pro)
{
    double sound = 0, above = 0, overlap = 0, regions = 0;
    for (size_t k = 0; k < IMAGES; k++) {
        if (!in_row(s, k, kind))
            continue;
        double size[AREA + 1] = {0}, hit[AREA + 1] = {0};
        for (size_t i = 0; i < AREA; i++) {
            size[s->label[k][i]]++;
            hit[s->label[k][i]] += s->map[k][i] >= t;
        }
        sound += size[0];
        above += hit[0];
        regions += s->regions[k];
        for (size_t j = 1; j <= s->regions[k]; j++)
            overlap += hit[j] / size[j];
    }
    *fpr = above / sound;
    *pro = overlap / regions;
}

static int by_float_descending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static double naive_aupro(const struct sample *s, uint32_t kind, double limit)
{
    static float t[IMAGES * AREA];
    double sum = 0, fpr0 = 0, pro0 = 0, fpr, pro;
    memcpy(t, s->map, sizeof t);
    qsort(t, IMAGES * AREA, sizeof *t, by_float_descending);
    for (size_t i = 0; i < IMAGES * AREA && fpr0 < limit; i++) {
        if (i && t[i] == t[i - 1])
            continue;
        naive_point(s, kind, t[i], &fpr, &pro);
        if (fpr > limit) {
            pro = pro0 + (pro - pro0) * (limit - fpr0) / (fpr - fpr0);
            fpr = limit;
        }
        sum += (fpr - fpr0) * (pro + pro0) / 2;
        fpr0 = fpr;
        pro0 = pro;
    }
    return sum / limit;
}

/* P(s+ > s-) + P(=) / 2 over all pairs. */
static double naive_auroc(const struct sample *s, uint32_t kind)
{
    double wins = 0, pairs = 0;
    for (size_t a = 0; a < IMAGES * AREA; a++) {
        if (!in_row(s, a / AREA, kind) || !s->mask[a / AREA][a % AREA])
            continue;
        for (size_t b = 0; b < IMAGES * AREA; b++) {
            if (!in_row(s, b / AREA, kind) || s->mask[b / AREA][b % AREA])
                continue;
            float x = s->map[a / AREA][a % AREA], y = s->map[b / AREA][b % AREA];
            wins += x > y ? 1 : x == y ? .5 : 0;
            pairs++;
        }
    }
    return wins / pairs;
}

static void add_sample(struct pixels *p, const struct sample *s, bool backwards)
{
    struct err e;
    size_t regions;
    for (size_t i = 0; i < IMAGES; i++) {
        size_t k = backwards ? IMAGES - 1 - i : i;
        pixels_add(p, s->map[k], s->mask[k], SIDE, SIDE, s->kind[k], &regions, &e);
    }
    pixels_sort(p);
}

static void against_naive(void)
{
    static struct sample s;
    static const size_t levels[] = {0, 1, 2, 5, 20};
    static const uint32_t kinds[] = {1, 2, KIND_ALL};
    struct rng r = rng_new(5, 0);
    double aupro = 0, auroc = 0;
    bool same = true;
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        struct pixels p = {0}, q = {0};
        draw_sample(&s, &r, levels[l]);
        add_sample(&p, &s, false);
        add_sample(&q, &s, true);
        for (size_t k = 0; k < 3; k++) {
            const double limit = l == 1 ? 1 : .1 + .1 * (double)k;
            const struct pixel_metrics m = measure(&p, kinds[k], limit, NULL);
            const struct pixel_metrics other = measure(&q, kinds[k], limit, NULL);
            aupro = worse(aupro, fabs(m.aupro - naive_aupro(&s, kinds[k], limit)));
            auroc = worse(auroc, fabs(ranking_auroc(&m.ranking) - naive_auroc(&s, kinds[k])));
            same &= fabs(m.aupro - other.aupro) < 1e-14 &&
                    ranking_f1max(&m.ranking) == ranking_f1max(&other.ranking);
        }
        pixels_free(&p);
        pixels_free(&q);
    }
    ok_close(aupro, 0, 1e-12, "AUPRO: as by definition, random maps with ties, kinds and limits");
    ok_close(auroc, 0, 1e-12, "pixel AUROC: as by all pairs");
    ok(same, "the order of images does not matter");
}

/* All points of the curve, integrated, are AUPRO; a thinned one is part of it and as long as asked for. */
static void curves(void)
{
    static struct sample s;
    struct rng r = rng_new(6, 0);
    struct pixels p = {0};
    struct curve all = curve_new(0), few = curve_new(50);
    draw_sample(&s, &r, 20);
    add_sample(&p, &s, false);
    const struct pixel_metrics m = measure(&p, KIND_ALL, 1, &all);
    measure(&p, KIND_ALL, 1, &few);
    double pro = 0, roc = 0;
    size_t found = 0;
    for (size_t i = 1; i < all.n; i++) {
        double width = all.point[i].fpr - all.point[i - 1].fpr;
        pro += width * (all.point[i].pro + all.point[i - 1].pro) / 2;
        roc += width * (all.point[i].tpr + all.point[i - 1].tpr) / 2;
    }
    for (size_t i = 0, j = 0; i < few.n; i++) {
        while (j < all.n && all.point[j].threshold > few.point[i].threshold)
            j++;
        found += memcmp(&all.point[j], &few.point[i], sizeof few.point[i]) == 0;
    }
    ok_close(pro, m.aupro, 1e-12, "the area under the PRO curve");
    ok_close(roc, ranking_auroc(&m.ranking), 1e-12, "the area under the ROC curve");
    ok(few.n > 30 && few.n <= 52 && found == few.n, "a thinned curve has true points, as many as asked for");
    const struct curve_point *last = &few.point[few.n - 1];
    ok(isinf(few.point[0].threshold) && few.point[0].fpr == 0 && last->fpr == 1 && last->tpr == 1 &&
           fabs(last->pro - 1) < 1e-12,
       "from (0, 0) to (1, 1)");
    curve_free(&all);
    curve_free(&few);
    pixels_free(&p);
}

/* More pairs than 64 bits count. */
static void many_pairs(void)
{
    const uint64_t n = (uint64_t)1 << 33;
    struct ranking r = {.positives = n, .negatives = n};
    ranking_add(&r, 2, n / 2, 0);
    ranking_add(&r, 1, n / 2, n);
    ok_close(ranking_auroc(&r), .75, 0, "2^66 pairs: AUROC");
}

/* Opaque black is no defect; any colour is, the last one too. */
static void alpha(void)
{
    struct err e;
    float score[2] = {0};
    struct tensor map = {.type = DT_F32, .rank = 2, .dim = {1, 2}, .data = score};
    for (size_t channels = 1; channels <= 4; channels++) {
        struct evaluation ev = {0};
        uint8_t sample[8] = {0};
        struct raster mask = {
            .width = 2, .height = 1, .channels = channels, .maxval = 255, .samples = sample};
        const size_t colours = channels - (channels % 2 == 0);
        for (size_t c = colours; c < channels; c++)
            sample[c] = sample[channels + c] = 255;
        bool right = evaluation_add(&ev, "0", NULL, "0", &e) && evaluation_add_map(&ev, &map, &mask, &e) &&
                     evaluation_mask_empty(&ev);
        sample[channels + colours - 1] = 1;
        right &= evaluation_add(&ev, "1", NULL, "1", &e) && evaluation_add_map(&ev, &map, &mask, &e) &&
                 !evaluation_mask_empty(&ev);
        ok(right, "masks of %zu channels: colours count, alpha doesn't", channels);
        evaluation_free(&ev);
    }
}

static void refused(void)
{
    struct evaluation ev = {0};
    struct err e;
    float score[6] = {0};
    uint16_t sample[6] = {0};
    struct tensor map = {.type = DT_F32, .rank = 2, .dim = {2, 3}, .data = score};
    struct raster mask = {.width = 3, .height = 2, .channels = 1, .maxval = 65535, .samples = sample};
    ok(!evaluation_add(&ev, NULL, "good", "1", &e) && !evaluation_add(&ev, "2", "", "1", &e) &&
           !evaluation_add(&ev, "1", "hole", "nan", &e) && !evaluation_add(&ev, "1", "hole", "1x", &e) &&
           !evaluation_add(&ev, "1", "good", "1", &e) && !evaluation_add(&ev, "1", "hole", NULL, &e),
       "labels and scores that are none are refused");
    ok(evaluation_add(&ev, "0", NULL, "-1e-3", &e) && evaluation_add_map(&ev, &map, &mask, &e),
       "a good image");
    sample[5] = 256;
    ok(!evaluation_add_map(&ev, &map, &mask, &e), "a good image with a defect in its mask is refused");
    ok(evaluation_add(&ev, "1", NULL, "2", &e) && evaluation_add_map(&ev, &map, &mask, &e) &&
           !evaluation_mask_empty(&ev),
       "a 16-bit mask with low bytes of 0");
    mask.width = 2;
    mask.height = 3;
    ok(!evaluation_add_map(&ev, &map, &mask, &e), "a mask of another size is refused");
    score[4] = NAN;
    ok(!evaluation_add_map(&ev, &map, NULL, &e) && strstr(e.text, "row 1, column 1"), "NaN is refused: %s",
       e.text);
    score[4] = 0;
    map.rank = 1;
    ok(!evaluation_add_map(&ev, &map, NULL, &e), "a map that is no matrix is refused");
    evaluation_free(&ev);
}

int main(void)
{
    pool_start(2);
    components();
    sorting();
    rankings();
    closed_cases();
    against_naive();
    curves();
    many_pairs();
    alpha();
    refused();
    return done();
}
