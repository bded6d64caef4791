/* PatchCore's switches as options: names, defaults, presets, provenance. */
#ifndef PATCHCORE_OPTIONS_H
#define PATCHCORE_OPTIONS_H
#include "base/opt.h"
#include "patchcore/fit.h"

struct patchcore_options {
    struct patchcore_rules rules;
    struct patchcore_plan plan;
    bool fit_only;                     /* an option was given that a fitted model can't change */
    bool neighbours_set, upsample_set; /* those that it can */
};

/* Values of the long options; -r, -p and -s have letters. */
enum patchcore_option {
    PATCHCORE_AS = OPT_LONG,
    PATCHCORE_PROJECTION,
    PATCHCORE_START,
    PATCHCORE_PATCHES,
    PATCHCORE_DISTANCE,
    PATCHCORE_BORDER,
    PATCHCORE_HALF,
    PATCHCORE_QUANTILE,
    PATCHCORE_NEIGHBOURS,
    PATCHCORE_UPSAMPLE,
    PATCHCORE_OPTION_END,
};

extern const struct patchcore_options patchcore_defaults;

/* Sets all that --as WHO stands for (methods 15). */
void patchcore_take_person(struct patchcore_options *o, const char *who);
/* Any other option; misuse() where text is none of its values. Options that are not PatchCore's are ignored.
 */
void patchcore_take_option(struct patchcore_options *o, int option, const char *text);
/* This program's by= entry of a fit, and of scoring; free() it. */
char *patchcore_fit_by(const struct patchcore_options *o);
char *patchcore_score_by(const struct patchcore_rules *rules);
#endif
