/* report - the results of a pilot as one page for the person who decides. See report.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/product.h"
#include "page/number.h"
#include "report/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: report -o PAGE [-M MASKS] [-i IMAGES] [OPTION ...] NAME=MAPS ...\n"
    "Writes what detectors gave on the same test images as one HTML file, and a table of verdicts to stdout. The first\n"
    "run is judged, the others stand beside it.\n"
    "  -o, --output PAGE   the HTML file\n"
    "  -M, --masks FILE    image stream of the true masks, in the order of the maps\n"
    "  -i, --images FILE   image stream of the images: a gallery of the first run\n"
    "  -t, --title TEXT    of the page (default \"fern: pilot\")\n"
    "      --lang L        what it is first shown in, en or ja (default en)\n"
    "rule and prices:\n"
    "      --require RULE  recall=R, false-alarms=F, cost, cost=N, joined by commas\n"
    "                      (default recall=.95,false-alarms=.05)\n"
    "      --confidence C  of each bound of a rate, and of intervals (default 0.95)\n"
    "      --miss-cost N   of a defective part that passes (default 0)\n"
    "      --alarm-cost N  of a good part that is called defective (default 0)\n"
    "      --parts-per-day N  0: nothing is said of money and days (default 0)\n"
    "      --days N        of work a year (default 250)\n"
    "      --defect-rate D  the part of all parts that is defective (default 0.01)\n"
    "      --currency C    what the costs are in (default EUR)\n"
    "more to show:\n"
    "      --learning FILE  table of figures over training images: images seed image_auroc pixel_auroc aupro\n"
    "      --facts FILE    table of two columns: what was run\n"
    "      --picture N     longer side of the gallery's pictures, at most (default 176)\n"
    "  -n, --rounds N      of the bootstrap (default 1000)\n"
    "  -s, --seed N        of the bootstrap (default 0)\n"
    USAGE_THREADS
    USAGE_COMMON
    "examples:\n"
    "  report -o pilot.html -M masks.pam -i test.pam fern=fern.maps ImageNet=imagenet.maps untrained=random.maps\n"
    "  report -o pilot.html --require cost --miss-cost 120 --alarm-cost 4 --parts-per-day 20000 fern=fern.maps\n";
/* clang-format on */

enum {
    LANGUAGE = OPT_LONG,
    REQUIRE,
    CONFIDENCE,
    MISS_COST,
    ALARM_COST,
    PARTS,
    DAYS,
    DEFECT_RATE,
    CURRENCY,
    LEARNING,
    FACTS,
    PICTURE
};
enum { RUNS_MAX = 16 };

struct opts {
    const char *output, *masks, *images, *title, *language, *require, *learning, *facts;
    struct rule rule;
    struct prices prices;
    struct bootstrap bootstrap;
    size_t picture;
};

static bool set_price(struct opts *o, int c)
{
    switch (c) {
    case MISS_COST:
        o->prices.miss = opt_real("--miss-cost", optarg, 0, 1e12);
        return true;
    case ALARM_COST:
        o->prices.alarm = opt_real("--alarm-cost", optarg, 0, 1e12);
        return true;
    case PARTS:
        o->prices.parts_per_day = opt_real("--parts-per-day", optarg, 0, 1e12);
        return true;
    case DAYS:
        o->prices.days = opt_real("--days", optarg, 0, 366);
        return true;
    case DEFECT_RATE:
        o->prices.defect_rate = opt_real("--defect-rate", optarg, 0, 1);
        return true;
    case CURRENCY:
        o->prices.currency = optarg;
        return true;
    default:
        return false;
    }
}

static void set_option(struct opts *o, int c)
{
    static const char *const languages[] = {"en", "ja", NULL};
    switch (c) {
    case 'o':
        o->output = optarg;
        break;
    case 'M':
        o->masks = optarg;
        break;
    case 'i':
        o->images = optarg;
        break;
    case 't':
        o->title = optarg;
        break;
    case LANGUAGE:
        o->language = languages[opt_choice("--lang", optarg, languages)];
        break;
    case REQUIRE:
        o->require = optarg;
        break;
    case CONFIDENCE:
        o->rule.confidence = o->bootstrap.confidence = opt_real("--confidence", optarg, 0.5, 0.999999);
        break;
    case LEARNING:
        o->learning = optarg;
        break;
    case FACTS:
        o->facts = optarg;
        break;
    case PICTURE:
        o->picture = opt_size("--picture", optarg, 16, 4096);
        break;
    case 'n':
        o->bootstrap.rounds = opt_size("--rounds", optarg, 10, 1000000);
        break;
    case 's':
        o->bootstrap.seed = opt_u64("--seed", optarg);
        break;
    }
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          OPT_THREADS,
                                          {"output", required_argument, NULL, 'o'},
                                          {"masks", required_argument, NULL, 'M'},
                                          {"images", required_argument, NULL, 'i'},
                                          {"title", required_argument, NULL, 't'},
                                          {"lang", required_argument, NULL, LANGUAGE},
                                          {"require", required_argument, NULL, REQUIRE},
                                          {"confidence", required_argument, NULL, CONFIDENCE},
                                          {"miss-cost", required_argument, NULL, MISS_COST},
                                          {"alarm-cost", required_argument, NULL, ALARM_COST},
                                          {"parts-per-day", required_argument, NULL, PARTS},
                                          {"days", required_argument, NULL, DAYS},
                                          {"defect-rate", required_argument, NULL, DEFECT_RATE},
                                          {"currency", required_argument, NULL, CURRENCY},
                                          {"learning", required_argument, NULL, LEARNING},
                                          {"facts", required_argument, NULL, FACTS},
                                          {"picture", required_argument, NULL, PICTURE},
                                          {"rounds", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          OPT_END};
    struct err e;
    struct opts o = {.title = "fern: pilot", .language = "en", .require = "recall=.95,false-alarms=.05"};
    o.rule.confidence = 0.95;
    o.prices = (struct prices){.days = 250, .defect_rate = 0.01, .currency = "EUR"};
    o.bootstrap = (struct bootstrap){.rounds = 1000, .confidence = 0.95};
    o.picture = GALLERY_SIDE;
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        if (!set_price(&o, c))
            set_option(&o, c);
    if (!o.output)
        misuse("-o is missing: the name of the page");
    if (!rule_parse(&o.rule, o.require, &e))
        misuse("--require: %s", e.text);
    if (o.rule.cost_asked && o.prices.parts_per_day == 0)
        misuse("--require cost needs --parts-per-day, --miss-cost and --alarm-cost");
    return o;
}

