/* CutPaste in the tuner: a head behind the vector, its tensors drawn from the seed; each image as it is, with a patch, with a scar; and
 * cutpaste_head.c's steps. The head's tensors are not written: the input weights know none of these names. */
#include "base/err.h"
#include "base/mem.h"
#include "image/colour.h"
#include "nn/weights.h"
#include "oneclass/cutpaste.h"
#include "oneclass/cutpaste_head.h"
#include "oneclass/tuner_method.h"
#include <stdlib.h>
#include <string.h>

struct cutpaste_state {
    struct cutpaste cutpaste;
    struct raster altered; /* of the image at hand */
};

static void open_cutpaste(struct tuner *t, struct safetensors *st)
{
    t->output = cutpaste_head(&t->net.graph, t->net.taps.node[0], t->o->ways);
    t->copies = t->o->ways;
    t->fixed = false;
    weights_random(st, &t->net.graph, CUTPASTE_HEAD, t->o->fit.seed);
}

static void begin(struct tuner *t)
{
    const struct tuner_options *o = t->o;
    struct cutpaste_state *s = t->state = xcalloc(1, sizeof *s);
    cutpaste_init(&s->cutpaste, t->trainer,
                  &(struct cutpaste_options){o->momentum, o->decay, o->clip, o->ways, o->alone});
    t->learner = &s->cutpaste.learner;
}

static void put(struct tuner *t, const struct view *in, size_t i, uint64_t epoch, size_t image)
{
    struct cutpaste_state *s = t->state;
    held_set_get(t->images, image, &t->sample);
    struct raster rgb = colour_rgb(&t->sample.raster);
    for (size_t k = 0; k < t->copies; k++) {
        raster_copy(&s->altered, &rgb);
        cutpaste(&s->altered, (enum cutpaste_kind)k, t->o->fit.seed, epoch, image);
        normalise(in, i * t->copies + k, &s->altered, &t->net.norm);
    }
    raster_free(&rgb);
}

static double step_cutpaste(struct tuner *t, uint64_t step, double rate)
{
    struct cutpaste_state *s = t->state;
    return cutpaste_step(&s->cutpaste, step, rate);
}

static double loss(const struct tuner *t, const struct view *output)
{
    return cutpaste_mean_loss(output, t->o->ways);
}

/* As many as fit into 5 minutes of two cores, of 200 images and ResNet-18. */
static size_t epochs(const struct tuner_options *o)
{
    (void)o;
    return 4;
}

static void doubt(const struct tuner *t, uint64_t steps)
{
    if (steps <= t->o->alone)
        warning("in %llu steps the head learned alone (--alone %zu): the weights did not learn",
                (unsigned long long)steps, t->o->alone);
}

static void end(struct tuner *t)
{
    struct cutpaste_state *s = t->state;
    cutpaste_free(&s->cutpaste);
    raster_free(&s->altered);
    free(s);
}

const struct tuner_method tuner_cutpaste = {.name = "cutpaste",
                                            .open = open_cutpaste,
                                            .begin = begin,
                                            .put = put,
                                            .step = step_cutpaste,
                                            .loss = loss,
                                            .epochs = epochs,
                                            .rate = RATE_COSINE,
                                            .doubt = doubt,
                                            .end = end};
