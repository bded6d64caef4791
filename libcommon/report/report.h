/* A pilot's report: one HTML file for the person who decides. It asks for nothing: no network, no other file, no script from
 * elsewhere; without scripts it still shows everything, at the models' thresholds.
 *
 *     report_write   the page: head, style (page/asset.h), the sections below, script
 *     section_...    one each, in the order of reading
 *
 * The first outcome is the one that is judged; the others stand beside it. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H
#include "metric/bootstrap.h"
#include "report/gallery.h"
#include "report/learning.h"
#include "report/outcome.h"
#include "report/rule.h"
#include "stream/table.h"

struct report {
    const char *title, *language; /* en or ja */
    const struct outcome *outcome;
    size_t outcomes;             /* 1 or more */
    const struct interval *lead; /* of each run in image AUROC before the first, as report_leads says */
    const struct rule *rule;
    const struct prices *prices;
    struct decision decision;        /* of the first */
    const struct gallery *gallery;   /* NULL: none */
    const struct learning *learning; /* NULL: none */
    const struct table *facts;       /* NULL, or rows of name and value: what was run */
    struct bootstrap bootstrap;
};

/* Interval of each run's image AUROC less the first's, over the same draws of the images; NAN of the first itself, and where
 * one class of images is missing. lead: n. */
void report_leads(struct interval *lead, const struct outcome *outcome, size_t n, const struct bootstrap *b);
void report_write(FILE *f, const struct report *r);

/* What it says and why; the arithmetic. */
void section_verdict(FILE *f, const struct report *r);
/* What to do next, by report/advice.h. */
void section_advice(FILE *f, const struct report *r);
/* The runs side by side. */
void section_compare(FILE *f, const struct report *r);
/* Which kinds of defect each run finds. Nothing where no image is defective. */
void section_kinds(FILE *f, const struct report *r);
/* Histograms of scores, with a threshold that can be moved. */
void section_scores(FILE *f, const struct report *r);
/* ROC, precision over recall, PRO, with bands. Nothing where no image is defective. */
void section_curves(FILE *f, const struct report *r);
/* Figures over the number of training images. Nothing without r->learning. */
void section_learning(FILE *f, const struct report *r);
/* The test images, the worst verdicts first. Nothing without r->gallery. */
void section_gallery(FILE *f, const struct report *r);
/* What was run. */
void section_facts(FILE *f, const struct report *r);

/* Whether money and parts a day are known. */
bool report_priced(const struct report *r);
/* Class of the i-th run's series in the style: s0, s1, ... */
const char *report_series(size_t i);
#endif
