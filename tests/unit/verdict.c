/* verdict/, method/normal_scores: alarms by hand; the test of Kolmogorov and Smirnov and the distance against SciPy; how often a
 * drift is called where there is none. */
#include "base/rng.h"
#include "method/normal_scores.h"
#include "tap.h"
#include "../oracle/kolmogorov.h"
#include "verdict/alarm.h"
#include "verdict/drift.h"
#include "verdict/kolmogorov.h"
#include <stdlib.h>
#include <string.h>

/* The alarms of frames: x a defect, - one that keeps an alarm up, . none. "01..." */
static const char *alarms(size_t k, size_t n, const char *frames)
{
    static char text[100];
    struct alarm *a = alarm_new(k, n);
    size_t i = 0;
    for (; frames[i]; i++)
        text[i] = alarm_take(a, frames[i] == 'x', frames[i] == '-') ? '1' : '0';
    text[i] = 0;
    alarm_free(a);
    return text;
}

static void alarm_rules(void)
{
    ok(strcmp(alarms(1, 1, ".x.xx."), "010110") == 0, "one of one: the verdict");
    ok(strcmp(alarms(1, 1, "-.x--.-x."), "001110010") == 0, "hysteresis: stays, and does not begin");
    ok(strcmp(alarms(2, 3, "x.x..x.x"), "00100001") == 0, "two of three");
    ok(strcmp(alarms(2, 3, "x-.xx-.-.."), "0000111100") == 0,
       "two of three, the lower level keeps it: two of the last three reach it");
    ok(strcmp(alarms(3, 3, "xx.xxxx."), "00000110") == 0, "three in a row");
}

static void chances(void)
{
    double worst = 0;
    for (size_t i = 0; i < sizeof kolmogorov_cases / sizeof *kolmogorov_cases; i++) {
        const double want = kolmogorov_cases[i].chance;
        const double got =
            kolmogorov_chance(kolmogorov_cases[i].n, kolmogorov_cases[i].m, kolmogorov_cases[i].distance);
        worst = worse(worst, fabs(got - want) / (1e-13 + 1e-9 * want));
    }
    ok(worst <= 1, "probabilities as SciPy's exact ones");
    ok_close(kolmogorov_chance(3, 2, 6), 0.2, 1e-15,
             "by hand: all of one before all of the other, 2 orders of 10");
    const uint64_t limit = kolmogorov_limit(208, 100, 1e-4);
    ok(kolmogorov_chance(208, 100, limit) <= 1e-4 && kolmogorov_chance(208, 100, limit - 1) > 1e-4,
       "the limit is the smallest");
    ok(kolmogorov_limit(1, 100, 1e-4) == 101, "one image can't tell");
}

static bool round_trip(const struct normal_scores *s)
{
    char *text = normal_scores_text(s);
    struct normal_scores back;
    struct err e;
    const bool same = normal_scores_parse(&back, text, &e) && back.images == s->images && back.n == s->n &&
                      memcmp(back.value, s->value, s->n * sizeof *s->value) == 0;
    free(text);
    return same;
}

