/* PANDA in the tuner: the centre of all vectors before any step, with --ewc each parameter's importance, then panda.c's steps. */
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "oneclass/fisher.h"
#include "oneclass/panda.h"
#include "oneclass/tuner_method.h"
#include <stdlib.h>
#include <string.h>

struct panda_state {
    struct panda panda;
    float *first, *importance; /* with ewc: the parameters before any step, and how much each matters */
};

static void open_panda(struct tuner *t, struct safetensors *st)
{
    (void)st;
    t->output = t->net.taps.node[0];
    t->copies = 1;
    t->fixed = true;
}

static void put(struct tuner *t, const struct view *in, size_t i, uint64_t epoch, size_t image)
{
    (void)epoch;
    tuner_put(t, in, i, image);
}

/* The mean of the vectors of all images to learn from; a last batch is filled up with images that don't count. */
static void find_centre(struct tuner *t, struct panda *p)
{
    const size_t d = trainer_output(t->trainer, 0).c, images = fitting_images(t->fitting);
    const struct view in = trainer_input(t->trainer, 0);
    for (size_t first = 0; first < images; first += t->batch) {
        const size_t n = images - first < t->batch ? images - first : t->batch;
        for (size_t i = 0; i < t->batch; i++)
            tuner_put(t, &in, i, tuner_learning(i < n ? first + i : first));
        panda_centre_add(p, n);
    }
    for (size_t c = 0; c < d; c++)
        p->centre[c] /= (double)images;
}

static void weigh_parameters(struct tuner *t, struct panda_state *s)
{
    size_t n;
    const float *values = trainer_values(t->trainer, &n);
    const struct fisher_plan plan = {.arch = t->net.graph.arch,
                                     .weights = &t->net.weights,
                                     .file = t->net.file,
                                     .frozen = t->freeze.name,
                                     .norm = &t->net.norm,
                                     .stream = t->o->ewc};
    mem_need(2 * n * sizeof(float), "the parameters' importance");
    s->first = memcpy(xaligned(n, sizeof *s->first), values, n * sizeof *values);
    s->importance = xaligned(n, sizeof *s->importance);
    const size_t images = fisher_diagonal(s->importance, t->trainer, &plan);
    notice("%s: importance by %zu labelled images", t->o->ewc, images);
    s->panda.penalty = (struct penalty){s->first, s->importance, n, t->o->pull};
}

static void begin(struct tuner *t)
{
    const struct panda_options o = {t->o->momentum, t->o->decay, t->o->clip};
    struct panda_state *s = t->state = xcalloc(1, sizeof *s);
    panda_init(&s->panda, t->trainer, &o);
    t->learner = &s->panda.learner;
    find_centre(t, &s->panda);
    if (t->o->ewc)
        weigh_parameters(t, s);
}

static double step_panda(struct tuner *t, uint64_t step, double rate)
{
    struct panda_state *s = t->state;
    return panda_step(&s->panda, step, rate);
}

static double loss(const struct tuner *t, const struct view *output)
{
    const struct panda_state *s = t->state;
    return compactness(NULL, output, s->panda.centre);
}

/* The published numbers, with early stop and with EWC (methods 9). */
static size_t epochs(const struct tuner_options *o)
{
    return o->ewc ? 50 : 15;
}

static uint64_t hash_importance(const struct tuner *t)
{
    const struct panda_state *s = t->state;
    return s->importance ? hash_bytes(s->importance, s->panda.penalty.n * sizeof *s->importance) : 0;
}

static void end(struct tuner *t)
{
    struct panda_state *s = t->state;
    panda_free(&s->panda);
    free(s->first);
    free(s->importance);
    free(s);
}

const struct tuner_method tuner_panda = {.name = "panda",
                                         .open = open_panda,
                                         .begin = begin,
                                         .put = put,
                                         .step = step_panda,
                                         .loss = loss,
                                         .epochs = epochs,
                                         .rate = RATE_CONSTANT,
                                         .hash = hash_importance,
                                         .end = end};
