#include "report/rule.h"
#include "base/mem.h"
#include "base/opt.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_names[] = {"go", "not-yet", "stop"};

static double rate(uint64_t hits, uint64_t of)
{
    return of ? (double)hits / (double)of : NAN;
}

double counts_recall(const struct counts *c)
{
    return rate(c->found, c->defective);
}

double counts_false_alarms(const struct counts *c)
{
    return rate(c->alarms, c->good);
}

/* One NAME=VALUE, or cost. */
static bool parse_requirement(struct rule *rule, char *word, struct err *e)
{
    char *value = strchr(word, '=');
    if (value)
        *value++ = 0;
    if (strcmp(word, "cost") == 0) {
        rule->cost_asked = true;
        return !value || opt_parse_real(&rule->cost, value, 0, 1e15, e);
    }
    if (value && strcmp(word, "recall") == 0) {
        rule->recall_asked = true;
        return opt_parse_real(&rule->recall, value, 1e-6, 1 - 1e-6, e);
    }
    if (value && strcmp(word, "false-alarms") == 0) {
        rule->alarms_asked = true;
        return opt_parse_real(&rule->false_alarms, value, 1e-6, 1 - 1e-6, e);
    }
    return err_set(e, "'%s' is none of recall=R, false-alarms=F, cost, cost=N", word);
}

bool rule_parse(struct rule *rule, const char *text, struct err *e)
{
    char *copy = xstrdup(text), *rest = copy;
    bool right = true;
    *rule = (struct rule){.cost = NAN, .confidence = rule->confidence};
    for (char *word; right && (word = strsep(&rest, ",")) != NULL;)
        right = parse_requirement(rule, word, e);
    free(copy);
    return right;
}

double prices_cost(const struct prices *p, double recall, double false_alarms)
{
    return p->parts_per_day * p->days *
           (p->defect_rate * (1 - recall) * p->miss + (1 - p->defect_rate) * false_alarms * p->alarm);
}

double prices_missed(const struct prices *p, double recall)
{
    return p->parts_per_day * p->defect_rate * (1 - recall);
}

double prices_alarms(const struct prices *p, double false_alarms)
{
    return p->parts_per_day * (1 - p->defect_rate) * false_alarms;
}

/* More is better with recall, less with the others. */
static enum verdict judge(const struct requirement *r, bool more)
{
    const double sure = more ? r->bounds.low : r->bounds.high,
                 at_best = more ? r->bounds.high : r->bounds.low;
    if (more ? sure >= r->limit : sure <= r->limit)
        return VERDICT_GO;
    return (more ? at_best < r->limit : at_best > r->limit) ? VERDICT_STOP : VERDICT_NOT_YET;
}

/* With n images, and errors of which none is taken off by rounding. */
static bool settled(const struct requirement *r, bool more, double confidence, uint64_t n)
{
    return more ? interval_lower((uint64_t)floor(r->value * (double)n + 1e-9), n, confidence) >= r->limit
                : interval_upper((uint64_t)ceil(r->value * (double)n - 1e-9), n, confidence) <= r->limit;
}

/* In steps of a hundredth: images are ordered by the dozen. */
uint64_t requirement_images(const struct requirement *r, bool more, double confidence)
{
    static const uint64_t most = 1000000;
    const bool possible = more ? r->value > r->limit : r->value < r->limit;
    if (!r->asked || r->verdict == VERDICT_GO || !possible)
        return 0;
    for (uint64_t n = 1; n <= most; n += 1 + n / 100)
        if (settled(r, more, confidence, n))
            return n;
    return 0;
}

static struct requirement of_rate(bool asked, double limit, uint64_t hits, uint64_t of, double confidence)
{
    struct requirement r = {.asked = asked, .limit = limit, .value = rate(hits, of)};
    r.bounds = (struct interval){interval_lower(hits, of, confidence), interval_upper(hits, of, confidence)};
    return r;
}

static struct requirement of_cost(const struct rule *rule, const struct prices *p,
                                  const struct decision *rates)
{
    struct requirement r = {.asked = rule->cost_asked};
    r.limit = isnan(rule->cost) ? prices_cost(p, 0, 0) : rule->cost;
    r.value = prices_cost(p, rates->recall.value, rates->alarms.value);
    r.bounds.low = prices_cost(p, rates->recall.bounds.high, rates->alarms.bounds.low);
    r.bounds.high = prices_cost(p, rates->recall.bounds.low, rates->alarms.bounds.high);
    r.verdict = judge(&r, false);
    return r;
}

struct decision rule_judge(const struct rule *rule, const struct prices *prices, const struct counts *c)
{
    struct decision d = {.verdict = VERDICT_GO};
    d.recall = of_rate(rule->recall_asked, rule->recall, c->found, c->defective, rule->confidence);
    d.recall.verdict = judge(&d.recall, true);
    d.alarms = of_rate(rule->alarms_asked, rule->false_alarms, c->alarms, c->good, rule->confidence);
    d.alarms.verdict = judge(&d.alarms, false);
    if (rule->recall_asked)
        d.recall.needed = interval_needed(rule->recall, rule->confidence);
    if (rule->alarms_asked)
        d.alarms.needed = interval_needed(1 - rule->false_alarms, rule->confidence);
    d.cost = of_cost(rule, prices, &d);
    const struct requirement *const all[] = {&d.recall, &d.alarms, &d.cost};
    for (size_t i = 0; i < 3; i++)
        if (all[i]->asked && all[i]->verdict > d.verdict)
            d.verdict = all[i]->verdict;
    return d;
}
