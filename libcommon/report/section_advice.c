/* What to do next: what each advice of advice.h says, and the rule that gave it. */
#include "page/html.h"
#include "page/number.h"
#include "report/advice.h"
#include <math.h>

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
    [ADVICE_DECIDE] = {"Take more test images: what was measured lies too near to the limit for these.",
                       "テスト画像を増やしてください。実測値が基準に近く、この枚数では決められません。",
                       "not yet, with enough images for a run without an error",
                       "保留（誤りなしなら足りる枚数）"},
    [ADVICE_METHOD] =
        {"Take the other method, {1}: it ranks these images better by more than chance, at the same secrecy.",
         "別の手法 {1} を使ってください。同じ重みで、偶然とは言えない差で優れています。",
         "paired interval of the difference of image AUROC is above 0, same weights",
         "画像 AUROC の差の対応のある区間が 0 より上、重みは同じ"},
    [ADVICE_WEIGHTS] = {"The other weights, {1}, do better by more than chance. If their licence allows "
                        "their use, weigh that against what "
                        "it gains below; else adapt fern's weights to the product (scripts/hybrid).",
                        "別の重み {1} "
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
    [ADVICE_KIND] = {"Look at the kinds of defect of which less than half is found, below. If they are small "
                     "or faint in the "
                     "picture: a larger image (imgcat -r), more magnification, light from the side.",
                     "下の表で、半分未満しか見つからない種類の不良を確認してください。画像の中で小さい、また"
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

static void say(FILE *f, enum advice a, const struct report *r, const struct advice_list *list)
{
    const struct words *w = &words_of[a];
    const char *argument = r->outcome[list->other].name;
    struct number_text number = {""}, good = number_count((double)r->decision.alarms.needed);
    if (a == ADVICE_MORE_TESTS) {
        number = number_count((double)r->decision.recall.needed);
        argument = number.s;
    }
    if (a == ADVICE_NORMALS || a == ADVICE_ENOUGH) {
        number = number_decimal(learning_gain(r->learning), 3);
        argument = number.s;
    }
    html_put(f, "<li>");
    html_say(f, w->english, w->japanese, argument, good.s);
    html_put(f, " <small>(");
    html_say(f, w->why_english, w->why_japanese);
    html_put(f, ")</small></li>\n");
}

void section_advice(FILE *f, const struct report *r)
{
    const struct advice_list list = advice_give(r);
    html_put(f, "<section id=\"advice\">\n");
    html_block(f, "h2", NULL, "What to do next", "次にすること");
    html_put(f, "<ol>\n");
    for (size_t a = 0; a < ADVICE_KINDS; a++)
        if (list.apply[a])
            say(f, (enum advice)a, r, &list);
    html_put(f, "</ol>\n");
    html_block(f, "p", "note", "In brackets: the rule that gave the advice.",
               "括弧内は、その助言を出した規則です。");
    html_put(f, "</section>\n");
}
