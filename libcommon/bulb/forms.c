#include "bulb/forms.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/thread.h"
#include "bulb/key.h"
#include "bulb/view.h"
#include "stream/table.h"
#include <stdlib.h>

double bulb_form_coverage(struct bulb_form form)
{
    uint8_t planes[BULB_PLANES * BULB_SCAN_SIDE * BULB_SCAN_SIDE];
    struct bulb_work *w = bulb_work_new(BULB_SCAN_SIDE);
    const struct bulb_map map = bulb_map_of(form);
    double sum = 0;
    for (size_t v = 0; v < BULB_SCAN_VIEWS; v++) {
        struct rng r = rng_new(bulb_key(0, BULB_KEY_SCAN, 0, v), 0);
        const struct bulb_camera camera = bulb_camera_draw(&r);
        bulb_render(planes, BULB_SCAN_SIDE, &map, &camera, w);
        sum += bulb_coverage(planes, BULB_SCAN_SIDE);
    }
    bulb_work_free(w);
    return sum / BULB_SCAN_VIEWS;
}

struct scan {
    const struct bulb_form *form;
    double *coverage;
};

static void measure(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct scan *s = arg;
    s->coverage[task] = bulb_form_coverage(s->form[task]);
}

/* All candidates, shuffled. */
static struct bulb_form *candidates(size_t *n, uint64_t seed, size_t lo, size_t hi)
{
    struct rng r = rng_new(bulb_key(seed, BULB_KEY_FORMS, 0, 0), 0);
    *n = (hi - lo + 1) * BULB_RULES;
    struct bulb_form *form = xmalloc(*n, sizeof *form);
    size_t *order = xmalloc(*n, sizeof *order);
    for (size_t i = 0; i < *n; i++)
        order[i] = i;
    rng_shuffle(&r, order, *n);
    for (size_t i = 0; i < *n; i++)
        form[i] =
            (struct bulb_form){(unsigned)(lo + order[i] / BULB_RULES), bulb_rules[order[i] % BULB_RULES]};
    free(order);
    return form;
}

/* Candidates are measured in batches; which of them are taken depends on their order alone. */
struct bulb_form *bulb_forms_find(size_t n, uint64_t seed, size_t lo, size_t hi, double least, double most)
{
    enum { BATCH = 32 };
    size_t all, found = 0;
    double coverage[BATCH] = {0};
    struct bulb_form *form = candidates(&all, seed, lo, hi);
    const bool any = least <= 0 && most >= 1;
    struct progress p = progress_start("forms", 0);
    for (size_t first = 0; first < all && found < n; first += BATCH) {
        const size_t batch = all - first < BATCH ? all - first : BATCH;
        struct scan scan = {form + first, coverage};
        if (!any)
            pool_run(batch, measure, &scan);
        for (size_t i = 0; i < batch && found < n; i++)
            if (any || (coverage[i] >= least && coverage[i] <= most))
                form[found++] = form[first + i];
        progress_add(&p, batch);
    }
    progress_end(&p);
    if (found < n)
        die("only %zu of %zu forms (--powers) cover that much (--coverage), not the %zu that are wanted (-c, "
            "--systems)",
            found, all, n);
    return form;
}

static size_t cell_number(const struct table *t, size_t row, ptrdiff_t column, size_t lo, size_t hi,
                          const char *path)
{
    size_t value;
    struct err e;
    if (!opt_parse_size(&value, t->cell[row][column], lo, hi, &e))
        die("%s: line %zu: %s: %s", path, row + 2, t->head[column], e.text);
    return value;
}

struct bulb_form *bulb_forms_read(const char *path, size_t *n)
{
    struct table t;
    table_read(&t, path);
    const ptrdiff_t power = table_column(&t, "power"), rule = table_column(&t, "rule");
    if (power < 0 || rule < 0)
        die("%s: no column '%s'", path, power < 0 ? "power" : "rule");
    if (t.rows == 0)
        die("%s: no forms", path);
    *n = t.rows;
    struct bulb_form *form = xmalloc(*n, sizeof *form);
    for (size_t i = 0; i < *n; i++)
        form[i] = (struct bulb_form){(unsigned)cell_number(&t, i, power, 2, BULB_POWER_MAX, path),
                                     (unsigned)cell_number(&t, i, rule, 0, BULB_RULE_MAX, path)};
    table_free(&t);
    return form;
}

void bulb_forms_write(FILE *f, const struct bulb_form *form, size_t n)
{
    double *coverage = xmalloc(n, sizeof *coverage);
    struct scan scan = {form, coverage};
    pool_run(n, measure, &scan);
    fprintf(f, "system\tpower\trule\tcoverage\n");
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%zu\t%u\t%u\t%.4f\n", i, form[i].power, form[i].rule, coverage[i]);
    free(coverage);
}
