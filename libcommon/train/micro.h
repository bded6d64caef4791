/* A step's batch in M micro-batches, dealt out to the ranks (ranks/ranks.h): each goes through the network alone, with the
 * statistics of its own images; gradients, running statistics and what the log tells are added by one fixed tree
 * (ranks/tree.h), so that M decides the bits, and the number of ranks does not.
 *
 *     for (size_t i = 0; i < micro_own(m); i++) {
 *         micro_begin(m, i);                       micro-batch micro_which(m, i) of the step
 *         ...images, trainer_forward, losses...
 *         micro_backward(m, i, &report);           the last one's gradients leave layer by layer
 *     }
 *     micro_end(m, &report);                       the learner has the whole batch's
 *
 * Running statistics move once a step: running = .9 running + .1 of the mean over the micro-batches. */
#ifndef TRAIN_MICRO_H
#define TRAIN_MICRO_H
#include "train/learner.h"
#include "train/loop.h"

/* Gradients leave in pieces of at least so many: small layers together. */
enum { MICRO_PIECE = 1 << 18 };

struct micro;
/* m: a power of two, at least the number of ranks. narrow: partial sums of gradients are rounded to bf16 (ranks.h). The learner
 * stays the caller's. */
struct micro *micro_new(struct learner *l, size_t m, bool narrow);
void micro_free(struct micro *m);
size_t micro_own(const struct micro *m);
size_t micro_which(const struct micro *m, size_t i);
/* Clears gradients. Forward's running statistics are its micro-batch's alone from here to micro_end. */
void micro_begin(struct micro *m, size_t i);
/* From the gradients of the outputs back; the report is the i-th own micro-batch's: its loss, measure and parts count. */
void micro_backward(struct micro *m, size_t i, const struct loop_report *report);
/* Adds the whole batch's loss, measure and parts to the report. */
void micro_end(struct micro *m, struct loop_report *report);
#endif
