#include "patchcore/options.h"
#include "base/mem.h"
#include <string.h>

static const char *const people[] = {"anomalib", "original", NULL};
static const char *const projections[] = {"gaussian", "sparse", "uniform", NULL}; /* enum projection_kind */
static const char *const starts[] = {"1", "10", NULL};                            /* enum patchcore_start */

const struct patchcore_options patchcore_defaults = {
    .rules = {PATCH_POOLED, 9, false, MAP_HALF_PIXEL, MAP_MIRROR},
    .plan = {.ratio = 0.1, .dims = 128, .projection = PROJECTION_GAUSSIAN, .quantile = NORMALS_QUANTILE},
};

void patchcore_take_person(struct patchcore_options *o, const char *who)
{
    if (opt_choice("--as", who, people) == 0) {
        o->rules = (struct patchcore_rules){PATCH_POOLED, 9, false, MAP_NEAREST, MAP_MIRROR};
        o->plan.dims = PATCHCORE_DIMS_AUTO;
        o->plan.projection = PROJECTION_SPARSE;
    } else {
        o->rules = (struct patchcore_rules){PATCH_BINNED, 1, true, MAP_HALF_PIXEL, MAP_MIRROR_EDGE};
        o->plan.projection = PROJECTION_UNIFORM;
        o->plan.start = PATCHCORE_START_TEN;
    }
}

static void take_rule(struct patchcore_options *o, int c, const char *text)
{
    switch (c) {
    case PATCHCORE_PATCHES:
        o->rules.patches = (enum patch_rule)opt_choice("--patches", text, patchcore_patches);
        break;
    case PATCHCORE_DISTANCE:
        o->rules.squared = opt_choice("--distance", text, patchcore_distances);
        break;
    case PATCHCORE_BORDER:
        o->rules.border = (enum map_border)opt_choice("--border", text, patchcore_borders);
        break;
    case PATCHCORE_NEIGHBOURS:
        o->rules.neighbours = opt_size("--neighbours", text, 1, PATCHCORE_NEIGHBOURS_MAX);
        o->neighbours_set = true;
        break;
    case PATCHCORE_UPSAMPLE:
        o->rules.upsample =
            opt_choice("--upsample", text, patchcore_upsamples) ? MAP_NEAREST : MAP_HALF_PIXEL;
        o->upsample_set = true;
    }
}

static void take_plan(struct patchcore_options *o, int c, const char *text)
{
    switch (c) {
    case 'r':
        o->plan.ratio = opt_real("-r", text, 1e-9, 1);
        break;
    case 'p':
        o->plan.dims = strcmp(text, "auto") == 0 ? PATCHCORE_DIMS_AUTO : opt_size("-p", text, 0, 1 << 16);
        break;
    case 's':
        o->plan.seed = opt_u64("-s", text);
        break;
    case PATCHCORE_PROJECTION:
        o->plan.projection = (enum projection_kind)opt_choice("--projection", text, projections);
        break;
    case PATCHCORE_START:
        o->plan.start = (enum patchcore_start)opt_choice("--start", text, starts);
        break;
    case PATCHCORE_HALF:
        o->plan.half = true;
        break;
    case PATCHCORE_QUANTILE:
        o->plan.quantile = opt_real("--quantile", text, 0, 1);
    }
}

void patchcore_take_option(struct patchcore_options *o, int option, const char *text)
{
    const bool of_fit = option >= PATCHCORE_AS && option <= PATCHCORE_QUANTILE;
    o->fit_only |= of_fit || option == 'r' || option == 'p' || option == 's';
    take_rule(o, option, text);
    take_plan(o, option, text);
}

char *patchcore_fit_by(const struct patchcore_options *o)
{
    const struct patchcore_plan *plan = &o->plan;
    char dims[32] = "auto";
    if (plan->dims != PATCHCORE_DIMS_AUTO)
        snprintf(dims, sizeof dims, "%zu", plan->dims);
    return xprintf("patchcore " FERN_VERSION " -r %.9g -p %s -s %llu --projection %s --start %s --patches %s"
                   " --distance %s --neighbours %zu --upsample %s --border %s%s --quantile %.9g",
                   plan->ratio, dims, (unsigned long long)plan->seed, projections[plan->projection],
                   starts[plan->start], patchcore_patches[o->rules.patches],
                   patchcore_distances[o->rules.squared], o->rules.neighbours,
                   patchcore_upsamples[o->rules.upsample == MAP_NEAREST], patchcore_borders[o->rules.border],
                   plan->half ? " --half" : "", plan->quantile);
}

char *patchcore_score_by(const struct patchcore_rules *rules)
{
    return xprintf("patchcore " FERN_VERSION " -m --neighbours %zu --upsample %s", rules->neighbours,
                   patchcore_upsamples[rules->upsample == MAP_NEAREST]);
}
