#include "base/err.h"
#include "base/thread.h"
#include "nn/batchnorm.h"
#include "nn/filter.h"
#include "nn/pool.h"
#include "nn/trainer_parts.h"

static struct batchnorm batchnorm_of(const struct trainer *t, const struct step_state *s, size_t channels)
{
    return (struct batchnorm){.channels = channels,
                              .weight = t->values + s->weight,
                              .bias = t->values + s->bias,
                              .running_mean = t->statistics + s->mean,
                              .running_var = t->statistics + s->variance,
                              .weight_gradient = t->gradients + s->weight,
                              .bias_gradient = t->gradients + s->bias,
                              .mean = s->batch,
                              .inverse = s->batch + channels};
}

static void step_forward(const struct trainer *t, const struct step *step, const struct step_state *s)
{
    const struct node *node = &t->graph.node[step->node];
    const struct view *out = &t->value[step->out], *in = &t->value[node->input[0]];
    view_clear_halo(out);
    if (node_is_product(node)) {
        const struct convolution_epilogue e = {.bias = node->bias ? t->values + s->bias : NULL};
        filter_pack(t->filter, t->values + s->weight, &node->conv, in->type);
        filter_forward(out, in, t->filter, &e, &node->conv, t->scratch);
    } else if (node->op == OP_BATCHNORM) {
        const struct batchnorm b = batchnorm_of(t, s, node->channels);
        batchnorm_forward(out, in, step->residual >= 0 ? &t->value[step->residual] : NULL, step->relu, &b);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_forward(out, in, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else {
        meanpool_forward(out, in);
    }
}

static void take_image(void *arg, size_t n, size_t worker)
{
    (void)worker;
    const struct trainer *t = arg;
    view_copy_in(&t->value[t->schedule.input], n, view_at(&t->images, n, 0, 0));
}

void trainer_forward(struct trainer *t)
{
    const struct view *input = &t->value[t->schedule.input];
    view_clear_halo(input);
    pool_run(input->n, take_image, t);
    for (size_t i = 0; i < t->schedule.steps; i++)
        step_forward(t, &t->schedule.step[i], &t->state[i]);
}

static void bias_backward(float *gradient, const struct view *dy)
{
    for (size_t n = 0; n < dy->n; n++)
        for (size_t y = 0; y < dy->h; y++)
            for (size_t x = 0; x < dy->w; x++) {
                const void *pixel = view_pixel(dy, n, (ptrdiff_t)y, (ptrdiff_t)x);
                for (size_t c = 0; c < dy->c; c++)
                    gradient[c] += dy->type == DT_BF16 ? bf16_to_f32(((const uint16_t *)pixel)[c])
                                                       : ((const float *)pixel)[c];
            }
}

static void input_backward(const struct trainer *t, const struct node *node, const struct step_state *s,
                           const struct view *dy)
{
    const struct view *dx = &t->gradient[node->input[0]];
    const struct convolution *c = &node->conv, adjoint = convolution_adjoint(c);
    const struct convolution_epilogue e = {.residual = s->accumulate_input ? dx : NULL};
    view_clear_halo(dy);
    convolution_turn(t->turned, t->values + s->weight, c);
    if (c->stride == 1) {
        filter_pack(t->filter, t->turned, &adjoint, dy->type);
        filter_forward(dx, dy, t->filter, &e, &adjoint, t->scratch);
    } else if (dy->type == DT_BF16) {
        convolution_narrow_turned(t->filter, t->turned, c);
        convolution_backward_data(dx, dy, t->filter, s->accumulate_input, c);
    } else {
        convolution_backward_data(dx, dy, t->turned, s->accumulate_input, c);
    }
}

static void product_backward(const struct trainer *t, const struct node *node, const struct step_state *s,
                             const struct view *dy)
{
    filter_gradient(t->gradients + s->weight, &t->value[node->input[0]], dy, &node->conv, t->scratch);
    if (node->bias)
        bias_backward(t->gradients + s->bias, dy);
    if (node->input[0] != t->schedule.input)
        input_backward(t, node, s, dy);
}

static void step_backward(const struct trainer *t, const struct step *step, const struct step_state *s)
{
    const struct node *node = &t->graph.node[step->node];
    const size_t in = node->input[0];
    const struct view *dy = &t->gradient[step->out], *dx = &t->gradient[in], *x = &t->value[in];
    if (!node_is_product(node) && s->accumulate_input)
        die("layer '%s' shares its input with another: this network can't be trained", node->name);
    if (node_is_product(node)) {
        product_backward(t, node, s, dy);
    } else if (node->op == OP_BATCHNORM) {
        const struct batchnorm b = batchnorm_of(t, s, node->channels);
        batchnorm_backward(dx, step->residual >= 0 ? &t->gradient[step->residual] : NULL,
                           s->accumulate_residual, dy, step->relu ? &t->value[step->out] : NULL, x, &b);
    } else if (node->op == OP_MAXPOOL) {
        maxpool_backward(dx, dy, x, node->conv.kernel, node->conv.stride, node->conv.padding);
    } else {
        meanpool_backward(dx, dy);
    }
}

void trainer_backward(struct trainer *t)
{
    for (size_t i = t->schedule.steps; i-- > 0;)
        step_backward(t, &t->schedule.step[i], &t->state[i]);
}
