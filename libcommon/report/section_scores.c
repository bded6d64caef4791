/* Histograms of the scores of good and defective images, a run each, and what a threshold does with them. Without a script the
 * model's threshold stands; with one (page.js) it follows the slider, and counts, rates and money with it. */
#include "base/mem.h"
#include "num/sorted.h"
#include "page/html.h"
#include "page/number.h"
#include "page/plot.h"
#include "report/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 40 };

struct histogram {
    double from, to;
    double good[BINS], defective[BINS]; /* images */
    double most;
};

/* Up to the score that 98 of 100 don't pass, and well past the threshold; what is beyond is in the last bar. */
static void choose_range(struct histogram *h, const struct outcome *o)
{
    double *sorted = xmalloc(o->images, sizeof *sorted);
    memcpy(sorted, o->score, o->images * sizeof *sorted);
    sort_f64(sorted, o->images);
    const double most = sorted[(o->images - 1) * 98 / 100], least = sorted[0];
    free(sorted);
    h->from = fmin(least, o->threshold);
    h->to = fmax(most, o->threshold + 0.25 * (o->threshold - h->from));
    if (!(h->to > h->from))
        h->to = h->from + fmax(1, fabs(h->from));
}

static struct histogram count(const struct outcome *o)
{
    struct histogram h = {0};
    choose_range(&h, o);
    for (size_t i = 0; i < o->images; i++) {
        const double place = (o->score[i] - h.from) / (h.to - h.from) * BINS;
        const size_t bin = place >= BINS ? BINS - 1 : place < 0 ? 0 : (size_t)place;
        (o->defective[i] ? h.defective : h.good)[bin]++;
    }
    for (size_t i = 0; i < BINS; i++)
        h.most = fmax(h.most, fmax(h.good[i], h.defective[i]));
    return h;
}

static void draw(FILE *f, const struct outcome *o, const struct histogram *h)
{
    const double bin = (h->to - h->from) / BINS;
    struct plot_axis x = {h->from, h->to, plot_tick(h->to - h->from), "score", "スコア", false},
                     y = {0, h->most * 1.05, fmax(1, plot_tick(h->most * 1.05)), "images", "枚数", false};
    const struct plot p = plot_begin(f, x, y, "Histogram of scores", "スコアの分布");
    for (size_t i = 0; i < BINS; i++) {
        const double left = h->from + (double)i * bin;
        plot_bar(&p, "good", left + 0.06 * bin, left + 0.5 * bin, 0, h->good[i]);
        plot_bar(&p, "bad", left + 0.5 * bin, left + 0.94 * bin, 0, h->defective[i]);
    }
    plot_mark(&p, "model", o->threshold);
    plot_mark(&p, "moved", o->threshold);
    plot_end(&p);
}

/* What the script reads: [score, defective] of every image. */
static void put_scores(FILE *f, const struct outcome *o)
{
    html_put(f, "<script type=\"application/json\" class=\"scores\">{\"threshold\":%.9g,\"scores\":[",
             o->threshold);
    for (size_t i = 0; i < o->images; i++)
        html_put(f, "%s[%.9g,%d]", i ? "," : "", o->score[i], o->defective[i] != 0);
    html_put(f, "]}</script>\n");
}

static void put_slider(FILE *f, const struct outcome *o, const struct histogram *h, size_t i)
{
    html_put(f, "<p class=\"slider\"><label for=\"t%zu\">", i);
    html_say(f, "threshold", "しきい値");
    html_put(
        f,
        "</label> <input type=\"range\" id=\"t%zu\" min=\"%.9g\" max=\"%.9g\" step=\"%.3g\" value=\"%.9g\"> "
        "<output for=\"t%zu\">%.4g</output> <button type=\"button\" class=\"reset\">",
        i, h->from, h->to, (h->to - h->from) / 1000, o->threshold, i, o->threshold);
    html_say(f, "reset", "モデルの値に戻す");
    html_put(f, "</button></p>\n");
}

