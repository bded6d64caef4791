#include "train/classifier_network.h"
#include "base/err.h"
#include "nn/networks.h"
#include "nn/precision_option.h"
#include "nn/weights.h"

enum { OUTPUTS = 1 + DENSE_TAPS };

/* A 1 x 1 convolution to the classes on each layer whose cells learn. */
static void add_heads(struct graph *g, const struct classifier_recipe *r)
{
    for (size_t i = 0; i < r->dense.n; i++) {
        char name[32];
        const size_t x = (size_t)graph_find_tap(g, r->dense.at[i].tap);
        const struct convolution c = {g->node[x].channels, r->classes, 1, 1, 0};
        snprintf(name, sizeof name, "dense.%s", r->dense.at[i].tap);
        graph_tap(g, graph_conv(g, x, name, c, true), name);
    }
}

static void find_outputs(size_t output[OUTPUTS], const struct graph *g, const struct dense_taps *dense)
{
    output[0] = (size_t)graph_find_tap(g, "fc");
    for (size_t i = 0; i < dense->n; i++) {
        char name[32];
        snprintf(name, sizeof name, "dense.%s", dense->at[i].tap);
        output[i + 1] = (size_t)graph_find_tap(g, name);
    }
}

/* Takes from the initial weights' file what has the shape that the graph wants. */
static void take_fitting(struct safetensors *st, const struct graph *g, const struct classifier_options *o)
{
    struct safetensors file = {0};
    size_t taken = 0, all = 0;
    safetensors_open(&file, o->init);
    for (size_t i = 0; i < g->n; i++) {
        struct layer_part part[LAYER_PARTS];
        const size_t parts = layer_parts(part, &g->node[i]);
        all += parts;
        for (size_t p = 0; p < parts; p++) {
            const struct tensor *from = safetensors_find(&file, part[p].name);
            if (!from || !tensor_same_shape(from, &part[p].shape))
                continue;
            safetensors_add(st, part[p].name, from);
            taken++;
        }
    }
    if (taken == 0)
        die("%s: no tensor fits a %s", o->init, o->recipe.arch);
    notice("%s: %zu of %zu tensors taken", o->init, taken, all);
    safetensors_free(&file);
}

/* What the initial weights have in the same shape, and random ones for the rest. */
static void initial_weights(struct safetensors *st, const struct graph *g, const struct classifier_options *o)
{
    if (o->init)
        take_fitting(st, g, o);
    weights_random(st, g, "", o->recipe.seed);
}

void classifier_network(struct learner *l, const struct classifier_options *o, const struct freeze *freeze)
{
    const struct classifier_recipe *r = &o->recipe;
    struct safetensors st = {0};
    struct graph built = {0};
    const struct graph *g = o->graph ? o->graph : &built;
    if (!o->graph) {
        network_build_stages(&built, r->arch, r->layers, r->classes);
        add_heads(&built, r);
    }
    initial_weights(&st, g, o);
    const struct optimiser_options sgd = {
        .kind = OPTIMISER_SGD, .momentum = r->momentum, .average = r->average};
    size_t output[OUTPUTS];
    find_outputs(output, g, &r->dense);
    const struct trainer_plan plan = {.output = output,
                                      .outputs = 1 + r->dense.n,
                                      .n = classifier_recipe_pass(r),
                                      .h = r->augment.size,
                                      .w = r->augment.size,
                                      .precision = classifier_recipe_precision(r),
                                      .frozen = freeze->name,
                                      .fixed = freeze->name};
    struct trainer *trainer = trainer_new(g, &st, o->init ? o->init : "random weights", &plan);
    freeze_check(freeze, trainer);
    learner_init(l, trainer, &sgd, r->decay, r->decay_all);
    safetensors_free(&st);
    graph_free(&built);
    notice("%s in %s, %zu classes: %.1f MB of parameters and gradients, %.1f MB of activations", r->arch,
           precision_name(plan.precision), r->classes, (double)trainer_parameter_bytes(trainer) / 1e6,
           (double)trainer_arena_bytes(trainer) / 1e6);
}
