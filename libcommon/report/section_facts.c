/* What was run, so that it can be run again: what the caller tells, and what the streams remember. */
#include "page/html.h"
#include "report/report.h"
#include <string.h>

static void fact(FILE *f, const char *name, const char *value)
{
    html_put(f, "<tr><th>");
    html_text(f, name);
    html_put(f, "</th><td><code>");
    html_text(f, value);
    html_put(f, "</code></td></tr>\n");
}

/* Every by= of a stream, a line each, and the keys that say what it depends on. */
static void provenance(FILE *f, const struct outcome *o)
{
    html_put(f, "<tr><th colspan=\"2\">");
    html_text(f, o->name);
    html_put(f, "</th></tr>\n");
    for (size_t i = 0; i < o->opening.n; i++)
        if (strcmp(o->opening.pair[i].key, "stream") != 0 && strcmp(o->opening.pair[i].key, "version") != 0)
            fact(f, o->opening.pair[i].key, o->opening.pair[i].value);
}

void section_facts(FILE *f, const struct report *r)
{
    html_put(f, "<section id=\"facts\">\n");
    html_block(f, "h2", NULL, "What was run", "実行内容");
    html_put(f, "<div class=\"wide\"><table class=\"facts\"><tbody>\n");
    for (size_t i = 0; r->facts && i < r->facts->rows; i++)
        fact(f, r->facts->cell[i][0], r->facts->cell[i][1]);
    for (size_t i = 0; i < r->outcomes; i++)
        provenance(f, &r->outcome[i]);
    html_put(f, "</tbody></table></div>\n</section>\n");
}
