/* A network that learns: its trainer (nn/trainer.h) with the optimiser of its parameters. A method has one for each network,
 * all of them parts of one loop (loop.h).
 *
 *     learner_init(&student, trainer, &options, 1e-4, false);
 *     learner_parts(&student, loop, "student.");
 *
 * and in every step
 *
 *     learner_clear(&student);
 *     ...trainer_forward, a loss into trainer_output_gradient, trainer_backward...
 *     learner_step(&student, step, rate); */
#ifndef TRAIN_LEARNER_H
#define TRAIN_LEARNER_H
#include "nn/trainer.h"
#include "train/optimiser.h"

struct learner {
    struct trainer *trainer;
    struct optimiser optimiser;
    /* Of each parameter: what is frozen has rate 0. A method may set rates of its own. */
    struct optimiser_stretch *stretch;
    size_t stretches;
};

/* Takes the trainer over. decay: of the weights of products; `decay_all`: of biases and norms too. */
void learner_init(struct learner *l, struct trainer *t, const struct optimiser_options *o, double decay,
                  bool decay_all);
/* Names all that its next step depends on: PREFIX + values, statistics, and the optimiser's (the values or their
 * average, and the statistics, are the model). */
void learner_parts(struct learner *l, struct loop *loop, const char *prefix);
/* Gradients to zero. */
void learner_clear(struct learner *l);
void learner_step(struct learner *l, uint64_t step, double rate);
/* The tensors as learnt (their average, where there is one), in the names of weights files. */
void learner_export(const struct learner *l, struct safetensors *st);
void learner_free(struct learner *l);
#endif
