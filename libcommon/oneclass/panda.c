#include "oneclass/panda.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double compactness(const struct view *gradient, const struct view *feature, const double *centre)
{
    const double d = (double)feature->c, n = (double)feature->n;
    double sum = 0;
    for (size_t i = 0; i < feature->n; i++) {
        const float *f = view_at(feature, i, 0, 0);
        float *g = view_at(gradient, i, 0, 0);
        double image = 0;
        for (size_t c = 0; c < feature->c; c++) {
            const double off = (double)f[c] - centre[c];
            image += off * off;
            g[c] = (float)(2 * off / (d * n));
        }
        sum += image / d;
    }
    return sum / n;
}

void panda_init(struct panda *p, struct trainer *trainer, const struct panda_options *o)
{
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .momentum = o->momentum};
    size_t n, stretches, used = 0;
    float *values = trainer_values(trainer, &n);
    const struct trainer_parameter *parameter = trainer_parameters(trainer, &stretches);
    *p = (struct panda){.trainer = trainer, .clip = o->clip};
    p->stretch = xcalloc(stretches, sizeof *p->stretch);
    /* decay of all that learns, as torch.optim.SGD has it */
    for (size_t i = 0; i < stretches; i++)
        if (parameter[i].trained)
            p->stretch[used++] = (struct stretch){parameter[i].offset, parameter[i].n, (float)o->decay, 1};
    optimiser_init(&p->optimiser, &sgd, values, trainer_gradients(trainer), p->stretch, used);
    p->centre = xcalloc(trainer_output(trainer, 0).c, sizeof *p->centre);
}

void panda_centre_add(struct panda *p, size_t n)
{
    trainer_forward(p->trainer);
    const struct view f = trainer_output(p->trainer, 0);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < f.c; c++)
            p->centre[c] += (double)view_at(&f, i, 0, 0)[c];
}

double panda_step(struct panda *p, uint64_t step, double rate)
{
    size_t n;
    const float *values = trainer_values(p->trainer, &n);
    memset(trainer_gradients(p->trainer), 0, n * sizeof *values);
    trainer_forward(p->trainer);
    const struct view f = trainer_output(p->trainer, 0), g = trainer_output_gradient(p->trainer, 0);
    double loss = compactness(&g, &f, p->centre);
    if (!isfinite(loss))
        return loss;
    trainer_backward(p->trainer);
    if (p->penalty.n)
        loss += penalty_add(trainer_gradients(p->trainer), values, &p->penalty);
    if (p->clip > 0)
        optimiser_clip(&p->optimiser, p->clip);
    optimiser_step(&p->optimiser, step, rate);
    return loss;
}

void panda_free(struct panda *p)
{
    optimiser_free(&p->optimiser);
    free(p->stretch);
    free(p->centre);
    *p = (struct panda){0};
}
