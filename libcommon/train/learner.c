#include "train/learner.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void learner_init(struct learner *l, struct trainer *t, const struct optimiser_options *o, double decay,
                  bool decay_all)
{
    size_t n;
    float *values = trainer_values(t, &n);
    *l = (struct learner){.trainer = t};
    const struct trainer_parameter *p = trainer_parameters(t, &l->stretches);
    l->stretch = xcalloc(l->stretches, sizeof *l->stretch);
    for (size_t i = 0; i < l->stretches; i++)
        l->stretch[i] = (struct optimiser_stretch){.offset = p[i].offset,
                                                   .n = p[i].n,
                                                   .decay = p[i].decays || decay_all ? (float)decay : 0.0f,
                                                   .rate = p[i].trained ? 1.0f : 0.0f};
    optimiser_init(&l->optimiser, o, values, trainer_gradients(t), l->stretch, l->stretches);
}

void learner_parts(struct learner *l, struct loop *loop, const char *prefix)
{
    char name[64];
    size_t n, statistics;
    float *values = trainer_values(l->trainer, &n), *running = trainer_statistics(l->trainer, &statistics);
    snprintf(name, sizeof name, "%svalues", prefix);
    loop_part(loop, name, DT_F32, values, n);
    snprintf(name, sizeof name, "%sstatistics", prefix);
    loop_part(loop, name, DT_F32, running, statistics);
    optimiser_parts(&l->optimiser, loop, prefix);
}

void learner_clear(struct learner *l)
{
    size_t n;
    trainer_values(l->trainer, &n);
    memset(trainer_gradients(l->trainer), 0, n * sizeof(float));
}

void learner_step(struct learner *l, uint64_t step, double rate)
{
    optimiser_step(&l->optimiser, step, rate);
}

void learner_export(const struct learner *l, struct safetensors *st)
{
    trainer_export(l->trainer, optimiser_result(&l->optimiser), st);
}

void learner_free(struct learner *l)
{
    optimiser_free(&l->optimiser);
    trainer_free(l->trainer);
    free(l->stretch);
    *l = (struct learner){0};
}
