/* page/ and report/: numbers, escapes and texts in two languages, the figures over training images, and what is advised when. */
#include "base/mem.h"
#include "page/html.h"
#include "page/number.h"
#include "page/plot.h"
#include "report/advice.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static void same(struct number_text got, const char *want, const char *what)
{
    ok(strcmp(got.s, want) == 0, "%s: %s", what, want);
    if (strcmp(got.s, want) != 0)
        printf("# got %s\n", got.s);
}

static void numbers(void)
{
    same(number_count(0), "0", "a count");
    same(number_count(999.4), "999", "a count");
    same(number_count(1000), "1,000", "a count");
    same(number_count(-1234567), "-1,234,567", "a count");
    same(number_count(NAN), "-", "no count");
    same(number_decimal(-0.04, 1), "0.0", "a zero has no sign");
    same(number_decimal(12345.678, 2), "12,345.68", "decimals are not grouped");
    same(number_percent(0), "0%", "nothing");
    same(number_percent(1), "100%", "all");
    same(number_percent(0.9876), "98.8%", "a rate");
    same(number_percent(0.99996), "99.996%", "not quite all");
    same(number_percent(0.00004), "0.004%", "not quite nothing");
    same(number_percent(0.25), "25%", "a whole percent");
    same(number_figure(1), "1.000", "a figure");
    same(number_figure(0.98765), "0.988", "a figure");
    same(number_figure(0.99962), "0.9996", "a figure that is not 1");
    same(number_figure(NAN), "-", "no figure");
    same(number_money(1234.5, "EUR"), "EUR 1,234", "money, halves to even");
}

/* What `write` writes. */
static char *written(void (*write)(FILE *f))
{
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    write(f);
    fclose(f);
    return text;
}
static void wants(void (*write)(FILE *f), const char *want, const char *what)
{
    char *got = written(write);
    if (!ok(strcmp(got, want) == 0, "%s", what))
        printf("# got %s\n", got);
    free(got);
}

