/* What happens to each element on its own: ReLU, sums, and the affine map that a batch norm in eval mode is. */
#include "nn/layer_pointwise.h"
#include "base/err.h"
#include "base/thread.h"
#include "nn/element.h"
#include "nn/layer.h"
#include "num/channel.h"

struct pointwise {
    const struct view *out, *in, *residual;
    const float *scale, *shift;
    bool relu;
};

struct pointwise_gradient {
    const struct view *dx, *dy, *y; /* y: NULL where there is no ReLU */
    bool accumulate;
};

static void pixel(void *out, const void *in, const void *residual, const struct pointwise *p)
{
    for (size_t c = 0; c < p->in->c; c++) {
        float x = element_get(in, c, p->in->type);
        if (p->scale)
            x *= p->scale[c];
        if (p->shift)
            x += p->shift[c];
        if (residual)
            x += element_get(residual, c, p->residual->type);
        element_put(out, c, p->out->type, p->relu && !(x > 0.0f) ? 0.0f : x);
    }
}

static void row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct pointwise *p = arg;
    const size_t n = task / p->in->h;
    const ptrdiff_t y = (ptrdiff_t)(task % p->in->h);
    for (ptrdiff_t x = 0; x < (ptrdiff_t)p->in->w; x++)
        pixel(view_pixel(p->out, n, y, x), view_pixel(p->in, n, y, x),
              p->residual ? view_pixel(p->residual, n, y, x) : NULL, p);
}

void pointwise_forward(const struct view *out, const struct view *in, const float *scale, const float *shift,
                       const struct view *residual, bool relu)
{
    struct pointwise p = {out, in, residual, scale, shift, relu};
    pool_run(in->n * in->h, row, &p);
}

static bool dense(const struct view *v)
{
    return !v || view_dense(v);
}

/* dx = dy where y > 0, or += . Types that differ, and sums without ReLU, go number by number. */
static void gradient_row(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct pointwise_gradient *p = arg;
    const size_t n = task / p->dx->h, width = p->dx->w;
    const ptrdiff_t y = (ptrdiff_t)(task % p->dx->h);
    const bool whole = dense(p->dx) && dense(p->dy) && dense(p->y);
    const bool alike = p->y && p->dx->type == p->dy->type && p->dx->type == p->y->type;
    for (size_t x = 0; x < width; x += whole ? width : 1) {
        void *dx = view_pixel(p->dx, n, y, (ptrdiff_t)x);
        const void *dy = view_pixel(p->dy, n, y, (ptrdiff_t)x),
                   *out = p->y ? view_pixel(p->y, n, y, (ptrdiff_t)x) : NULL;
        const size_t numbers = (whole ? width : 1) * p->dx->c;
        if (alike) {
            channel_mask(p->dx->type, dx, p->accumulate, dy, out, numbers);
            continue;
        }
        for (size_t c = 0; c < numbers; c++) {
            const float dz =
                out && !(element_get(out, c, p->y->type) > 0.0f) ? 0.0f : element_get(dy, c, p->dy->type);
            element_put(dx, c, p->dx->type, p->accumulate ? element_get(dx, c, p->dx->type) + dz : dz);
        }
    }
}

void pointwise_backward(const struct view *dx, bool accumulate, const struct view *dy, const struct view *y)
{
    struct pointwise_gradient p = {dx, dy, y, accumulate};
    pool_run(dx->n * dx->h, gradient_row, &p);
}

static void forward(const struct layer_call *l)
{
    const bool sum = l->node->inputs == 2;
    pointwise_forward(&l->out, &l->in[0], NULL, NULL, sum ? &l->in[1] : NULL,
                      l->relu || l->node->layer == &layer_relu);
}

static void backward(const struct layer_call *l)
{
    const bool relu = l->relu || l->node->layer == &layer_relu;
    for (size_t i = 0; i < l->node->inputs; i++)
        if (l->d_in[i].data)
            pointwise_backward(&l->d_in[i], l->accumulate[i], &l->d_out, relu ? &l->out : NULL);
}

const struct layer layer_relu = {
    .name = "ReLU", .forward = forward, .backward = backward, .accumulates = true, .keeps_output = true};
const struct layer layer_add = {.name = "sum", .forward = forward, .backward = backward, .accumulates = true};

size_t graph_relu(struct graph *g, size_t x)
{
    return graph_append(g, graph_unary(g, &layer_relu, x), "");
}

size_t graph_add(struct graph *g, size_t x, size_t y)
{
    struct graph_node node = graph_unary(g, &layer_add, x);
    if (g->node[y].channels != node.channels)
        die("a sum of %zu and %zu channels", node.channels, g->node[y].channels);
    node.inputs = 2;
    node.input[1] = y;
    return graph_append(g, node, "");
}
