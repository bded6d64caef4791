/* The verdict, the requirements that it rests on, and the arithmetic, so that a reader can do it again by hand. */
#include "page/html.h"
#include "page/number.h"
#include "report/report.h"
#include <math.h>

static void say_word(FILE *f, enum verdict v)
{
    static const char *const english[] = {"Go", "Not yet", "Stop"}, *const japanese[] = {"採用可", "保留",
                                                                                         "不採用"};
    html_say(f, english[v], japanese[v]);
}

static void say_reason(FILE *f, const struct report *r)
{
    switch (r->decision.verdict) {
    case VERDICT_GO:
        html_say(f, "An inspection in the house meets the rule that was set before the pilot.",
                 "社内での検査は、事前に決めた基準を満たしています。");
        break;
    case VERDICT_NOT_YET:
        html_say(f,
                 "Whether an inspection in the house meets the rule is open: these images don't settle it.",
                 "社内での検査が基準を満たすかどうかは、これらの画像では決められません。");
        break;
    case VERDICT_STOP:
        html_say(f,
                 "As it stands, an inspection in the house does not meet the rule that was set before the "
                 "pilot. What could change that stands below.",
                 "現状では、社内での検査は事前に決めた基準を満たしません。改善の手がかりは下にあります。");
        break;
    }
}

/* One row: what is asked, what was counted, how far the truth may be from it. */
static void rate_row(FILE *f, const struct requirement *q, const char *english, const char *japanese,
                     const char *sign, uint64_t hits, uint64_t of)
{
    html_put(f, "<tr class=\"%s\"><th>", q->asked ? verdict_names[q->verdict] : "");
    html_say(f, english, japanese);
    html_put(f, "</th><td>%s %s</td><td>", q->asked ? sign : "", q->asked ? number_percent(q->limit).s : "–");
    if (of)
        html_say(f, "{1} ({2} of {3})", "{1}（{3} 枚中 {2} 枚）", number_percent(q->value).s,
                 number_count((double)hits).s, number_count((double)of).s);
    else
        html_say(f, "no such image", "画像なし");
    html_put(f, "</td><td>%s – %s</td><td>", number_percent(q->bounds.low).s,
             number_percent(q->bounds.high).s);
    if (q->asked)
        say_word(f, q->verdict);
    html_put(f, "</td></tr>\n");
}

static void cost_row(FILE *f, const struct report *r)
{
    const struct requirement *q = &r->decision.cost;
    const char *currency = r->prices->currency;
    html_put(f, "<tr class=\"%s\"><th>", q->asked ? verdict_names[q->verdict] : "");
    html_say(f, "Cost of errors, a year", "誤判定の年間費用");
    html_put(f, "</th><td>%s ", q->asked ? "≤" : "–");
    if (q->asked)
        html_text(f, number_money(q->limit, currency).s);
    html_put(f, "</td><td>");
    html_text(f, isnan(q->value) ? "–" : number_money(q->value, currency).s);
    html_put(f, "</td><td>");
    html_text(f, number_money(q->bounds.low, currency).s);
    html_put(f, " – ");
    html_text(f, number_money(q->bounds.high, currency).s);
    html_put(f, "</td><td>");
    if (q->asked)
        say_word(f, q->verdict);
    html_put(f, "</td></tr>\n");
}

static void requirements(FILE *f, const struct report *r)
{
    const struct counts *c = &r->outcome[0].counts;
    html_put(f, "<table class=\"rule\"><thead><tr><th></th>");
    html_block(f, "th", NULL, "asked", "基準");
    html_block(f, "th", NULL, "measured", "実測");
    html_put(f, "<th>");
    html_say(f, "true value, {1} sure at each end", "真の値（両端それぞれ信頼度 {1}）",
             number_percent(r->rule->confidence).s);
    html_put(f, "</th><th></th></tr></thead><tbody>\n");
    rate_row(f, &r->decision.recall, "Defects found", "不良の検出率", "≥", c->found, c->defective);
    rate_row(f, &r->decision.alarms, "False alarms among good parts", "良品の誤報率", "≤", c->alarms,
             c->good);
    if (report_priced(r))
        cost_row(f, r);
    html_put(f, "</tbody></table>\n");
}

