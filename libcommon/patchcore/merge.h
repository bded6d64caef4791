/* One memory bank of several, each of other images: a coreset of coresets (Malkomes et al., "Fast Distributed k-Center Clustering
 * with Outliers on Massive Data", NIPS 2015), for fits on several machines, or for those who can't wait.
 *
 * The bank. Where all banks together have no more vectors than `ratio` asks of all patches, they are put together, in order; else
 * greedy k-centre chooses among their vectors, beginning with the first's first.
 *
 * Its coverage. Let no patch of part i be farther than r_i from its own bank, and no vector of the banks farther than r from
 * the chosen (r = 0: all are). Then no patch is farther from the bank than max r_i + r, by the triangle inequality: what
 * m->coverage says. Where every bank has as many vectors as the chosen are (and start 1), each r_i and r is at most twice the
 * least radius that so many centres can have, so the coverage at most four times that, and four times the exact selection's.
 *
 * Scales. Parts that were scaled by their own spread (spread.h) differ: 1 / s_il^2 is layer l's share of the variance in part i,
 * and the new scale has the mean of the shares, weighted by images. In it a distance may be greater by f_i = max_l s_l / s_il, so
 * that r_i becomes f_i r_i: a bound in the features themselves (dims 0), and for like scales, f_i = 1, in a projection too. Of
 * unlike scales a projection, which mixes the layers, keeps it nearly, as it keeps distances. */
#ifndef PATCHCORE_MERGE_H
#define PATCHCORE_MERGE_H
#include "method/detector.h"
#include "patchcore/fit.h"

/* Fills an m that has no bank, all of it. Of the plan: ratio, projection and seed; half: the bank is rounded. Dies with the path
 * of a part that is no model of patchcore or not like the first. */
void patchcore_merge(struct patchcore *m, const struct detector_part *part, size_t n,
                     const struct patchcore_plan *plan);
#endif
