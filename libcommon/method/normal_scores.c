#include "method/normal_scores.h"
#include "base/mem.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { IMAGES_MAX = 1000000000 };

static size_t kept(size_t images)
{
    return images < NORMAL_SCORES_MAX ? images : NORMAL_SCORES_MAX;
}

size_t normal_scores_rank(const struct normal_scores *s, size_t k)
{
    const size_t steps = NORMAL_SCORES_MAX - 1;
    return s->images <= NORMAL_SCORES_MAX ? k : (k * (s->images - 1) + steps / 2) / steps;
}

struct normal_scores normal_scores_of(const float *sorted, size_t n)
{
    struct normal_scores s = {.images = n, .n = kept(n)};
    for (size_t k = 0; k < s.n; k++)
        s.value[k] = sorted[normal_scores_rank(&s, k)];
    return s;
}

char *normal_scores_text(const struct normal_scores *s)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for the normal scores");
    fprintf(f, "%zu:", s->images);
    for (size_t k = 0; k < s->n; k++)
        fprintf(f, "%s%.9g", k ? "," : "", (double)s->value[k]);
    fclose(f);
    return text;
}

bool normal_scores_parse(struct normal_scores *s, const char *text, struct err *e)
{
    char *p;
    const unsigned long long images = strtoull(text, &p, 10);
    *s = (struct normal_scores){0};
    if (*text < '1' || *text > '9' || images > IMAGES_MAX || *p != ':')
        return err_set(e, "scores= does not begin with a number of images");
    const size_t n = kept((size_t)images);
    for (size_t k = 0; k < n; k++) {
        const char *from = p + 1;
        s->value[k] = *p == (k ? ',' : ':') ? strtof(from, &p) : NAN;
        if (!isfinite(s->value[k]) || p == from || (k && s->value[k] < s->value[k - 1]))
            return err_set(e, "scores= has no %zu ascending numbers", n);
    }
    if (*p)
        return err_set(e, "scores= has more than %zu numbers", n);
    s->images = (size_t)images;
    s->n = n;
    return true;
}