/* NAME=MAPS; the name ends at the first =. */
static void split_operand(char *operand, const char **name, const char **path)
{
    char *sign = strchr(operand, '=');
    if (!sign || sign == operand || !sign[1])
        misuse("'%s' is not NAME=MAPS", operand);
    *sign = 0;
    *name = operand;
    *path = sign + 1;
}

static void read_runs(struct outcome *outcome, char **operand, size_t n, const struct opts *o,
                      struct gallery *gallery)
{
    const struct outcome_watcher watcher = {gallery_see, gallery};
    for (size_t i = 0; i < n; i++) {
        const char *name, *path;
        split_operand(operand[i], &name, &path);
        outcome_read(&outcome[i], name, path, o->masks, i == 0 && o->images ? &watcher : NULL);
        if (i == 0 && o->images)
            gallery_close(gallery);
        outcome_compare(&outcome[0], &outcome[i]);
    }
}

static struct table read_facts(const char *path)
{
    struct table t;
    table_read(&t, path);
    if (t.columns != 2)
        die("%s: has %zu columns, not two", path, t.columns);
    return t;
}

static void write_page(struct product *page, const struct report *r)
{
    report_write(product_file(page), r);
    product_commit(page);
}

/* run verdict recall recall_low false_alarms false_alarms_high image_auroc: each run by the rule. */
static void write_verdicts(const struct outcome *outcome, size_t n, const struct opts *o)
{
    printf("run\tverdict\tthreshold\trecall\trecall_low\tfalse_alarms\tfalse_alarms_high\timage_auroc\n");
    for (size_t i = 0; i < n; i++) {
        const struct decision d = rule_judge(&o->rule, &o->prices, &outcome[i].counts);
        const double figure[] = {d.recall.value, d.recall.bounds.low, d.alarms.value, d.alarms.bounds.high,
                                 outcome_auroc(&outcome[i])};
        printf("%s\t%s\t%.9g", outcome[i].name, verdict_names[d.verdict], outcome[i].threshold);
        for (size_t k = 0; k < sizeof figure / sizeof *figure; k++)
            if (isnan(figure[k]))
                printf("\t-");
            else
                printf("\t%.6f", figure[k]);
        printf("\n");
    }
}

static void run(char **operand, size_t n, const struct opts *o)
{
    struct product *page = product_open(o->output);
    struct outcome *outcome = xcalloc(n, sizeof *outcome);
    struct interval *lead = xcalloc(n, sizeof *lead);
    struct gallery gallery = {0};
    struct learning learning = {0};
    struct table facts = {0};
    if (o->learning)
        learning = learning_read(o->learning);
    if (o->facts)
        facts = read_facts(o->facts);
    if (o->images)
        gallery = gallery_open(o->images, &outcome[0], o->picture);
    read_runs(outcome, operand, n, o, &gallery);
    report_leads(lead, outcome, n, &o->bootstrap);
    const struct report r = {.title = o->title,
                             .language = o->language,
                             .outcome = outcome,
                             .outcomes = n,
                             .lead = lead,
                             .rule = &o->rule,
                             .prices = &o->prices,
                             .decision = rule_judge(&o->rule, &o->prices, &outcome[0].counts),
                             .gallery = o->images ? &gallery : NULL,
                             .learning = o->learning ? &learning : NULL,
                             .facts = o->facts ? &facts : NULL,
                             .bootstrap = o->bootstrap};
    write_page(page, &r);
    write_verdicts(outcome, n, o);
    for (size_t i = 0; i < n; i++)
        outcome_free(&outcome[i]);
    free(outcome);
    free(lead);
    gallery_free(&gallery);
    learning_free(&learning);
    if (o->facts)
        table_free(&facts);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    if (optind == argc)
        misuse("no run: give NAME=MAPS");
    if (argc - optind > RUNS_MAX)
        misuse("more than %d runs", RUNS_MAX);
    run(argv + optind, (size_t)(argc - optind), &o);
    return out_close();
}
