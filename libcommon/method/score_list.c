#include "method/score_list.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { IMAGES_MAX = 1000000000 };

char *score_list_text(size_t images, const float *value, size_t n)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for the scores of normal images");
    fprintf(f, "%zu:", images);
    for (size_t k = 0; k < n; k++)
        fprintf(f, "%s%.9g", k ? "," : "", (double)value[k]);
    fclose(f);
    return text;
}

bool score_list_parse(float *value, size_t most, size_t *images, const char *key, const char *text,
                      struct err *e)
{
    char *p;
    const unsigned long long count = strtoull(text, &p, 10);
    if (*text < '1' || *text > '9' || count > IMAGES_MAX || *p != ':')
        return err_set(e, "%s= does not begin with a number of images", key);
    const size_t n = count < most ? (size_t)count : most;
    for (size_t k = 0; k < n; k++) {
        const char *from = p + 1;
        value[k] = *p == (k ? ',' : ':') ? strtof(from, &p) : NAN;
        if (!isfinite(value[k]) || p == from || (k && value[k] < value[k - 1]))
            return err_set(e, "%s= has no %zu ascending numbers", key, n);
    }
    if (*p)
        return err_set(e, "%s= has more than %zu numbers", key, n);
    *images = (size_t)count;
    return true;
}
