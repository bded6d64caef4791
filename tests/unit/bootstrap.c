/* metric/interval.h, bootstrap.h, pixel_summary.h: against SciPy, scikit-learn over the same draws, DeLong's variance, the
 * exact pixel figures, and closed cases. */
#include "../oracle/bootstrap.h"
#include "../oracle/interval.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "metric/bootstrap.h"
#include "metric/pixel_summary.h"
#include "metric/pixels.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool near(double a, double b, double most)
{
    return fabs(a - b) <= most;
}

static void intervals(void)
{
    double worst = 0;
    for (size_t i = 0; i < sizeof interval_case / sizeof *interval_case; i++) {
        const uint64_t hits = (uint64_t)interval_case[i].hits, of = (uint64_t)interval_case[i].of;
        const double confidence = interval_case[i].confidence;
        const struct interval both = interval_binomial(hits, of, confidence);
        worst = worse(worst, fabs(both.low - interval_case[i].low));
        worst = worse(worst, fabs(both.high - interval_case[i].high));
        worst = worse(worst, fabs(interval_lower(hits, of, confidence) - interval_case[i].lower));
        worst = worse(worst, fabs(interval_upper(hits, of, confidence) - interval_case[i].upper));
    }
    ok(worst < 1e-9, "intervals: SciPy's exact ones, 1 to 10^6 images (%.1e)", worst);
    const struct interval none = interval_binomial(0, 0, .95);
    ok(none.low == 0 && none.high == 1, "intervals: of no image nothing is known");
}

static void needed(void)
{
    bool least = true;
    ok(interval_needed(.99, .95) == 299, "needed: 299 images for a recall of .99 at .95");
    ok(interval_needed(.5, .5) == 1 && interval_needed(.25, .9375) == 2, "needed: where it comes out even");
    for (double rate = .05; rate < .9999; rate += (1 - rate) / 7) {
        const uint64_t n = interval_needed(rate, .9);
        least &= interval_lower(n, n, .9) >= rate;
        least &= n == 1 || interval_lower(n - 1, n - 1, .9) < rate;
    }
    ok(least, "needed: the least number whose lower bound reaches the rate");
}

static const struct bootstrap_images images = {the_score, the_defective, IMAGES};
static const struct bootstrap plan = {.rounds = ROUNDS, .confidence = .9, .seed = 7};

static bool as_oracle(struct interval have, size_t figure)
{
    return near(have.low, the_low[figure], 1e-12) && near(have.high, the_high[figure], 1e-12);
}

static bool band_as_oracle(struct bootstrap_band *band, size_t first)
{
    bool same = band->points == POINTS;
    for (size_t i = 0; i < band->points; i++) {
        same &= near(band->x[i], (double)i / (POINTS - 1), 1e-15);
        same &= near(band->middle[i], the_middle[first + i], 1e-12);
        same &= as_oracle((struct interval){band->low[i], band->high[i]}, first + i);
    }
    bootstrap_band_free(band);
    return same;
}

static void images_figures(void)
{
    struct bootstrap_band roc = bootstrap_roc(&images, POINTS, &plan),
                          pr = bootstrap_pr(&images, POINTS, &plan);
    ok(as_oracle(bootstrap_auroc(&images, &plan), 0), "images: AUROC, as scikit-learn over the same draws");
    ok(as_oracle(bootstrap_difference(&images, the_other, &plan), 1), "images: the difference of two lists");
    ok(band_as_oracle(&roc, 2), "images: the ROC's band");
    ok(band_as_oracle(&pr, 2 + POINTS), "images: the band of precision over recall");
}

/* A normal interval by DeLong's standard error is as wide as that of the percentiles, nearly. */
static void delong(void)
{
    const struct bootstrap many = {.rounds = 4000, .confidence = .6826894921, .seed = 1};
    const struct interval one_sigma = bootstrap_auroc(&images, &many);
    const double ratio = (one_sigma.high - one_sigma.low) / 2 / delong_error;
    ok(ratio > .9 && ratio < 1.1, "images: AUROC varies as DeLong says (%.3f of it)", ratio);
}

