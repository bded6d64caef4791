/* How many images do I need: figures over the number of training images. */
#include "page/html.h"
#include "page/number.h"
#include "page/plot.h"
#include "report/report.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

static const char *const names[LEARNING_FIGURES] = {"image AUROC", "pixel AUROC", "AUPRO"};

static void put_table(FILE *f, const struct learning *l)
{
    html_put(f, "<details open><summary>");
    html_say(f, "Table", "表");
    html_put(f, "</summary><table><thead><tr>");
    html_block(f, "th", NULL, "training images", "学習画像");
    html_block(f, "th", NULL, "fits", "回数");
    for (size_t k = 0; k < LEARNING_FIGURES; k++)
        html_put(f, "<th>%s</th>", names[k]);
    html_put(f, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < l->n; i++) {
        const struct learning_point *p = &l->point[i];
        html_put(f, "<tr><td>%s</td><td>%zu</td>", number_count(p->images).s, p->fits);
        for (size_t k = 0; k < LEARNING_FIGURES; k++)
            html_put(f, "<td>%s <small>%s – %s</small></td>", number_figure(p->mean[k]).s,
                     number_figure(p->low[k]).s, number_figure(p->high[k]).s);
        html_put(f, "</tr>\n");
    }
    html_put(f, "</tbody></table></details>\n");
}

/* One figure over doublings; nothing where it is not defined. */
static void draw_figure(const struct plot *p, const struct learning *l, size_t k)
{
    double *block = xmalloc(4 * l->n, sizeof *block), *x = block, *mean = x + l->n, *low = mean + l->n,
           *high = low + l->n;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (isfinite(l->point[i].mean[k])) {
            x[n] = log2(l->point[i].images);
            mean[n] = l->point[i].mean[k];
            low[n] = l->point[i].low[k];
            high[n++] = l->point[i].high[k];
        }
    plot_band(p, report_series(k), x, low, high, n);
    plot_line(p, report_series(k), x, mean, n);
    for (size_t i = 0; i < n; i++)
        plot_dot(p, report_series(k), x[i], mean[i]);
    free(block);
}

static void draw(FILE *f, const struct learning *l)
{
    const double last = log2(l->point[l->n - 1].images), first = log2(l->point[0].images);
    double least = 1;
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < LEARNING_FIGURES; k++)
            least = fmin(least, l->point[i].low[k]);
    const double from = floor(fmin(least, 0.9) * 10) / 10;
    const struct plot_axis x = {first, fmax(last, first + 1), 1, "training images", "学習画像の枚数", true},
                           y = {from, 1, plot_tick(1 - from), "figure", "値", false};
    const struct plot p = plot_begin(f, x, y, "Figures over training images", "学習画像の枚数と性能");
    for (size_t k = LEARNING_FIGURES; k-- > 0;)
        draw_figure(&p, l, k);
    plot_end(&p);
}

void section_learning(FILE *f, const struct report *r)
{
    if (!r->learning)
        return;
    html_put(f, "<section id=\"learning\">\n");
    html_block(f, "h2", NULL, "How many training images", "学習画像は何枚必要か");
    html_put(f, "<p class=\"legend\">");
    for (size_t k = 0; k < LEARNING_FIGURES; k++)
        html_put(f,
                 "<svg class=\"key\" viewBox=\"0 0 36 8\" aria-hidden=\"true\"><path class=\"line %s\" "
                 "d=\"M0 4H36\"/></svg>%s ",
                 report_series(k), names[k]);
    html_put(f, "</p>\n<div class=\"columns\"><figure>\n");
    draw(f, r->learning);
    html_put(f, "</figure>\n");
    put_table(f, r->learning);
    html_put(f, "</div>\n");
    html_block(f, "p", "note",
               "Means over several choices of training images; shaded and small: the least and the largest.",
               "学習画像の選び方を変えた平均。網かけと小さい数字は最小と最大です。");
    html_put(f, "</section>\n");
}
