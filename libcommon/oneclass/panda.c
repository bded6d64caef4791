#include "oneclass/panda.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>

double compactness(const struct view *gradient, const struct view *feature, const double *centre)
{
    const double d = (double)feature->c, n = (double)feature->n;
    double sum = 0;
    for (size_t i = 0; i < feature->n; i++) {
        const float *f = view_at(feature, i, 0, 0);
        float *g = gradient ? view_at(gradient, i, 0, 0) : NULL;
        double image = 0;
        for (size_t c = 0; c < feature->c; c++) {
            const double off = (double)f[c] - centre[c];
            image += off * off;
            if (g)
                g[c] = (float)(2 * off / (d * n));
        }
        sum += image / d;
    }
    return sum / n;
}

void panda_init(struct panda *p, struct trainer *trainer, const struct panda_options *o)
{
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .momentum = o->momentum};
    *p = (struct panda){.clip = o->clip};
    learner_init(&p->learner, trainer, &sgd, o->decay,
                 true); /* all that learns decays, as in torch.optim.SGD */
    p->centre = xcalloc(trainer_output(trainer, 0).c, sizeof *p->centre);
}

void panda_centre_add(struct panda *p, size_t n)
{
    trainer_forward(p->learner.trainer);
    const struct view f = trainer_output(p->learner.trainer, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < f.c; c++)
            p->centre[c] += (double)view_at(&f, i, 0, 0)[c];
}

double panda_step(struct panda *p, uint64_t step, double rate)
{
    struct trainer *t = p->learner.trainer;
    size_t n;
    learner_clear(&p->learner);
    trainer_forward(t);
    const struct view f = trainer_output(t, 0), g = trainer_output_gradient(t, 0);
    double loss = compactness(&g, &f, p->centre);
    if (!isfinite(loss))
        return loss;
    trainer_backward(t);
    if (p->penalty.n)
        loss += penalty_add(trainer_gradients(t), trainer_values(t, &n), &p->penalty);
    if (p->clip > 0)
        optimiser_clip(&p->learner.optimiser, p->clip);
    learner_step(&p->learner, step, rate);
    return loss;
}

void panda_free(struct panda *p)
{
    learner_free(&p->learner);
    free(p->centre);
    *p = (struct panda){0};
}
