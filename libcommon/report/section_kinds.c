/* Which kinds of defect each run finds at its threshold. */
#include "page/html.h"
#include "page/number.h"
#include "report/report.h"

static void cell(FILE *f, const struct outcome *o, size_t k, const char *series)
{
    const struct evaluation_row *row = &o->row[k];
    const struct counts c = outcome_kind(o, row->defect);
    html_put(f, "<td><span class=\"share\"><i class=\"%s\" style=\"width:%.1f%%\"></i></span>%s / %s", series,
             100 * counts_recall(&c), number_count((double)c.found).s, number_count((double)c.defective).s);
    html_put(f, " <small>%s</small></td>", number_figure(ranking_auroc(&row->image)).s);
}

void section_kinds(FILE *f, const struct report *r)
{
    const struct outcome *first = &r->outcome[0];
    if (first->counts.defective == 0)
        return;
    html_put(f, "<section id=\"kinds\">\n");
    html_block(f, "h2", NULL, "Which defects are found", "見つかる不良、見つからない不良");
    html_put(f, "<div class=\"wide\"><table><thead><tr><th></th>");
    for (size_t i = 0; i < r->outcomes; i++) {
        html_put(f, "<th>");
        html_text(f, r->outcome[i].name);
        html_put(f, "</th>");
    }
    html_put(f, "</tr></thead><tbody>\n");
    for (size_t k = 0; k + 1 < first->rows; k++) {
        html_put(f, "<tr><th>");
        html_text(f, first->row[k].defect);
        html_put(f, "</th>");
        for (size_t i = 0; i < r->outcomes; i++)
            cell(f, &r->outcome[i], k, report_series(i));
        html_put(f, "</tr>\n");
    }
    html_put(f, "</tbody></table></div>\n");
    html_block(f, "p", "note",
               "Found at the model's threshold, of how many; small: image AUROC of this kind against all "
               "good images.",
               "モデルのしきい値での検出数 / 総数。小さい数字は、その種類と全良品画像との画像 AUROC です。");
    html_put(f, "</section>\n");
}