static void closed_cases(void)
{
    static const double apart[] = {1, 2, 3, 4, 5, 6}, equal[] = {1, 1, 1, 1, 1, 1};
    static const unsigned char defective[] = {0, 0, 0, 255, 1, 1}, none[6] = {0};
    struct bootstrap_images set = {apart, defective, 6};
    struct interval auroc = bootstrap_auroc(&set, &plan);
    ok(auroc.low == 1 && auroc.high == 1, "images: what is apart is so in every round");
    auroc = bootstrap_difference(&set, apart, &plan);
    ok(auroc.low == 0 && auroc.high == 0, "images: no difference of a list from itself");
    set.score = equal;
    auroc = bootstrap_auroc(&set, &plan);
    ok(auroc.low == .5 && auroc.high == .5, "images: equal scores are a half in every round");
    set.defective = none;
    struct bootstrap_band roc = bootstrap_roc(&set, 3, &plan);
    ok(isnan(bootstrap_auroc(&set, &plan).low) && isnan(roc.middle[1]),
       "images: without a defective one, no AUROC, no ROC");
    bootstrap_band_free(&roc);
}

static void draws(void)
{
    uint32_t times[IMAGES], again[IMAGES], next[IMAGES];
    size_t good = 0, bad = 0;
    bootstrap_draw(times, the_defective, IMAGES, 3, 5);
    bootstrap_draw(again, the_defective, IMAGES, 3, 5);
    bootstrap_draw(next, the_defective, IMAGES, 3, 6);
    for (size_t i = 0; i < IMAGES; i++)
        *(the_defective[i] ? &bad : &good) += times[i];
    ok(good == 36 && bad == 24, "draws: each class keeps its size");
    ok(memcmp(times, again, sizeof times) == 0 && memcmp(times, next, sizeof times) != 0,
       "draws: by seed and round");
}

enum { SIDE = 48, AREA = SIDE * SIDE, MAPS = 24 };

/* An image of noise around 1 that is smooth nowhere; odd ones have two bright squares, the last an empty mask. */
static bool make_map(float *map, unsigned char *mask, size_t image, struct rng *r, double step)
{
    const bool defective = image % 2 == 1;
    memset(mask, 0, AREA);
    for (size_t i = 0; i < AREA; i++) {
        const size_t y = i / SIDE, x = i % SIDE;
        const bool large = y > 4 && y < 4 + image && x > 4 && x<20, small = y> 40 && y < 44 && x > 40;
        const double value = 1 + .2 * rng_normal(r) + .02 * (double)image;
        const bool shown = defective && (large || small);
        map[i] = (float)(step * round((value + (shown ? .25 : 0)) / step));
        mask[i] = shown && image + 1 < MAPS ? 255 : 0;
    }
    return defective;
}

struct both {
    struct pixel_summary *summary;
    struct pixels exact;
};

static struct both make_both(double step)
{
    static float map[AREA];
    static unsigned char mask[AREA];
    struct both b = {.summary = pixel_summary_new()};
    struct rng r = rng_new(12, 0);
    struct err e;
    for (size_t i = 0; i < MAPS; i++) {
        const bool defective = make_map(map, mask, i, &r, step);
        pixel_summary_add(b.summary, map, mask, SIDE, SIDE, defective);
        size_t regions;
        if (!pixels_add(&b.exact, map, mask, SIDE, SIDE, defective, &regions, &e))
            exit(1);
    }
    pixel_summary_end(b.summary);
    pixels_sort(&b.exact);
    return b;
}

static void free_both(struct both *b)
{
    pixel_summary_free(b->summary);
    pixels_free(&b->exact);
}

/* How far the figures of the summary are from the exact ones, as parts of the bounds that it gives. */
static void compare(const struct both *b, double limit, double error[2], double of_bound[2])
{
    struct pixel_row exact = {.kind = KIND_ALL};
    const struct pixel_figures f = pixel_summary_figures(b->summary, limit);
    pixels_measure(&b->exact, &exact, 1, limit);
    error[0] = fabs(f.auroc - ranking_auroc(&exact.metrics.ranking));
    error[1] = fabs(f.aupro - exact.metrics.aupro);
    of_bound[0] = error[0] / f.auroc_error;
    of_bound[1] = error[1] / f.aupro_error;
    printf("# auroc %.6f error %.1e bound %.1e; aupro %.6f error %.1e bound %.1e\n", f.auroc, error[0],
           f.auroc_error, f.aupro, error[1], f.aupro_error);
}