/* What a rate says, in words. */
static void explain_rate(FILE *f, const struct requirement *q, double confidence, const char *english,
                         const char *japanese, uint64_t hits, uint64_t of)
{
    html_put(f, "<li>");
    html_say(f, english, japanese);
    html_say(f,
             ": {1} of {2} images reach the threshold. By the exact binomial bounds (Clopper and Pearson), "
             "if the true rate "
             "were below {3}, so many or more would be seen with a probability of less than {5}, and if it "
             "were above {4}, so "
             "few or fewer.",
             "：{2} 枚のうち {1} "
             "枚がしきい値に達しました。二項分布の正確な限界（Clopper–Pearson）によれば、真の率が {3} "
             "未満ならこれだけ多く、{4} を超えるならこれだけ少なく観測される確率は {5} 未満です。",
             number_count((double)hits).s, number_count((double)of).s, number_percent(q->bounds.low).s,
             number_percent(q->bounds.high).s, number_percent(1 - confidence).s);
    if (q->asked)
        html_say(f, " A limit of {1} takes at least {2} images without a single error.",
                 " 基準 {1} を示すには、誤りが一つもない場合でも少なくとも {2} 枚が必要です。",
                 number_percent(q->limit).s, number_count((double)q->needed).s);
    html_put(f, "</li>\n");
}

static void explain_cost(FILE *f, const struct report *r)
{
    const struct prices *p = r->prices;
    const struct decision *d = &r->decision;
    html_put(f, "<li>");
    html_say(
        f,
        "Cost a year = {1} parts a day × {2} days × ({3} defective × missed × {4} + {5} good × false alarms "
        "× {6}). "
        "Without an inspection, all defects missed: {7}.",
        "年間費用＝1 日 {1} 個 × {2} 日 ×（不良 {3} × 見逃し率 × {4} ＋ 良品 {5} × 誤報率 × {6}）。検査なし"
        "（すべて見逃し）の場合：{7}。",
        number_count(p->parts_per_day).s, number_count(p->days).s, number_percent(p->defect_rate).s,
        number_money(p->miss, p->currency).s, number_percent(1 - p->defect_rate).s,
        number_money(p->alarm, p->currency).s, number_money(prices_cost(p, 0, 0), p->currency).s);
    html_put(f, " ");
    html_say(f,
             "The dear end of the range has the lower bound of defects found and the upper bound of false "
             "alarms, the cheap "
             "end the others: {1} and {2} missed parts a day, {3} and {4} false alarms a day.",
             "範囲の高い側は検出率の下限と誤報率の上限、低い側はその逆です：見逃しは 1 日 {1} 個と {2} "
             "個、誤報は 1 日 {3} "
             "件と {4} 件。",
             number_daily(prices_missed(p, d->recall.bounds.low)).s,
             number_daily(prices_missed(p, d->recall.bounds.high)).s,
             number_daily(prices_alarms(p, d->alarms.bounds.high)).s,
             number_daily(prices_alarms(p, d->alarms.bounds.low)).s);
    html_put(f, "</li>\n");
}

static void arithmetic(FILE *f, const struct report *r)
{
    const struct outcome *o = &r->outcome[0];
    char threshold[32];
    snprintf(threshold, sizeof threshold, "%.6g", o->threshold);
    html_put(f, "<details><summary>");
    html_say(f, "The arithmetic", "計算の内訳");
    html_put(f, "</summary><ul>\n<li>");
    html_say(f,
             "Judged is {1} at the threshold {2}, which was set by good training images alone: no test image "
             "had a part in it.",
             "判定対象は {1}、しきい値は {2} "
             "です。このしきい値は良品の学習画像だけから決めたもので、テスト画像は使っていません。",
             o->name, threshold);
    html_put(f, "</li>\n");
    explain_rate(f, &r->decision.recall, r->rule->confidence, "Defects found", "不良の検出率",
                 o->counts.found, o->counts.defective);
    explain_rate(f, &r->decision.alarms, r->rule->confidence, "False alarms", "誤報率", o->counts.alarms,
                 o->counts.good);
    if (report_priced(r))
        explain_cost(f, r);
    html_put(f, "<li>");
    html_say(f,
             "Go: each requirement is met at the unfavourable end of its range. Stop: one is missed even at "
             "the favourable end. "
             "Not yet: neither.",
             "採用可：すべての基準を範囲の不利な端でも満たす場合。不採用：いずれかを有利な端でも満たさない場"
             "合。保留：そのどちらでもない場合。");
    html_put(f, "</li>\n</ul></details>\n");
}

void section_verdict(FILE *f, const struct report *r)
{
    html_put(f, "<section id=\"verdict\" class=\"%s\">\n<p class=\"word\">",
             verdict_names[r->decision.verdict]);
    say_word(f, r->decision.verdict);
    html_put(f, "</p>\n<p class=\"reason\">");
    say_reason(f, r);
    html_put(f, "</p>\n");
    requirements(f, r);
    arithmetic(f, r);
    html_put(f, "</section>\n");
}