static void write_escaped(FILE *f)
{
    html_text(f, "<a href=\"x\">'&'</a>\n\x7f\xc3\xbc");
}
static void write_said(FILE *f)
{
    html_say(f, "<b>{1}</b> of {2}", "{2} no {1} {x}", "<1>", "2");
}
static void write_source(FILE *f)
{
    for (size_t n = 0; n <= 3; n++)
        html_source(f, "t", (const unsigned char *)"M\xffn", n);
}
static void markup(void)
{
    wants(write_escaped, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;  \xc3\xbc", "escaped text");
    wants(write_said,
          "<span lang=\"en\"><b>&lt;1&gt;</b> of 2</span><span lang=\"ja\">2 no &lt;1&gt; {x}</span>",
          "two languages, their arguments in either order and escaped");
    /* RFC 4648: 4d; 4d ff; 4d ff 6e */
    wants(write_source,
          "src=\"data:t;base64,\"src=\"data:t;base64,TQ==\"src=\"data:t;base64,Tf8=\"src=\"data:t;base64,"
          "Tf9u\"",
          "base 64 of 0 to 3 bytes");
    bool fits = true;
    for (double range = 1e-6; range < 1e9; range *= 1.37)
        fits &= range / plot_tick(range) >= 3 && range / plot_tick(range) <= 10.01;
    ok(fits, "3 to 10 ticks in any range");
}

/* SciPy's beta.ppf gives the bounds; n goes up by a hundredth. */
static void images(void)
{
    const struct prices none = {.currency = "EUR"};
    const struct rule rule = {.recall_asked = true,
                              .alarms_asked = true,
                              .recall = .9,
                              .false_alarms = .15,
                              .cost = NAN,
                              .confidence = .95};
    const struct decision d = rule_judge(&rule, &none, &(struct counts){60, 57, 20, 1});
    ok(requirement_images(&d.recall, true, .95) == 116, "57 of 60 found: 116 would show .9");
    ok(requirement_images(&d.alarms, false, .95) == 40, "1 of 20 called: 40 would show .15");
    const struct decision at = rule_judge(&rule, &none, &(struct counts){60, 54, 20, 3});
    ok(requirement_images(&at.recall, true, .95) == 0 && requirement_images(&at.alarms, false, .95) == 0,
       "at the limit no number would");
    const struct decision go = rule_judge(&rule, &none, &(struct counts){60, 60, 60, 0});
    ok(go.verdict == VERDICT_GO && requirement_images(&go.recall, true, .95) == 0,
       "none are wanted where it is met");
}

static void learning(const char *folder)
{
    char *path = xprintf("%s/learning.tsv", folder);
    FILE *f = fopen(path, "w");
    fputs("images\tseed\timage_auroc\tpixel_auroc\taupro\n64\t0\t.9\t.8\t.7\n8\t0\t.6\t-\t.5\n16\t0\t.7\t."
          "75\t.6\n8\t1\t.8\t-\t.3\n"
          "33\t0\t.85\t.8\t.7\n",
          f);
    fclose(f);
    struct learning l = learning_read(path);
    ok(l.n == 4 && l.point[0].images == 8 && l.point[1].images == 16 && l.point[3].images == 64,
       "points by number of images");
    ok(l.point[0].fits == 2 && fabs(l.point[0].mean[0] - 0.7) < 1e-12 && l.point[0].low[0] == 0.6 &&
           l.point[0].high[0] == 0.8 && isnan(l.point[0].mean[1]) && fabs(l.point[0].mean[2] - 0.4) < 1e-12,
       "mean, least and largest of two fits");
    ok_close(learning_gain(&l), 0.2, 1e-12, "the last doubling: 64 against 16, as 33 is more than half");
    learning_free(&l);
    remove(path);
    free(path);
}

/* A set of good images, scored 0 to 1, and defective ones, 1 to 2; the threshold decides what is found. */
enum { GOOD = 40, BAD = 40 };
struct set {
    double score[GOOD + BAD];
    unsigned char defective[GOOD + BAD];
    char *kind[GOOD + BAD];
    struct evaluation_row row[2];
    struct outcome outcome;
};
static void make_set(struct set *s, double overlap, double threshold, const char *weights)
{
    memset(s, 0, sizeof *s);
    struct outcome *o = &s->outcome;
    struct ranking *all = &s->row[1].image;
    for (size_t i = 0; i < GOOD + BAD; i++) {
        s->defective[i] = i >= GOOD;
        s->score[i] = (double)(i % GOOD) / GOOD + (i >= GOOD ? 1 - overlap : 0);
        s->kind[i] = i >= GOOD ? "hole" : "good";
        *(s->defective[i] ? &o->counts.found : &o->counts.alarms) += s->score[i] >= threshold;
    }
    *all = (struct ranking){.positives = BAD, .negatives = GOOD};
    for (size_t i = 0; i < GOOD + BAD; i++)
        for (size_t j = 0; s->defective[i] && j < GOOD; j++)
            all->wins2 += s->score[i] > s->score[j] ? 2 : s->score[i] == s->score[j];
    s->row[0].defect = "hole";
    s->row[1].defect = "all";
    o->score = s->score, o->defective = s->defective, o->kind = s->kind, o->images = GOOD + BAD;
    o->row = s->row, o->rows = 2, o->threshold = threshold;
    o->counts.good = GOOD, o->counts.defective = BAD;
    note_set(&o->opening, "weights", weights);
}

/* Which advice is given of two runs: bits. */
static unsigned advised(const struct set *a, const struct set *b, const char *require,
                        const struct learning *l)
{
    const struct outcome both[] = {a->outcome, b->outcome};
    const struct prices prices = {.currency = "EUR"};
    struct rule rule = {.confidence = 0.95};
    struct err e;
    unsigned bits = 0;
    if (!rule_parse(&rule, require, &e))
        return ~0u;
    struct interval lead[2];
    const struct bootstrap rounds = {.rounds = 200, .confidence = 0.95};
    report_leads(lead, both, 2, &rounds);
    const struct report r = {.outcome = both,
                             .lead = lead,
                             .outcomes = 2,
                             .rule = &rule,
                             .prices = &prices,
                             .learning = l,
                             .decision = rule_judge(&rule, &prices, &both[0].counts),
                             .bootstrap = rounds};
    const struct advice_list list = advice_give(&r);
    for (size_t i = 0; i < ADVICE_KINDS; i++)
        bits |= (unsigned)list.apply[i] << i;
    return bits;
}
static bool is(unsigned bits, enum advice a)
{
    return bits >> a & 1;
}

static void advice(void)
{
    static struct set clear, mixed, mixed_too, high;
    struct learning_point point[] = {{8, 1, {0.8}, {0.8}, {0.8}}, {16, 1, {0.85}, {0.85}, {0.85}}};
    struct learning l = {point, 2};
    make_set(&clear, 0, 1, "a:1");
    make_set(&mixed, 0.6, 0.9, "b:2");
    make_set(&mixed_too, 0.6, 0.9, "a:1");
    make_set(&high, 0, 1.8, "a:1");
    unsigned bits = advised(&clear, &mixed, "recall=.9", NULL);
    ok(bits == 1u << ADVICE_INSTALL, "go: run it beside today's inspection, and nothing else");
    bits = advised(&clear, &mixed, "recall=.99", NULL);
    ok(is(bits, ADVICE_MORE_TESTS) && !is(bits, ADVICE_DECIDE), "40 of 40 can't show .99: more tests");
    bits = advised(&mixed, &clear, "recall=.5", NULL);
    ok(is(bits, ADVICE_WEIGHTS) && !is(bits, ADVICE_METHOD), "another run with other weights is better");
    bits = advised(&mixed_too, &clear, "recall=.5", NULL);
    ok(is(bits, ADVICE_METHOD) && !is(bits, ADVICE_WEIGHTS), "another run with the same weights is better");
    bits = advised(&high, &clear, "recall=.9", NULL);
    ok(is(bits, ADVICE_THRESHOLD) && is(bits, ADVICE_KIND) && !is(bits, ADVICE_METHOD),
       "scores that part well under a bad threshold, a kind of which less than half is found");
    bits = advised(&mixed, &mixed, "recall=.5,false-alarms=.01", &l);
    ok(is(bits, ADVICE_ALARMS) && is(bits, ADVICE_NORMALS) && !is(bits, ADVICE_ENOUGH),
       "too many alarms; figures still rise");
    point[1].mean[0] = 0.805;
    bits = advised(&mixed, &mixed, "recall=.5", &l);
    ok(is(bits, ADVICE_ENOUGH) && !is(bits, ADVICE_NORMALS) && is(bits, ADVICE_DECIDE),
       "they don't; too near to the limit");
    struct set *const all[] = {&clear, &mixed, &mixed_too, &high};
    for (size_t i = 0; i < 4; i++)
        note_clear(&all[i]->outcome.opening);
}

int main(void)
{
    char folder[] = "/tmp/fern-report-XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    numbers();
    markup();
    images();
    learning(folder);
    advice();
    remove(folder);
    return done();
}