static void summaries(void)
{
    struct both fine = make_both(1e-7), coarse = make_both(1.0 / 64);
    double error[2], part[2];
    compare(&fine, .3, error, part);
    ok(part[0] <= 1 && part[1] <= 1, "pixels: as far from the exact figures as the summary says, at most");
    ok(error[0] < 2e-5 && error[1] < 1e-4, "pixels: and within 1e-4");
    compare(&fine, .011, error, part);
    ok(part[1] <= 1, "pixels: the same with a limit within a level");
    compare(&coarse, 1, error, part);
    ok(error[0] < 1e-6 && error[1] < 1e-6, "pixels: to 1e-6 where scores are fewer than levels");
    free_both(&fine);
    free_both(&coarse);
}

/* The figures of a round are those of a summary of the images that it drew, but for rare scores: these share levels, and not
 * the same ones. */
static struct pixel_summary *drawn(const uint32_t *times)
{
    static float map[AREA];
    static unsigned char mask[AREA];
    struct pixel_summary *s = pixel_summary_new();
    struct rng r = rng_new(12, 0);
    for (size_t i = 0; i < MAPS; i++) {
        const bool defective = make_map(map, mask, i, &r, 1.0 / 64);
        for (uint32_t k = 0; k < times[i]; k++)
            pixel_summary_add(s, map, mask, SIDE, SIDE, defective);
    }
    pixel_summary_end(s);
    return s;
}

static void pixel_rounds(void)
{
    const struct bootstrap one = {.rounds = 1, .confidence = .95, .seed = 4};
    struct both b = make_both(1.0 / 64);
    unsigned char defective[MAPS];
    uint32_t times[MAPS];
    for (size_t i = 0; i < MAPS; i++)
        defective[i] = i % 2;
    bootstrap_draw(times, defective, MAPS, 4, 0);
    struct pixel_summary *anew = drawn(times);
    const struct pixel_figures f = pixel_summary_figures(anew, .3);
    const struct interval auroc = pixel_summary_auroc(b.summary, &one);
    const struct interval aupro = pixel_summary_aupro(b.summary, .3, &one);
    ok(near(auroc.low, f.auroc, 5e-6) && auroc.low == auroc.high,
       "pixels: a round's AUROC is that of its images");
    ok(near(aupro.low, f.aupro, 5e-6), "pixels: a round's AUPRO is that of its images");
    struct bootstrap_band pro = pixel_summary_pro(b.summary, .3, 301, &one);
    struct bootstrap_band same = pixel_summary_pro(anew, .3, 301, &one);
    double area = 0, worst = 0;
    for (size_t i = 0; i < pro.points; i++) {
        area += pro.middle[i] / 300 * (i == 0 || i == 300 ? .5 : 1);
        worst = worse(worst, fabs(pro.low[i] - same.middle[i]));
    }
    ok(near(area, pixel_summary_figures(b.summary, .3).aupro, 1e-3),
       "pixels: the area under the PRO band's middle is AUPRO");
    ok(worst < 1e-6, "pixels: a round's PRO curve is that of its images (%.1e)", worst);
    bootstrap_band_free(&pro);
    bootstrap_band_free(&same);
    pixel_summary_free(anew);
    free_both(&b);
}

static void pixel_closed_cases(void)
{
    const float map[4] = {1, 2, 3, 4};
    const unsigned char clean[4] = {0}, marked[4] = {0, 0, 0, 1};
    struct pixel_summary *s = pixel_summary_new();
    pixel_summary_add(s, map, clean, 2, 2, false);
    pixel_summary_end(s);
    ok(isnan(pixel_summary_figures(s, .3).aupro) && isnan(pixel_summary_auroc(s, &plan).low),
       "pixels: nothing without a region");
    pixel_summary_free(s);
    s = pixel_summary_new();
    pixel_summary_add(s, map, marked, 2, 2, true);
    pixel_summary_add(s, map, clean, 2, 2, true);
    pixel_summary_end(s);
    const struct pixel_figures f = pixel_summary_figures(s, 1);
    const struct interval some = pixel_summary_auroc(s, &plan);
    ok(near(f.auroc, 6.5 / 7, 1e-9), "pixels: by hand, 6 1/2 of 7 pairs");
    ok(near(some.low, 6.5 / 7, .08) && !isnan(some.high), "pixels: rounds without a region are left out");
    pixel_summary_free(s);
}

int main(void)
{
    intervals();
    needed();
    draws();
    images_figures();
    delong();
    closed_cases();
    summaries();
    pixel_rounds();
    pixel_closed_cases();
    return done();
}
