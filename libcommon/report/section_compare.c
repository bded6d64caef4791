/* The runs side by side: what each finds, what its errors cost, and whether the differences are more than chance. */
#include "page/html.h"
#include "page/number.h"
#include "report/report.h"
#include <math.h>

static void put_bounds(FILE *f, struct interval i)
{
    if (isfinite(i.low))
        html_put(f, "<br><small>%s – %s</small>", number_figure(i.low).s, number_figure(i.high).s);
}

/* Image AUROC, and the difference to the judged run's. */
static void put_auroc(FILE *f, const struct report *r, size_t i)
{
    const struct outcome *o = &r->outcome[i];
    const struct bootstrap_images images = {o->score, o->defective, o->images};
    html_put(f, "<td>%s", number_figure(outcome_auroc(o)).s);
    put_bounds(f, bootstrap_auroc(&images, &r->bootstrap));
    html_put(f, "</td><td>");
    if (isfinite(r->lead[i].low))
        html_put(f, "%+.3f<br><small>%+.3f – %+.3f</small>", outcome_auroc(o) - outcome_auroc(&r->outcome[0]),
                 r->lead[i].low, r->lead[i].high);
    html_put(f, "</td>");
}

static void put_pixels(FILE *f, const struct report *r, const struct outcome *o)
{
    const struct pixel_metrics *p = &outcome_all(o)->pixel;
    if (!o->pixels) {
        html_put(f, "<td>–</td><td>–</td>");
        return;
    }
    html_put(f, "<td>%s", number_figure(ranking_auroc(&p->ranking)).s);
    put_bounds(f, pixel_summary_auroc(o->pixels, &r->bootstrap));
    html_put(f, "</td><td>%s", number_figure(p->aupro).s);
    put_bounds(f, pixel_summary_aupro(o->pixels, OUTCOME_FPR_LIMIT, &r->bootstrap));
    html_put(f, "</td>");
}

/* Parts a day and money a year, and the difference to the judged run's. */
static void put_prices(FILE *f, const struct report *r, size_t i)
{
    const struct counts *c = &r->outcome[i].counts, *first = &r->outcome[0].counts;
    const struct prices *p = r->prices;
    const double recall = counts_recall(c), alarms = counts_false_alarms(c);
    const double cost = prices_cost(p, recall, alarms),
                 less = cost - prices_cost(p, counts_recall(first), counts_false_alarms(first));
    html_put(f, "<td>%s</td><td>%s</td><td>", number_daily(prices_missed(p, recall)).s,
             number_daily(prices_alarms(p, alarms)).s);
    html_text(f, isfinite(cost) ? number_money(cost, p->currency).s : "–");
    if (i > 0 && isfinite(less)) {
        html_put(f, "<br><small>%s", less > 0 ? "+" : "");
        html_text(f, number_count(less).s);
        html_put(f, "</small>");
    }
    html_put(f, "</td>");
}

static void row(FILE *f, const struct report *r, size_t i)
{
    const struct outcome *o = &r->outcome[i];
    const struct counts *c = &o->counts;
    html_put(f, "<tr%s><th>", i == 0 ? " class=\"judged\"" : "");
    html_text(f, o->name);
    html_put(f, "</th><td>%s<br><small>%s / %s</small></td><td>%s<br><small>%s / %s</small></td>",
             number_percent(counts_recall(c)).s, number_count((double)c->found).s,
             number_count((double)c->defective).s, number_percent(counts_false_alarms(c)).s,
             number_count((double)c->alarms).s, number_count((double)c->good).s);
    if (report_priced(r))
        put_prices(f, r, i);
    put_auroc(f, r, i);
    put_pixels(f, r, o);
    html_put(f, "</tr>\n");
}

static void head(FILE *f, const struct report *r)
{
    html_put(f, "<thead><tr><th></th>");
    html_block(f, "th", NULL, "defects found", "不良の検出");
    html_block(f, "th", NULL, "false alarms", "誤報");
    if (report_priced(r)) {
        html_block(f, "th", NULL, "missed parts a day", "見逃し（個/日）");
        html_block(f, "th", NULL, "false alarms a day", "誤報（件/日）");
        html_block(f, "th", NULL, "cost of errors a year", "誤判定の年間費用");
    }
    html_block(f, "th", NULL, "image AUROC", "画像 AUROC");
    html_block(f, "th", NULL, "difference to the first", "1 行目との差");
    html_block(f, "th", NULL, "pixel AUROC", "画素 AUROC");
    html_put(f, "<th>AUPRO</th></tr></thead>\n");
}

void section_compare(FILE *f, const struct report *r)
{
    html_put(f, "<section id=\"compare\">\n");
    html_block(f, "h2", NULL, "Side by side", "比較");
    html_put(f, "<div class=\"wide\"><table>");
    head(f, r);
    html_put(f, "<tbody>\n");
    for (size_t i = 0; i < r->outcomes; i++)
        row(f, r, i);
    html_put(f, "</tbody></table></div>\n<p class=\"note\">");
    html_say(
        f,
        "Each run at its own model's threshold; the first is the one that is judged. Below a cost: what it "
        "is more or less than the first's. Image AUROC: the probability that a defective image "
        "scores higher than a "
        "good one; pixel AUROC: the same of pixels; AUPRO: how much of each defect the map finds while "
        "few good pixels are "
        "called bad. 1 is perfect. Small: {1} intervals, by {2} drawings of the images with repetition; "
        "of differences, by "
        "the same drawings for both. Where an interval of a difference holds 0, chance explains it.",
        "各行はそれぞれのモデルのしきい値での結果で、判定の対象は 1 行目です。費用の下は 1 "
        "行目との差額です。画像 "
        "AUROC：不良画像のスコアが良品画像より高い確率。画素 "
        "AUROC：画素についての同じ値。AUPRO：良品の画素をほとんど不良と呼ばずに、各欠陥のどれだけを異常マップ"
        "が捉えるか。いずれも 1 "
        "が最良です。小さい数字は {1} 区間（画像を重複を許して {2} 回抽出）。差の区間が 0 "
        "を含む場合、偶然で説明できます。",
        number_percent(r->bootstrap.confidence).s, number_count((double)r->bootstrap.rounds).s);
    html_put(f, "</p>\n</section>\n");
}
