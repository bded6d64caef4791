/* Scores of many images in a note: IMAGES:V,V,... (%.9g, ascending), all of them up to a number that is agreed on, of more images
 * so many, spread evenly over their order. */
#ifndef METHOD_SCORE_LIST_H
#define METHOD_SCORE_LIST_H
#include "base/err.h"
#include <stddef.h>

/* n values of so many images; free() it. */
char *score_list_text(size_t images, const float *value, size_t n);
/* Into value, which has room for `most`: as many as the images, or `most`. False with a reason that names the key. */
bool score_list_parse(float *value, size_t most, size_t *images, const char *key, const char *text,
                      struct err *e);
#endif