static void kept_scores(void)
{
    float score[1001];
    struct err e;
    struct normal_scores s;
    for (size_t i = 0; i < 1001; i++)
        score[i] = (float)i / 7;
    s = normal_scores_of(score, 101);
    ok(s.images == 101 && s.n == 101 && s.value[37] == score[37] && normal_scores_rank(&s, 37) == 37 &&
           round_trip(&s),
       "a hundred and one are all kept");
    s = normal_scores_of(score, 1001);
    ok(s.images == 1001 && s.n == 101 && s.value[0] == 0 && s.value[37] == score[370] &&
           s.value[100] == score[1000] && normal_scores_rank(&s, 37) == 370 && round_trip(&s),
       "of a thousand the percentiles");
    s = normal_scores_of(score, 102);
    ok(normal_scores_rank(&s, 49) == 49 && normal_scores_rank(&s, 50) == 51 && s.value[50] == score[51],
       "to the nearest whole");
    s = normal_scores_of(score, 1);
    ok(s.n == 1 && round_trip(&s), "one");
    static const char *const wrong[] = {
        "",       "0:",   "x",     "2:1",  "2:1,2,3", "2:2,1",        "2:1,nan",
        "2:1,2 ", "2:,1", "2;1,2", "-1:1", "2:1,",    "99999999999:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ok(!normal_scores_parse(&s, wrong[i], &e) && s.images == 0, "refused: '%s': %s", wrong[i], e.text);
}

/* The distance of one window. */
static struct drift_result judged(const float *fit, size_t n, double threshold, const float *good,
                                  size_t window)
{
    const struct normal_scores s = normal_scores_of(fit, n);
    struct drift_result r = {0};
    struct err e;
    struct drift *d = drift_new(&s, threshold, window, 0.5, &e);
    for (size_t i = 0; i < window; i++)
        if (drift_take(d, (double)good[i], &r) != (i == window - 1))
            r.distance = -1;
    drift_free(d);
    return r;
}

static void distances(void)
{
    double worst = 0;
    for (size_t i = 0; i < sizeof drift_cases / sizeof *drift_cases; i++) {
        const struct drift_result r = judged(drift_cases[i].fit, drift_cases[i].n, drift_cases[i].threshold,
                                             drift_cases[i].good, drift_cases[i].window);
        worst = worse(worst, fabs(r.distance - drift_cases[i].distance));
    }
    ok(worst <= 1e-12, "distances as SciPy's, also of ties");
    const float fit[] = {1, 2, 3, 4}, good[] = {2.5f, 2.5f, 2.9f};
    const struct drift_result r = judged(fit, 4, 9, good, 3);
    ok_close(r.distance, 0.5, 1e-15, "by hand: all between the second and the third of four");
    ok(r.median == 2.5 && r.normal_median == 3, "medians");
}

/* Of many the percentiles are known, and the cut is one of them. */
static void percentiles(void)
{
    const struct normal_scores s = normal_scores_of(drift_many.fit, drift_many.n);
    const struct drift_result r =
        judged(drift_many.fit, drift_many.n, drift_many.threshold, drift_many.good, drift_many.window);
    ok(s.value[90] <= drift_many.threshold && s.value[91] > drift_many.threshold,
       "the 90th percentile is the cut");
    ok(r.distance <= drift_many.distance && r.distance > drift_many.distance - 0.03,
       "by percentiles a little less: %g, %g", r.distance, drift_many.distance);
    const float above = s.value[90];
    ok(judged(drift_many.fit, drift_many.n, drift_many.threshold, &above, 1).distance == -1,
       "what is at the cut is not taken");
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The share of windows that are called a drift: images of the fit, and parts, of one distribution, the latter shifted. The
 * threshold is the fit's 0.98 quantile, as a model's. */
static double called(size_t images, size_t window, double level, double shift)
{
    enum { FITS = 1500 };
    float fit[400] = {0};
    size_t drifts = 0;
    struct rng r = rng_new(3, images);
    for (size_t n = 0; n < FITS; n++) {
        struct drift_result result = {0};
        struct err e;
        for (size_t i = 0; i < images; i++)
            fit[i] = (float)exp(rng_normal(&r));
        qsort(fit, images, sizeof *fit, compare);
        const struct normal_scores s = normal_scores_of(fit, images);
        const double threshold = (double)fit[(images - 1) * 98 / 100];
        struct drift *d = drift_new(&s, threshold, window, level, &e);
        for (double score = exp(rng_normal(&r) + shift);
             score >= threshold || !drift_take(d, score, &result);)
            score = exp(rng_normal(&r) + shift);
        drifts += result.drifted;
        drift_free(d);
    }
    return (double)drifts / FITS;
}

/* 1500 windows: a share of 0.05 has a standard deviation of 0.0056. */
static void false_warnings(void)
{
    const double few = called(60, 30, 0.05, 0), many = called(400, 30, 0.05, 0),
                 moved = called(60, 30, 0.05, 1);
    ok(few <= 0.05 + 3 * 0.0056 && few > 0.02, "false drifts at most at the level: %.4f of 0.05", few);
    ok(many <= 0.05 + 3 * 0.0056 && many > 0.01, "also by percentiles: %.4f", many);
    ok(moved > 0.8, "a true one is seen: %.4f", moved);
}

static void too_few(void)
{
    const float fit[] = {1, 2, 3};
    const struct normal_scores s = normal_scores_of(fit, 3);
    struct err e;
    ok(!drift_new(&s, 9, 5, 1e-4, &e) &&
           strstr(e.text, "3 scores of normal images below the threshold are too few"),
       "%s", e.text);
    ok(!drift_new(&s, 0.5, 100, 0.1, &e) && strstr(e.text, "0 scores"), "a threshold below all: %s", e.text);
}

int main(void)
{
    alarm_rules();
    chances();
    kept_scores();
    distances();
    percentiles();
    false_warnings();
    too_few();
    return done();
}
