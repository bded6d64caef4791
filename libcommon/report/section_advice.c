/* What to do next: what each advice of advice.h says, and the rule that gave it. */
#include "base/mem.h"
#include "page/html.h"
#include "page/number.h"
#include "report/advice.h"
#include <inttypes.h>
#include <stdlib.h>

struct words {
    const char *english, *japanese, *why_english, *why_japanese;
};

static const struct words words_of[ADVICE_KINDS] = {
    [ADVICE_INSTALL] =
        {"Let it run beside today's inspection for some weeks, and look at every difference, before it "
         "stands alone.",
         "単独で使う前に、数週間は現行の検査と並行して動かし、判定の違いをすべて確認してください。",
         "verdict: go", "判定：採用可"},
    [ADVICE_DEFECTS] =
        {"Collect defective parts and put their images into test/KIND: nothing can be said about what is "
         "missed.",
         "不良品を集め、画像を test/種類 に入れてください。現状では見逃しについて何も言えません。",
         "no image of a defect", "不良画像が 0 枚"},
    [ADVICE_MORE_TESTS] =
        {"Take more test images: without an error, the rule takes {1} defective and {2} good ones at least.",
         "テスト画像を増やしてください。誤りがなくても、この基準には不良 {1} 枚、良品 {2} 枚以上が必要です。",
         "fewer test images than the limit takes without an error", "誤りなしでも必要な枚数に足りない"},
    [ADVICE_DECIDE] = {"What was measured lies too near to a limit for so few test images.",
                       "実測値が基準に近く、この枚数のテスト画像では決められません。",
                       "not yet, though without an error these images would have been enough",
                       "保留。誤りがなければ足りた枚数"},
    [ADVICE_DEAR] = {"The rule contradicts itself: an inspection that just keeps its limits would cost {1} a "
                     "year, more than {2}. Ask for "
                     "fewer false alarms, or for more defects found.",
                     "基準どうしが矛盾しています。率の基準をちょうど満たす検査の費用は年 {1} で、{2} "
                     "を超えます。誤報率を下げるか、検出率を上げる"
                     "基準にしてください。",
                     "the cost at the limits of both rates is above the limit of cost, which is that of no "
                     "inspection if none was given",
                     "両方の率の基準での費用が、費用の基準（指定がなければ検査なしの費用）より高い"},
    [ADVICE_METHOD] =
        {"Take the other method, {1}: it ranks these images better by more than chance, at the same secrecy.",
         "別の手法 {1} を使ってください。同じ重みで、偶然とは言えない差で優れています。",
         "paired interval of the difference of image AUROC is above 0, same weights",
         "画像 AUROC の差の対応のある区間が 0 より上、重みは同じ"},
    [ADVICE_WEIGHTS] = {"Another network, {1}, does better by more than chance. If its licence allows its "
                        "use, compare below what that is "
                        "worth; else adapt this one to the product (scripts/hybrid).",
                        "別のネットワーク {1} "
                        "のほうが、偶然とは言えない差で優れています。ライセンス上使えるなら、下の差と比べて検"
                        "討してください。"
                        "使えない場合は fern の重みを製品に合わせて調整できます（scripts/hybrid）。",
                        "paired interval of the difference of image AUROC is above 0, other weights",
                        "画像 AUROC の差の対応のある区間が 0 より上、重みは別"},
    [ADVICE_NORMALS] =
        {"Add good training images: the last doubling still gained {1} of image AUROC.",
         "良品の学習画像を増やしてください。最後に 2 倍にしたとき、画像 AUROC がまだ {1} 上がりました。",
         "gain of the last doubling is 0.01 or more", "最後の倍増の効果が 0.01 以上"},
    [ADVICE_ENOUGH] = {"Good training images are enough: doubling them last changed image AUROC by {1}.",
                       "良品の学習画像は足りています。最後に 2 倍にしても画像 AUROC の変化は {1} でした。",
                       "gain of the last doubling is below 0.01", "最後の倍増の効果が 0.01 未満"},
    [ADVICE_KIND] =
        {"Less than half is found of: {1}. Look at their images in the gallery. If the defects are small or "
         "faint in the picture: a larger image (imgcat -r), more magnification, light from the side.",
         "次の種類は半分未満しか見つかっていません：{1}"
         "。下の画像一覧で確認してください。画像の中で小さい、また"
         "は薄い場合は、画像を大きく"
         "する（imgcat -r）、拡大率を上げる、斜めから照明する、などが有効です。",
         "a kind of which less than half is found", "検出が半分未満の種類がある"},
    [ADVICE_THRESHOLD] =
        {"Move the threshold: the scores part good from defective well, but the threshold lies badly. Try it "
         "with the slider below, then confirm it on new images.",
         "しきい値を動かしてください。スコアは良品と不良品をよく分けていますが、しきい値の位置が適切ではあり"
         "ません。"
         "下のスライダーで試し、新しい画像で確かめてください。",
         "image AUROC is 0.95 or more, yet a rate misses its limit",
         "画像 AUROC が 0.95 以上なのに基準を外れる率がある"},
    [ADVICE_ALARMS] = {"Good test images look odd to the model: take training images of the same days, lots "
                       "and light, and add "
                       "them (patchcore --add).",
                       "良品のテスト画像がモデルには異常に見えています。同じ日・ロット・照明の良品画像を学習"
                       "に加えてください"
                       "（patchcore --add）。",
                       "false alarms are above the limit, even at the favourable end",
                       "誤報率が有利な端でも基準を超える"},
};

