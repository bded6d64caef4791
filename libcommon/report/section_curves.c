/* ROC, precision over recall, and PRO, the judged run's with its band. */
#include "page/html.h"
#include "page/number.h"
#include "page/plot.h"
#include "report/report.h"
#include <math.h>

enum { POINTS = 101, RUNS_MAX = 6 };

/* One of the three kinds of curve. */
struct family {
    const char *title_english, *title_japanese;
    struct plot_axis x, y;
    struct bootstrap_band (*of)(const struct outcome *o, const struct bootstrap *b);
};

static struct bootstrap_band roc(const struct outcome *o, const struct bootstrap *b)
{
    return bootstrap_roc(&(struct bootstrap_images){o->score, o->defective, o->images}, POINTS, b);
}
static struct bootstrap_band precision(const struct outcome *o, const struct bootstrap *b)
{
    return bootstrap_pr(&(struct bootstrap_images){o->score, o->defective, o->images}, POINTS, b);
}
static struct bootstrap_band pro(const struct outcome *o, const struct bootstrap *b)
{
    return pixel_summary_pro(o->pixels, OUTCOME_FPR_LIMIT, POINTS, b);
}

static const struct family families[] = {
    {"ROC",
     "ROC 曲線",
     {0, 1, 0.2, "false alarms", "誤報率", false},
     {0, 1, 0.2, "defects found", "検出率", false},
     roc},
    {"Precision and recall",
     "適合率と検出率",
     {0, 1, 0.2, "defects found (recall)", "検出率（再現率）", false},
     {0, 1, 0.2, "precision", "適合率", false},
     precision},
    {"PRO: where the defect is",
     "PRO：欠陥の位置",
     {0, OUTCOME_FPR_LIMIT, 0.05, "good pixels called bad", "誤って不良とした画素", false},
     {0, 1, 0.2, "overlap with defects", "欠陥との重なり", false},
     pro},
};

static void put_table(FILE *f, const struct report *r, const struct family *k,
                      const struct bootstrap_band *band, const size_t *run, size_t n)
{
    html_put(f, "<details><summary>");
    html_say(f, "Table", "表");
    html_put(f, "</summary><div class=\"wide\"><table><thead><tr>");
    html_block(f, "th", NULL, k->x.english, k->x.japanese);
    for (size_t i = 0; i < n; i++) {
        html_put(f, "<th>");
        html_text(f, r->outcome[run[i]].name);
        html_put(f, "</th>");
    }
    html_put(f, "</tr></thead><tbody>\n");
    for (size_t j = 0; j < POINTS; j += 5) {
        html_put(f, "<tr><td>%.3g</td>", band[0].x[j]);
        for (size_t i = 0; i < n; i++)
            html_put(f, "<td>%.3f <small>%.3f – %.3f</small></td>", band[i].middle[j], band[i].low[j],
                     band[i].high[j]);
        html_put(f, "</tr>\n");
    }
    html_put(f, "</tbody></table></div></details>\n");
}

/* Of the runs that have such a curve; the first is drawn last, above the others. */
static void put_family(FILE *f, const struct report *r, const struct family *k, bool pixels)
{
    struct bootstrap_band band[RUNS_MAX];
    size_t run[RUNS_MAX], n = 0;
    for (size_t i = 0; i < r->outcomes && n < RUNS_MAX; i++)
        if (!pixels || r->outcome[i].pixels) {
            run[n] = i;
            band[n++] = k->of(&r->outcome[i], &r->bootstrap);
        }
    if (n == 0)
        return;
    html_put(f, "<figure>\n");
    html_block(f, "figcaption", NULL, k->title_english, k->title_japanese);
    const struct plot p = plot_begin(f, k->x, k->y, k->title_english, k->title_japanese);
    plot_band(&p, report_series(run[0]), band[0].x, band[0].low, band[0].high, POINTS);
    for (size_t i = n; i-- > 0;)
        plot_line(&p, report_series(run[i]), band[i].x, band[i].middle, POINTS);
    plot_end(&p);
    put_table(f, r, k, band, run, n);
    html_put(f, "</figure>\n");
    for (size_t i = 0; i < n; i++)
        bootstrap_band_free(&band[i]);
}

void section_curves(FILE *f, const struct report *r)
{
    const struct counts *c = &r->outcome[0].counts;
    if (c->defective == 0 || c->good == 0)
        return;
    html_put(f, "<section id=\"curves\">\n");
    html_block(f, "h2", NULL, "Curves", "曲線");
    html_put(f, "<p class=\"legend\">");
    for (size_t i = 0; i < r->outcomes && i < RUNS_MAX; i++) {
        html_put(f,
                 "<svg class=\"key\" viewBox=\"0 0 36 8\" aria-hidden=\"true\"><path class=\"line %s\" "
                 "d=\"M0 4H36\"/></svg>",
                 report_series(i));
        html_text(f, r->outcome[i].name);
        html_put(f, " ");
    }
    html_put(f, "</p>\n<div class=\"columns\">\n");
    put_family(f, r, &families[0], false);
    put_family(f, r, &families[1], false);
    put_family(f, r, &families[2], true);
    html_put(f, "</div>\n<p class=\"note\">");
    html_say(f, "Shaded: {1} of {2} drawings of the images with repetition, point by point, of {3}.",
             "網かけ：{3} の画像を重複を許して {2} 回抽出したときの、各点での {1} の範囲。",
             number_percent(r->bootstrap.confidence).s, number_count((double)r->bootstrap.rounds).s,
             r->outcome[0].name);
    html_put(f, "</p>\n</section>\n");
}
