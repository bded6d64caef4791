/* The rule by which a pilot is judged, fixed before it, and what follows from counts of images.
 *
 * A requirement holds when its rate is good enough at the unfavourable end of its exact one-sided bounds, fails when it is not
 * even at the favourable end, and is open in between: then more images decide, and how many at least can be told. All that are
 * asked must hold for a go; one that fails is a stop.
 *
 *     recall       of defective images, found            holds: lower bound >= R     fails: upper bound < R
 *     false alarms of good images                        holds: upper bound <= F     fails: lower bound > F
 *     cost         a year, misses and false alarms       holds: <= limit with the unfavourable ends of both rates,
 *                                                        fails: > limit with the favourable ones
 *
 * Cost a year = parts a day x days x (d (1 - recall) miss + (1 - d) false alarms x alarm), d being the part that is defective.
 * Without an inspection every defect passes: recall and false alarms are 0. That is the limit where none is given. */
#ifndef REPORT_RULE_H
#define REPORT_RULE_H
#include "base/err.h"
#include "metric/interval.h"
#include <stdbool.h>
#include <stdint.h>

struct rule {
    bool recall_asked, alarms_asked, cost_asked;
    double recall, false_alarms;
    double cost;       /* NAN: that of doing without */
    double confidence; /* of each bound, one-sided */
};

struct prices {
    double miss, alarm;   /* money a piece */
    double parts_per_day; /* 0: nothing is known of money and days */
    double days;          /* a year */
    double defect_rate;   /* of parts */
    const char *currency;
};

/* What a run gave at its threshold. */
struct counts {
    uint64_t defective, found, good, alarms;
};
/* NAN without a defective, without a good image. */
double counts_recall(const struct counts *c);
double counts_false_alarms(const struct counts *c);

enum verdict { VERDICT_GO, VERDICT_NOT_YET, VERDICT_STOP };
extern const char *const verdict_names[]; /* go, not-yet, stop: in tables, and as classes of the page */

struct requirement {
    bool asked;
    double limit;
    double value;           /* as counted; NAN where there are no images of the kind */
    struct interval bounds; /* one-sided each */
    enum verdict verdict;   /* of this one alone */
    uint64_t needed;        /* images without an error that the limit takes; 0 for cost */
};

struct decision {
    enum verdict verdict;
    struct requirement recall, alarms, cost;
};

/* How many images of its kind, to a hundredth, would settle a rate's requirement at `confidence`, if the rate stays as it was counted; 0: however many,
 * it would not be met, or what is asked is settled already. */
uint64_t requirement_images(const struct requirement *r, bool more_is_better, double confidence);

/* "recall=.99,false-alarms=.02", either alone, "cost", "cost=50000", or these together. False with a reason. */
bool rule_parse(struct rule *rule, const char *text, struct err *e);
struct decision rule_judge(const struct rule *rule, const struct prices *prices, const struct counts *counts);

/* Money a year, as above. */
double prices_cost(const struct prices *p, double recall, double false_alarms);
/* Defective parts that pass, good parts that are called defective, a day. */
double prices_missed(const struct prices *p, double recall);
double prices_alarms(const struct prices *p, double false_alarms);
#endif
