/* Files of systems: what is accepted has 1 to 8 maps of finite numbers, and probabilities that sum to 1. */
#include "fractal/codes.h"
#include "fuzz.h"
#include <math.h>
#include <stdlib.h>

static void examine(const struct ifs *s)
{
    double sum = 0;
    if (s->n < 1 || s->n > IFS_MAPS_MAX)
        abort();
    for (size_t i = 0; i < s->n; i++) {
        const struct ifs_map *m = &s->map[i];
        sum += s->p[i];
        if (!isfinite(m->a + m->b + m->c + m->d + m->e + m->f))
            abort();
    }
    if (!(fabs(sum - 1) < 1e-9))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct codes codes = {0};
    struct err e;
    fuzz_limit_memory();
    if (codes_parse(&codes, (const char *)data, n, &e) && codes.n == 0)
        abort();
    for (size_t i = 0; i < codes.n; i++)
        examine(&codes.system[i]);
    codes_free(&codes);
    return 0;
}