/* Behind the advice of another run: what the rule says of it. */
static void judge_other(FILE *f, const struct report *r, const struct outcome *o)
{
    const struct counts *c = &o->counts;
    static const char *const english[] = {"it would be a go", "it would be open", "it would be a stop, too"},
                             *const japanese[] = {"「採用可」", "「保留」", "同じく「不採用」"};
    const enum verdict v = rule_judge(r->rule, r->prices, c).verdict;
    html_say(f, " It finds {1} of {2} and calls {3} of {4} good ones; by the same rule ",
             "検出は {2} 枚中 {1} 枚、誤報は {4} 枚中 {3} 枚で、同じ基準では",
             number_count((double)c->found).s, number_count((double)c->defective).s,
             number_count((double)c->alarms).s, number_count((double)c->good).s);
    html_say(f, v == VERDICT_STOP && r->decision.verdict != VERDICT_STOP ? "it would be a stop" : english[v],
             japanese[v]);
    html_say(f, ".", "です。");
}

/* Behind "too near to a limit": how many images would do. */
static void count_images(FILE *f, const struct report *r)
{
    const struct requirement *const q[] = {&r->decision.recall, &r->decision.alarms};
    for (int i = 0; i < 2; i++) {
        if (!q[i]->asked || q[i]->verdict != VERDICT_NOT_YET)
            continue;
        const uint64_t n = requirement_images(q[i], i == 0, r->rule->confidence);
        const struct number_text number = number_count((double)n);
        if (n && i == 0)
            html_say(f, " With {1} defective ones the defects found would be settled, if their rate stays.",
                     " 検出率がこのままなら、不良画像 {1} 枚で決まります。", number.s);
        else if (n)
            html_say(f, " With {1} good ones the false alarms would be settled, if their rate stays.",
                     " 誤報率がこのままなら、良品のテスト画像 {1} 枚で決まります。", number.s);
        else if (i == 0)
            html_say(f,
                     " More images alone will hardly lead to a go: the rate of defects found is not above "
                     "its limit.",
                     " 検出率が基準を上回っていないため、枚数を増やすだけでは採用可になりにくいです。");
        else
            html_say(f,
                     " More images alone will hardly lead to a go: the rate of false alarms is not below its "
                     "limit.",
                     " 誤報率が基準を下回っていないため、枚数を増やすだけでは採用可になりにくいです。");
    }
}

/* The kinds of which less than half is found, comma between; free() it. */
static char *missed_kinds(const struct outcome *o)
{
    char *list = xstrdup("");
    for (size_t i = 0; i + 1 < o->rows; i++) {
        const struct counts c = outcome_kind(o, o->row[i].defect);
        if (2 * c.found >= c.defective)
            continue;
        char *longer = xprintf("%s%s%s (%" PRIu64 " / %" PRIu64 ")", list, *list ? ", " : "",
                               o->row[i].defect, c.found, c.defective);
        free(list);
        list = longer;
    }
    return list;
}

/* What stands for {1} and {2} in the words, NULL where they have none; free() both. */
static void arguments(char *argument[2], enum advice a, const struct report *r, const struct outcome *other)
{
    const struct decision *d = &r->decision;
    argument[0] = argument[1] = NULL;
    switch (a) {
    case ADVICE_MORE_TESTS:
        argument[0] = xstrdup(number_count((double)d->recall.needed).s);
        argument[1] = xstrdup(number_count((double)d->alarms.needed).s);
        break;
    case ADVICE_DEAR:
        argument[0] = xstrdup(
            number_money(prices_cost(r->prices, d->recall.limit, d->alarms.limit), r->prices->currency).s);
        argument[1] = xstrdup(number_money(d->cost.limit, r->prices->currency).s);
        break;
    case ADVICE_NORMALS:
    case ADVICE_ENOUGH:
        argument[0] = xstrdup(number_decimal(learning_gain(r->learning), 3).s);
        break;
    case ADVICE_KIND:
        argument[0] = missed_kinds(&r->outcome[0]);
        break;
    case ADVICE_METHOD:
    case ADVICE_WEIGHTS:
        argument[0] = xstrdup(other->name);
        break;
    case ADVICE_INSTALL:
    case ADVICE_DEFECTS:
    case ADVICE_DECIDE:
    case ADVICE_THRESHOLD:
    case ADVICE_ALARMS:
    case ADVICE_KINDS:
        break;
    }
}

static void say(FILE *f, enum advice a, const struct report *r, const struct outcome *other)
{
    const struct words *w = &words_of[a];
    char *argument[2];
    arguments(argument, a, r, other);
    html_put(f, "<li>");
    html_say(f, w->english, w->japanese, argument[0], argument[1]);
    if (a == ADVICE_METHOD || a == ADVICE_WEIGHTS)
        judge_other(f, r, other);
    if (a == ADVICE_DECIDE)
        count_images(f, r);
    if (a == ADVICE_DEAR && !r->decision.cost.asked)
        html_say(f, " {1} is what defects cost without an inspection.",
                 "{1} は検査をしない場合の不良の費用です。", argument[1]);
    html_put(f, " <small>(");
    html_say(f, w->why_english, w->why_japanese);
    html_put(f, ")</small></li>\n");
    free(argument[0]);
    free(argument[1]);
}

void section_advice(FILE *f, const struct report *r)
{
    const struct advice_list list = advice_give(r);
    html_put(f, "<section id=\"advice\">\n");
    html_block(f, "h2", NULL, "What to do next", "次にすること");
    html_put(f, "<ol>\n");
    for (size_t a = 0; a < ADVICE_KINDS; a++)
        if (list.apply[a])
            say(f, (enum advice)a, r, &r->outcome[list.other]);
    html_put(f, "</ol>\n");
    html_block(f, "p", "note", "In brackets: on what the advice rests.", "括弧内は、その助言の根拠です。");
    html_put(f, "</section>\n");
}
