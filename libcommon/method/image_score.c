#include "method/image_score.h"
#include "base/mem.h"
#include "metric/radix.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOP "top:"
static const char *const words[] = {"patch", "reweighted", "image", "map-max"}; /* of the form */

const char *const image_scores_patches[] = {"patch", "reweighted", "map-max", TOP "SHARE", NULL};
const char *const image_scores_places[] = {"patch", "map-max", TOP "SHARE", NULL};
const char *const image_scores_whole[] = {"image", "map-max", TOP "SHARE", NULL};
const char *const image_scores_maps[] = {"map-max", TOP "SHARE", NULL};

static bool read_top(struct image_score *score, const char *share, struct err *e)
{
    if (!opt_parse_real(&score->share, share, 1e-9, 1, e))
        return false;
    score->form = SCORE_TOP;
    return true;
}

/* One of the choices, the last of which is top:SHARE. */
static bool read_form(void *value, const char *text, const char *const *choices, struct err *e)
{
    struct image_score *score = value;
    size_t chosen, form = 0;
    if (strncmp(text, TOP, strlen(TOP)) == 0 && strcmp(text, TOP "SHARE") != 0)
        return read_top(score, text + strlen(TOP), e);
    if (!opt_parse_choice(&chosen, text, choices, e))
        return false;
    if (!choices[chosen + 1])
        return err_set(e, "SHARE is a number above 0 and up to 1, as in top:0.01");
    while (strcmp(words[form], choices[chosen]) != 0)
        form++;
    *score = (struct image_score){.form = form};
    return true;
}

static void print_form(FILE *f, const void *value)
{
    const struct image_score *score = value;
    if (score->form == SCORE_TOP)
        fprintf(f, TOP "%.9g", score->share);
    else
        fputs(words[score->form], f);
}

static bool read_patches(void *value, const char *text, struct err *e)
{
    return read_form(value, text, image_scores_patches, e);
}

static bool read_places(void *value, const char *text, struct err *e)
{
    return read_form(value, text, image_scores_places, e);
}

static bool read_whole(void *value, const char *text, struct err *e)
{
    return read_form(value, text, image_scores_whole, e);
}

static bool read_maps(void *value, const char *text, struct err *e)
{
    return read_form(value, text, image_scores_maps, e);
}

const struct setting_own image_score_patches = {read_patches, print_form};
const struct setting_own image_score_places = {read_places, print_form};
const struct setting_own image_score_whole = {read_whole, print_form};
const struct setting_own image_score_maps = {read_maps, print_form};

/* The bin that holds the *rank-th of the items counted, the first being 1; *rank becomes the rank within it. */
static uint32_t bin_of(const size_t *count, size_t *rank)
{
    uint32_t bin = 0;
    while (*rank > count[bin])
        *rank -= count[bin++];
    return bin;
}

/* The key of the rank-th largest value: its upper 16 bits first, then the lower ones among those that share them. */
static uint32_t key_of_rank(const float *value, size_t n, size_t rank)
{
    size_t *count = xcalloc(1 << 16, sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[radix_key_descending(value[i]) >> 16]++;
    const uint32_t high = bin_of(count, &rank);
    memset(count, 0, (1 << 16) * sizeof *count);
    for (size_t i = 0; i < n; i++) {
        const uint32_t key = radix_key_descending(value[i]);
        if (key >> 16 == high)
            count[key & 0xffff]++;
    }
    const uint32_t key = high << 16 | bin_of(count, &rank);
    free(count);
    return key;
}

double largest_of(const float *value, size_t n)
{
    float most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        most = value[i] > most || isnan(value[i]) ? value[i] : most;
    return (double)most;
}

double mean_of_largest(const float *value, size_t n, double share)
{
    const size_t part = (size_t)(share * (double)n + 0.5), largest = part ? part : 1;
    const uint32_t last = key_of_rank(value, n, largest);
    size_t above = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (radix_key_descending(value[i]) < last) {
            sum += (double)value[i];
            above++;
        }
    return (sum + (double)(largest - above) * (double)radix_key_float(last)) / (double)largest;
}
