#include "method/normal_scores.h"
#include "method/score_list.h"

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
    return score_list_text(s->images, s->value, s->n);
}

bool normal_scores_parse(struct normal_scores *s, const char *text, struct err *e)
{
    *s = (struct normal_scores){0};
    if (!score_list_parse(s->value, NORMAL_SCORES_MAX, &s->images, "scores", text, e))
        return false;
    s->n = kept(s->images);
    return true;
}
