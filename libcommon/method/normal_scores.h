/* What normal images score, as a model remembers it: the scores that its threshold was found on (calibration.h), all of a few, of
 * many the percentiles. In metadata and in the opening note of a map stream it is scores=, a list (score_list.h). Models
 * of before have none. */
#ifndef METHOD_NORMAL_SCORES_H
#define METHOD_NORMAL_SCORES_H
#include "base/err.h"
#include <stddef.h>

enum { NORMAL_SCORES_MAX = 101 };

struct normal_scores {
    size_t images;                  /* whose scores they are; 0: nothing is known */
    size_t n;                       /* kept: images, or NORMAL_SCORES_MAX where there are more */
    float value[NORMAL_SCORES_MAX]; /* ascending */
};

/* sorted: the scores of n images, ascending. */
struct normal_scores normal_scores_of(const float *sorted, size_t n);
/* How many of the images' sorted scores stand before value[k]: k, or that of the k-th percentile, to the nearest whole. */
size_t normal_scores_rank(const struct normal_scores *s, size_t k);
/* The text of scores=; free() it. */
char *normal_scores_text(const struct normal_scores *s);
/* False with a reason: not as above, or not ascending. */
bool normal_scores_parse(struct normal_scores *s, const char *text, struct err *e);
#endif
