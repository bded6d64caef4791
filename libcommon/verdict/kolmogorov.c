#include "verdict/kolmogorov.h"
#include "base/mem.h"
#include <stdlib.h>

/* at[j]: the share of the ways from (0, 0) to (i, j) that stay inside, i row by row. A way of i + j steps came from the left with
 * probability j / (i + j). */
double kolmogorov_chance(size_t n, size_t m, uint64_t distance)
{
    double *at = xcalloc(m + 1, sizeof *at);
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            const uint64_t a = (uint64_t)i * m, b = (uint64_t)j * n;
            const double steps = (double)(i + j);
            if ((a > b ? a - b : b - a) >= distance)
                at[j] = 0;
            else if (i + j == 0)
                at[j] = 1;
            else
                at[j] = at[j] * (double)i / steps + (j ? at[j - 1] * (double)j / steps : 0);
        }
    const double inside = at[m];
    free(at);
    return 1 - inside;
}

uint64_t kolmogorov_limit(size_t n, size_t m, double level)
{
    uint64_t low = 1, high = (uint64_t)n * m + 1;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (kolmogorov_chance(n, m, middle) <= level)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
