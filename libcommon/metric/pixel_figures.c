/* Figures of sums of images' counts by level. */
#include "base/mem.h"
#include "metric/pixel_summary_parts.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A set of images as one. */
struct sum {
    double sound[SUMMARY_LEVELS], region[SUMMARY_LEVELS], overlap[SUMMARY_LEVELS];
    double sounds, pixels, regions; /* of all levels */
};

static void add(double *sum, const float *counts, double times)
{
    for (size_t l = 0; l < SUMMARY_LEVELS; l++)
        sum[l] += times * (double)counts[l];
}

static void sum_images(struct sum *sum, const struct pixel_summary *s, const uint32_t *times)
{
    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < s->images; i++) {
        if (times[i] == 0)
            continue;
        add(sum->sound, s->counts[i]->sound, times[i]);
        if (s->regions[i] == 0)
            continue;
        add(sum->region, s->counts[i]->region, times[i]);
        add(sum->overlap, s->counts[i]->overlap, times[i]);
        sum->regions += (double)times[i] * s->regions[i];
    }
    for (size_t l = 0; l < SUMMARY_LEVELS; l++) {
        sum->sounds += sum->sound[l];
        sum->pixels += sum->region[l];
    }
}

static bool defined(const struct sum *sum)
{
    return sum->regions > 0 && sum->sounds > 0;
}

/* error: what ties can hold; NULL: not asked. */
static double auroc(const struct sum *sum, double *error)
{
    double area = 0, ties = 0, fp = 0;
    if (!defined(sum))
        return NAN;
    for (size_t l = 0; l < SUMMARY_LEVELS; fp += sum->sound[l++]) {
        const double right = sum->sounds - fp - sum->sound[l];
        area += sum->region[l] * (right + sum->sound[l] / 2);
        ties += sum->region[l] * sum->sound[l] / 2;
    }
    if (error)
        *error = ties / sum->sounds / sum->pixels;
    return area / sum->sounds / sum->pixels;
}

/* Trapezoids over FPR to the limit, in units of a sound pixel; the level that crosses it in part. There the exact curve may
 * rise at once or never: the whole rectangle is in doubt. */
static double aupro(const struct sum *sum, double limit, double *error)
{
    double area = 0, ties = 0, fp = 0, overlap = 0;
    const double end = limit * sum->sounds;
    if (!defined(sum))
        return NAN;
    for (size_t l = 0; l < SUMMARY_LEVELS && fp < end; l++) {
        const double way = fmin(sum->sound[l], end - fp);
        const double rise = sum->overlap[l] * (sum->sound[l] > 0 ? way / sum->sound[l] : 1);
        area += way * (overlap + rise / 2);
        ties += way * sum->overlap[l] * (way < sum->sound[l] ? 1 : 0.5);
        overlap += rise;
        fp += way;
    }
    if (error)
        *error = ties / sum->regions / end;
    return area / sum->regions / end;
}

struct asked {
    const struct pixel_summary *s;
    double limit;
    size_t points;
};

static void measure_auroc(double *out, const uint32_t *times, const void *of)
{
    const struct asked *a = of;
    struct sum sum;
    sum_images(&sum, a->s, times);
    *out = auroc(&sum, NULL);
}

static void measure_aupro(double *out, const uint32_t *times, const void *of)
{
    const struct asked *a = of;
    struct sum sum;
    sum_images(&sum, a->s, times);
    *out = aupro(&sum, a->limit, NULL);
}

/* Linear between the points at the levels; the upper end where the curve is vertical. */
static void measure_pro(double *out, const uint32_t *times, const void *of)
{
    const struct asked *a = of;
    struct sum sum;
    double fp = 0, overlap = 0;
    size_t point = 0;
    sum_images(&sum, a->s, times);
    for (size_t l = 0; l < SUMMARY_LEVELS; fp += sum.sound[l], overlap += sum.overlap[l], l++)
        for (; point < a->points; point++) {
            const double x = a->limit * (double)point / (double)(a->points - 1) * sum.sounds;
            if (x >= fp + sum.sound[l])
                break;
            out[point] = (overlap + sum.overlap[l] * (x - fp) / sum.sound[l]) / sum.regions;
        }
    for (; point < a->points; point++)
        out[point] = 1;
    for (point = 0; point < a->points && !defined(&sum); point++)
        out[point] = NAN;
}

struct pixel_figures pixel_summary_figures(const struct pixel_summary *s, double limit)
{
    struct pixel_figures f = {NAN, NAN, NAN, NAN};
    struct sum sum;
    uint32_t *once = xmalloc(s->images, sizeof *once);
    for (size_t i = 0; i < s->images; i++)
        once[i] = 1;
    sum_images(&sum, s, once);
    f.auroc = auroc(&sum, &f.auroc_error);
    f.aupro = aupro(&sum, limit, &f.aupro_error);
    free(once);
    return f;
}

static struct interval bounds_of(const struct asked *a, const struct bootstrap *b, bootstrap_measure *measure)
{
    struct interval bounds;
    bootstrap_run(&bounds, 1, a->s->defective, a->s->images, b, measure, a);
    return bounds;
}

struct interval pixel_summary_auroc(const struct pixel_summary *s, const struct bootstrap *b)
{
    return bounds_of(&(struct asked){.s = s}, b, measure_auroc);
}

struct interval pixel_summary_aupro(const struct pixel_summary *s, double limit, const struct bootstrap *b)
{
    return bounds_of(&(struct asked){.s = s, .limit = limit}, b, measure_aupro);
}

struct bootstrap_band pixel_summary_pro(const struct pixel_summary *s, double limit, size_t points,
                                        const struct bootstrap *b)
{
    const struct asked a = {s, limit, points};
    return bootstrap_band_run(points, limit, s->defective, s->images, b, measure_pro, &a);
}
