#include "oneclass/cutpaste_head.h"
#include "base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t hidden(struct graph *g, size_t x, const char *linear, const char *norm, size_t width)
{
    return graph_relu(g, graph_batchnorm(g, graph_linear(g, x, linear, width), norm));
}

size_t cutpaste_head(struct graph *g, size_t x, size_t ways)
{
    x = hidden(g, x, CUTPASTE_HEAD "linear1", CUTPASTE_HEAD "norm1", 512);
    x = hidden(g, x, CUTPASTE_HEAD "linear2", CUTPASTE_HEAD "norm2", 128);
    return graph_linear(g, x, CUTPASTE_HEAD "classes", ways);
}

/* free() it */
static struct loss_target *targets(size_t n, size_t ways)
{
    struct loss_target *target = xcalloc(n, sizeof *target);
    for (size_t i = 0; i < n; i++)
        target[i] = (struct loss_target){i % ways, i % ways, 1};
    return target;
}

double cutpaste_mean_loss(const struct view *logits, size_t ways)
{
    struct loss_target *target = targets(logits->n, ways);
    struct view gradient = *logits; /* which nobody wants, but needs a place */
    gradient.data = xcalloc(view_bytes(logits), 1);
    const double loss = loss_cross_entropy(&gradient, logits, target, 0, 1).value;
    free(gradient.data);
    free(target);
    return loss;
}

void cutpaste_init(struct cutpaste *c, struct trainer *trainer, const struct cutpaste_options *o)
{
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .momentum = o->momentum};
    *c = (struct cutpaste){.o = *o, .target = targets(trainer_output(trainer, 0).n, o->ways)};
    learner_init(&c->learner, trainer, &sgd, o->decay,
                 true); /* all that learns decays, as in torch.optim.SGD */
}

/* A function of the step alone, so that a resumed run goes on alike. */
static void choose_learners(struct cutpaste *c, uint64_t step)
{
    size_t n;
    const struct trainer_parameter *p = trainer_parameters(c->learner.trainer, &n);
    for (size_t i = 0; i < n; i++) {
        const bool head = strncmp(p[i].name, CUTPASTE_HEAD, strlen(CUTPASTE_HEAD)) == 0;
        c->learner.stretch[i].rate = p[i].trained && (head || step >= c->o.alone) ? 1.0f : 0.0f;
    }
}

double cutpaste_step(struct cutpaste *c, uint64_t step, double rate)
{
    struct trainer *t = c->learner.trainer;
    choose_learners(c, step);
    learner_clear(&c->learner);
    trainer_forward(t);
    const struct view logits = trainer_output(t, 0), gradient = trainer_output_gradient(t, 0);
    const double loss = loss_cross_entropy(&gradient, &logits, c->target, 0, 1).value;
    if (!isfinite(loss))
        return loss;
    trainer_backward(t);
    if (c->o.clip > 0)
        optimiser_clip(&c->learner.optimiser, c->o.clip);
    learner_step(&c->learner, step, rate);
    return loss;
}

void cutpaste_free(struct cutpaste *c)
{
    learner_free(&c->learner);
    free(c->target);
    *c = (struct cutpaste){0};
}