/* One figure that the script keeps right: its place is named by class. */
static void figure(FILE *f, const char *kind, const char *english, const char *japanese, const char *value)
{
    html_put(f, "<li>");
    html_say(f, english, japanese);
    html_put(f, " <b class=\"%s\">", kind);
    html_text(f, value);
    html_put(f, "</b></li>\n");
}

static void put_figures(FILE *f, const struct report *r, const struct outcome *o)
{
    const struct counts *c = &o->counts;
    const double recall = counts_recall(c), alarms = counts_false_alarms(c);
    char text[80];
    html_put(f, "<ul class=\"figures\" aria-live=\"polite\">\n");
    snprintf(text, sizeof text, "%s (%ju / %ju)", number_percent(recall).s, (uintmax_t)c->found,
             (uintmax_t)c->defective);
    figure(f, "found", "defects found", "不良の検出", text);
    snprintf(text, sizeof text, "%s (%ju / %ju)", number_percent(alarms).s, (uintmax_t)c->alarms,
             (uintmax_t)c->good);
    figure(f, "alarms", "false alarms", "誤報", text);
    if (report_priced(r)) {
        figure(f, "missed-day", "missed a day", "見逃し／日",
               number_decimal(prices_missed(r->prices, recall), 1).s);
        figure(f, "alarms-day", "false alarms a day", "誤報／日",
               number_decimal(prices_alarms(r->prices, alarms), 1).s);
        const double cost = prices_cost(r->prices, recall, alarms);
        figure(f, "cost", "cost a year", "年間費用",
               isfinite(cost) ? number_money(cost, r->prices->currency).s : "–");
    }
    html_put(f, "</ul>\n");
}

static void put_table(FILE *f, const struct histogram *h)
{
    const double bin = (h->to - h->from) / BINS;
    html_put(f, "<details><summary>");
    html_say(f, "Table", "表");
    html_put(f, "</summary><table><thead><tr>");
    html_block(f, "th", NULL, "scores from", "スコア（以上）");
    html_block(f, "th", NULL, "to", "（未満）");
    html_block(f, "th", NULL, "good", "良品");
    html_block(f, "th", NULL, "defective", "不良");
    html_put(f, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < BINS; i++)
        if (h->good[i] + h->defective[i] > 0)
            html_put(f, "<tr><td>%.4g</td><td>%.4g</td><td>%.0f</td><td>%.0f</td></tr>\n",
                     h->from + (double)i * bin, h->from + (double)(i + 1) * bin, h->good[i], h->defective[i]);
    html_put(f, "</tbody></table></details>\n");
}

static void block(FILE *f, const struct report *r, size_t i)
{
    const struct outcome *o = &r->outcome[i];
    const struct histogram h = count(o);
    html_put(f, "<div class=\"threshold\" data-run=\"%zu\">\n<h3>", i);
    html_text(f, o->name);
    html_put(f, "</h3>\n");
    draw(f, o, &h);
    put_slider(f, o, &h, i);
    put_figures(f, r, o);
    put_table(f, &h);
    put_scores(f, o);
    html_put(f, "</div>\n");
}

void section_scores(FILE *f, const struct report *r)
{
    html_put(f, "<section id=\"scores\">\n");
    html_block(f, "h2", NULL, "Scores and threshold", "スコアとしきい値");
    html_put(f, "<p class=\"legend\"><i class=\"key good\"></i>");
    html_say(f, "good", "良品");
    html_put(f, " <i class=\"key bad\"></i>");
    html_say(f, "defective", "不良");
    html_put(f, " <i class=\"key model\"></i>");
    html_say(f, "the model's threshold", "モデルのしきい値");
    html_put(f, "</p>\n<div class=\"columns\">\n");
    for (size_t i = 0; i < r->outcomes; i++)
        block(f, r, i);
    html_put(f, "</div>\n");
    html_block(f, "p", "note",
               "An image is called defective when its score is not below the threshold. A threshold that is "
               "chosen on these images "
               "looks better on them than it will on others: confirm it on new ones.",
               "スコアがしきい値以上の画像を不良と判定します。この画像で選んだしきい値は、他の画像では見かけ"
               "ほど良くありません。新しい画像で"
               "確認してください。");
    html_put(f, "</section>\n");
}
