#include "report/report.h"
#include "page/asset.h"
#include "page/html.h"
#include <math.h>

bool report_priced(const struct report *r)
{
    return r->prices->parts_per_day > 0;
}

const char *report_series(size_t i)
{
    static const char *const name[] = {"s0", "s1", "s2", "s3", "s4", "s5"};
    return name[i < 6 ? i : 5];
}

void report_leads(struct interval *lead, const struct outcome *outcome, size_t n, const struct bootstrap *b)
{
    lead[0] = (struct interval){NAN, NAN};
    for (size_t i = 1; i < n; i++) {
        const struct bootstrap_images images = {outcome[i].score, outcome[i].defective, outcome[i].images};
        lead[i] = bootstrap_difference(&images, outcome[0].score, b);
    }
}

static void head(FILE *f, const struct report *r)
{
    html_put(f, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", r->language);
    html_put(f, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_text(f, r->title);
    html_put(f, "</title>\n<style>\n%s</style>\n</head>\n", page_css);
}

/* What the script needs of the prices; zeros where there are none. */
static void body(FILE *f, const struct report *r)
{
    const struct prices *p = r->prices;
    html_put(f,
             "<body data-parts=\"%.9g\" data-days=\"%.9g\" data-rate=\"%.9g\" data-miss=\"%.9g\" "
             "data-alarm=\"%.9g\" "
             "data-currency=\"",
             p->parts_per_day, p->days, p->defect_rate, p->miss, p->alarm);
    html_text(f, p->currency);
    html_put(f, "\">\n");
    /* what bars of defective images are filled with */
    html_put(f, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"4\" "
                "height=\"4\" "
                "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect class=\"hatch\" "
                "width=\"4\" height=\"4\"/>"
                "<path class=\"hatch\" d=\"M0 0V4\"/></pattern></defs></svg>\n");
    html_put(f, "<header><h1>");
    html_text(f, r->title);
    html_put(
        f,
        "</h1>\n<p class=\"languages\"><button type=\"button\" data-language=\"en\" "
        "lang=\"en-GB\">English</button> "
        "<button type=\"button\" data-language=\"ja\" lang=\"ja-JP\">日本語</button></p></header>\n<main>\n");
}

void report_write(FILE *f, const struct report *r)
{
    head(f, r);
    body(f, r);
    section_verdict(f, r);
    section_advice(f, r);
    section_compare(f, r);
    section_kinds(f, r);
    section_scores(f, r);
    section_curves(f, r);
    section_learning(f, r);
    section_gallery(f, r);
    section_facts(f, r);
    html_put(f, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_js);
}
