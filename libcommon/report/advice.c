#include "report/advice.h"
#include <math.h>
#include <string.h>

/* The run that is better than the first by more than chance, in AUROC of the same images; 0: none is. */
static size_t better_run(const struct report *r)
{
    size_t best = 0;
    for (size_t i = 1; i < r->outcomes; i++)
        if (r->lead[i].low > 0 && outcome_auroc(&r->outcome[i]) > outcome_auroc(&r->outcome[best]))
            best = i;
    return best;
}

static bool same_weights(const struct outcome *a, const struct outcome *b)
{
    const char *p = note_get(&a->opening, "weights"), *q = note_get(&b->opening, "weights");
    return p && q && strcmp(p, q) == 0;
}

/* A kind of which less than half is found. */
static bool has_missed_kind(const struct outcome *o)
{
    for (size_t i = 0; i + 1 < o->rows; i++) {
        const struct counts c = outcome_kind(o, o->row[i].defect);
        if (2 * c.found < c.defective)
            return true;
    }
    return false;
}

static bool too_few(const struct requirement *q, uint64_t images)
{
    return q->asked && q->verdict == VERDICT_NOT_YET && images < q->needed;
}

static bool too_dear(const struct report *r)
{
    const struct decision *d = &r->decision;
    return report_priced(r) && d->recall.asked && d->alarms.asked &&
           prices_cost(r->prices, d->recall.limit, d->alarms.limit) > d->cost.limit;
}

struct advice_list advice_give(const struct report *r)
{
    struct advice_list list = {0};
    const struct outcome *o = &r->outcome[0];
    const struct decision *d = &r->decision;
    const bool defects = o->counts.defective > 0 && o->counts.good > 0;
    const bool fails = (d->recall.asked && d->recall.value < d->recall.limit) ||
                       (d->alarms.asked && d->alarms.value > d->alarms.limit);
    list.apply[ADVICE_INSTALL] = d->verdict == VERDICT_GO;
    list.apply[ADVICE_DEFECTS] = o->counts.defective == 0;
    list.apply[ADVICE_MORE_TESTS] =
        too_few(&d->recall, o->counts.defective) || too_few(&d->alarms, o->counts.good);
    list.apply[ADVICE_DECIDE] =
        d->verdict == VERDICT_NOT_YET && !list.apply[ADVICE_MORE_TESTS] && o->counts.defective > 0;
    list.apply[ADVICE_DEAR] = too_dear(r);
    list.other = better_run(r);
    list.apply[ADVICE_METHOD] = list.other && same_weights(o, &r->outcome[list.other]);
    list.apply[ADVICE_WEIGHTS] = list.other && !list.apply[ADVICE_METHOD];
    const double gain = r->learning ? learning_gain(r->learning) : NAN;
    list.apply[ADVICE_NORMALS] = gain >= ADVICE_GAIN;
    list.apply[ADVICE_ENOUGH] = gain < ADVICE_GAIN;
    list.apply[ADVICE_KIND] = has_missed_kind(o);
    list.apply[ADVICE_THRESHOLD] = defects && fails && outcome_auroc(o) >= ADVICE_RANKS;
    list.apply[ADVICE_ALARMS] = d->alarms.asked && d->alarms.verdict == VERDICT_STOP;
    return list;
}
