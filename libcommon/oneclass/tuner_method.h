/* What a method brings to the tuner (tuner.c), and what it sees of it: a network of its own, its images, its step. A method is a file
 * beside tuner_panda.c and a line of tuner_methods. */
#ifndef ONECLASS_TUNER_METHOD_H
#define ONECLASS_TUNER_METHOD_H
#include "base/product.h"
#include "oneclass/tuner.h"
#include "stream/note.h"
#include "train/freeze.h"
#include "train/held_set.h"
#include "train/learner.h"

struct tuner {
    struct tuner_options *o;
    struct fitting *fitting;
    struct frozen net;       /* weights as they were read; the graph, which a method may extend */
    struct held_set *images; /* n of them, all height x width; every HELD_EVERY-th is held back */
    struct note known;       /* what the images were made by */
    size_t height, width, n;
    size_t batch; /* images of a step */
    struct freeze freeze;
    size_t output, copies; /* as the method's open left them */
    bool fixed;
    struct trainer *trainer; /* the learner's */
    struct learner *learner;
    void *state;               /* the method's own */
    struct feed_sample sample; /* the image at hand */
    struct product *out;       /* NULL: opened when there are weights */
};

struct tuner_method {
    const char *name;
    /* Sets t->output, the node whose value the loss sees; t->copies, what a batch has of each image; t->fixed, whether batch norms keep
     * their statistics. Tensors of nodes that it appends go into st. The images are known. */
    void (*open)(struct tuner *t, struct safetensors *st);
    /* With the trainer: sets t->state, and t->learner, which owns the trainer. */
    void (*begin)(struct tuner *t);
    /* Image `image` of an epoch into the places of a batch from copies * i on. */
    void (*put)(struct tuner *t, const struct view *in, size_t i, uint64_t epoch, size_t image);
    /* The loss of a step on what was put into the trainer's input. */
    double (*step)(struct tuner *t, uint64_t step, double rate);
    /* The mean loss of such outputs, copies of each image; nothing learns. */
    double (*loss)(const struct tuner *t, const struct view *output);
    /* Epochs where nobody says how many, and how the rate goes. */
    size_t (*epochs)(const struct tuner_options *o);
    enum rate_kind rate;
    /* Of what the steps depend on beside options, weights and images; NULL: of nothing. */
    uint64_t (*hash)(const struct tuner *t);
    /* After so many steps: may warn. NULL: nothing. */
    void (*doubt)(const struct tuner *t, uint64_t steps);
    void (*end)(struct tuner *t);
};
extern const struct tuner_method tuner_panda, tuner_cutpaste;

/* Which image of the set is the i-th that learns, or that is held. */
size_t tuner_learning(size_t i);
size_t tuner_held(size_t i);
/* Image i of the set as it is, normalised, into place `slot` of a batch. */
void tuner_put(struct tuner *t, const struct view *in, size_t slot, size_t i);
/* The held images by the weights as they are now (tuner_held.c), for struct fitting_task: arg is the tuner. */
struct fitting_held tuner_look(void *arg);
#endif
