/* The test images as the judged run sees them, the worst verdicts first. */
#include "base/mem.h"
#include "page/html.h"
#include "page/number.h"
#include "report/report.h"
#include <stdlib.h>
#include <string.h>

struct place {
    size_t image;
    double wrong; /* how far the score is on the wrong side of the threshold; negative: on the right one */
};

static int worst_first(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->wrong != q->wrong)
        return p->wrong < q->wrong ? 1 : -1;
    return (p->image > q->image) - (p->image < q->image);
}

static struct place *sort_images(const struct outcome *o)
{
    struct place *place = xmalloc(o->images, sizeof *place);
    for (size_t i = 0; i < o->images; i++) {
        const double above = o->score[i] - o->threshold;
        place[i] = (struct place){i, o->defective[i] ? -above : above};
    }
    qsort(place, o->images, sizeof *place, worst_first);
    return place;
}

static const char *verdict_of(const struct outcome *o, size_t i)
{
    const bool called = o->score[i] >= o->threshold;
    if (o->defective[i])
        return called ? "found" : "missed";
    return called ? "alarm" : "passed";
}

static void put_picture(FILE *f, const char *kind, const unsigned char *data, size_t n, const char *type,
                        const char *english)
{
    if (!data)
        return;
    html_put(f, "<img class=\"%s\" alt=\"%s\" ", kind, english);
    html_source(f, type, data, n);
    html_put(f, ">");
}

static void badges(FILE *f)
{
    html_block(f, "b", "found", "found", "検出");
    html_block(f, "b", "missed", "missed", "見逃し");
    html_block(f, "b", "alarm", "false alarm", "誤報");
    html_block(f, "b", "passed", "passed", "良品判定");
}

static void card(FILE *f, const struct report *r, size_t i)
{
    const struct outcome *o = &r->outcome[0];
    const struct gallery_picture *p = &r->gallery->picture[i];
    html_put(
        f,
        "<figure class=\"card\" data-verdict=\"%s\" data-score=\"%.9g\" data-defective=\"%d\" data-kind=\"",
        verdict_of(o, i), o->score[i], o->defective[i] != 0);
    html_text(f, o->kind[i]);
    html_put(f, "\">");
    put_picture(f, "seen", p->image, p->image_bytes, "image/jpeg", "image");
    put_picture(f, "mask", p->mask, p->mask_bytes, "image/png", "true mask");
    put_picture(f, "map", p->overlay, p->overlay_bytes, "image/jpeg", "anomaly map over the image");
    html_put(f, "<figcaption>");
    badges(f);
    html_put(f, "<span class=\"name\">");
    html_text(f, o->image_name[i]);
    html_put(f, "</span> <small>");
    html_text(f, o->kind[i]);
    html_put(f, " · %.4g</small></figcaption></figure>\n", o->score[i]);
}

static void button(FILE *f, const char *group, const char *value, const char *english, const char *japanese)
{
    html_put(f, "<button type=\"button\" aria-pressed=\"%s\" data-%s=\"", *value ? "false" : "true", group);
    html_text(f, value);
    html_put(f, "\">");
    if (japanese)
        html_say(f, english, japanese);
    else
        html_text(f, value);
    html_put(f, "</button>\n");
}

static void filters(FILE *f, const struct outcome *o)
{
    html_put(f, "<div class=\"filters\"><p>");
    button(f, "verdict", "", "all verdicts", "すべての判定");
    button(f, "verdict", "missed", "missed", "見逃し");
    button(f, "verdict", "alarm", "false alarms", "誤報");
    button(f, "verdict", "found", "found", "検出");
    button(f, "verdict", "passed", "passed", "良品判定");
    html_put(f, "</p><p>");
    button(f, "kind", "", "all kinds", "すべての種類");
    if (o->counts.good)
        button(f, "kind", "good", "good", "良品");
    for (size_t k = 0; o->counts.defective && k + 1 < o->rows; k++)
        button(f, "kind", o->row[k].defect, NULL, NULL);
    html_put(f, "</p><p class=\"shown\"><output></output></p></div>\n");
}

void section_gallery(FILE *f, const struct report *r)
{
    if (!r->gallery)
        return;
    const struct outcome *o = &r->outcome[0];
    struct place *place = sort_images(o);
    html_put(f, "<section id=\"gallery\">\n");
    html_block(f, "h2", NULL, "The images, the worst verdicts first", "画像（判定の悪い順）");
    html_put(f, "<p class=\"note\">");
    html_say(f,
             "As {1} sees them: image, true mask where there is one, map. White outlines: what reaches the "
             "threshold for pixels; "
             "green: the true mask. Verdicts follow the slider of the first run above.",
             "{1} "
             "の結果：画像、正解マスク（あれば）、異常マップ。白い線：画素のしきい値に達した部分。緑の線：正"
             "解マスク。判定は上の最初の"
             "スライダーに従います。",
             o->name);
    html_put(f, "</p>\n");
    filters(f, o);
    html_put(f, "<div class=\"cards\">\n");
    for (size_t i = 0; i < o->images; i++)
        card(f, r, place[i].image);
    html_put(f, "</div>\n");
    html_block(f, "p", "print-only", "Printed are the first 24.", "印刷されるのは最初の 24 枚です。");
    html_put(f, "</section>\n");
    free(place);
}
