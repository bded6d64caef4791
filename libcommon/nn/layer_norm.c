/* Layer norm over all of an image (torch.nn.LayerNorm of (C, H, W)): with m = C H W, xhat = (x - mean) / sqrt(var + 1e-5),
 * mean and var (biased) of each image,
 *
 *   y = weight xhat + bias, both of every element;   dweight = sum over images of dy xhat;   dbias = of dy
 *   dx = (g - mean(g) - xhat mean(g xhat)) / sqrt(var + 1e-5),   g = weight dy
 *
 * The sums of an image are f64 and taken row by row, the rows in order. */
#include "base/err.h"
#include "base/mem.h"
#include "base/thread.h"
#include "nn/element.h"
#include "nn/layer.h"
#include <math.h>
#include <stdlib.h>

/* What the tasks share. `sums`: two numbers a row; `kept`: mean and inverse deviation of each image. */
struct norm {
    const struct layer_call *l;
    double *sums;
    float *kept;
};

/* Where the weights of a pixel's first channel lie. */
static size_t weight_at(const struct view *v, ptrdiff_t y, ptrdiff_t x)
{
    return ((size_t)y * v->w + (size_t)x) * v->c;
}

static void forward_sums(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct norm *t = arg;
    const struct view *in = &t->l->in[0];
    double sum = 0, squares = 0;
    for (ptrdiff_t x = 0; x < (ptrdiff_t)in->w; x++) {
        const void *pixel = view_pixel(in, row / in->h, (ptrdiff_t)(row % in->h), x);
        for (size_t c = 0; c < in->c; c++) {
            const double v = element_get(pixel, c, in->type);
            sum += v;
            squares += v * v;
        }
    }
    t->sums[2 * row] = sum;
    t->sums[2 * row + 1] = squares;
}

static void forward_row(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct norm *t = arg;
    const struct view *in = &t->l->in[0], *out = &t->l->out;
    const size_t n = row / in->h;
    const ptrdiff_t y = (ptrdiff_t)(row % in->h);
    const float mean = t->kept[2 * n], inverse = t->kept[2 * n + 1];
    for (ptrdiff_t x = 0; x < (ptrdiff_t)in->w; x++) {
        const float *weight = t->l->part[0] + weight_at(in, y, x),
                    *bias = t->l->part[1] + weight_at(in, y, x);
        const void *from = view_pixel(in, n, y, x);
        void *to = view_pixel(out, n, y, x);
        for (size_t c = 0; c < in->c; c++)
            element_put(to, c, out->type,
                        (element_get(from, c, in->type) - mean) * inverse * weight[c] + bias[c]);
    }
}

/* The two sums of image n's rows, in order, over its elements: means. */
static void image_means(double mean[2], const struct norm *t, size_t n)
{
    const struct view *in = &t->l->in[0];
    mean[0] = mean[1] = 0;
    for (size_t y = 0; y < in->h; y++)
        for (size_t i = 0; i < 2; i++)
            mean[i] += t->sums[2 * (n * in->h + y) + i];
    for (size_t i = 0; i < 2; i++)
        mean[i] /= (double)(in->h * in->w * in->c);
}

static void forward(const struct layer_call *l)
{
    const size_t rows = l->in[0].n * l->in[0].h;
    struct norm t = {l, l->scratch, (float *)(void *)((double *)l->scratch + 2 * rows)};
    if (l->kept)
        t.kept = l->kept;
    pool_run(rows, forward_sums, &t);
    for (size_t n = 0; n < l->in[0].n; n++) {
        double mean[2];
        image_means(mean, &t, n);
        t.kept[2 * n] = (float)mean[0];
        t.kept[2 * n + 1] = (float)(1 / sqrt(fmax(mean[1] - mean[0] * mean[0], 0) + 1e-5));
    }
    pool_run(rows, forward_row, &t);
}

/* sums: of g and of g xhat. */
static void backward_sums(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct norm *t = arg;
    const struct view *in = &t->l->in[0], *dy = &t->l->d_out;
    const size_t n = row / in->h;
    const ptrdiff_t y = (ptrdiff_t)(row % in->h);
    const double mean = t->kept[2 * n], inverse = t->kept[2 * n + 1];
    double sum = 0, product = 0;
    for (ptrdiff_t x = 0; x < (ptrdiff_t)in->w; x++) {
        const float *weight = t->l->part[0] + weight_at(in, y, x);
        const void *pixel = view_pixel(in, n, y, x), *gradient = view_pixel(dy, n, y, x);
        for (size_t c = 0; c < in->c; c++) {
            const double g = (double)weight[c] * element_get(gradient, c, dy->type);
            sum += g;
            product += g * (element_get(pixel, c, in->type) - mean) * inverse;
        }
    }
    t->sums[2 * row] = sum;
    t->sums[2 * row + 1] = product;
}

/* The gradients of one row's weights and biases, all images. */
static void backward_weights(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct norm *t = arg;
    const struct view *in = &t->l->in[0], *dy = &t->l->d_out;
    float *const *d = t->l->d_part;
    const ptrdiff_t y = (ptrdiff_t)row;
    for (size_t n = 0; n < in->n; n++)
        for (ptrdiff_t x = 0; x < (ptrdiff_t)in->w; x++) {
            const void *pixel = view_pixel(in, n, y, x), *gradient = view_pixel(dy, n, y, x);
            for (size_t c = 0, at = weight_at(in, y, x); c < in->c; c++, at++) {
                const float g = element_get(gradient, c, dy->type);
                if (d[0])
                    d[0][at] += g * (element_get(pixel, c, in->type) - t->kept[2 * n]) * t->kept[2 * n + 1];
                if (d[1])
                    d[1][at] += g;
            }
        }
}

static void backward_row(void *arg, size_t row, size_t worker)
{
    (void)worker;
    const struct norm *t = arg;
    const struct view *in = &t->l->in[0], *dy = &t->l->d_out, *dx = &t->l->d_in[0];
    const size_t n = row / in->h;
    const ptrdiff_t y = (ptrdiff_t)(row % in->h);
    const float mean = t->kept[2 * n], inverse = t->kept[2 * n + 1];
    const float sum = (float)t->sums[2 * n], product = (float)t->sums[2 * n + 1];
    for (ptrdiff_t x = 0; x < (ptrdiff_t)in->w; x++) {
        const float *weight = t->l->part[0] + weight_at(in, y, x);
        const void *pixel = view_pixel(in, n, y, x), *gradient = view_pixel(dy, n, y, x);
        void *to = view_pixel(dx, n, y, x);
        for (size_t c = 0; c < in->c; c++) {
            const float xhat = (element_get(pixel, c, in->type) - mean) * inverse;
            const float g = weight[c] * element_get(gradient, c, dy->type);
            element_put(to, c, dx->type, inverse * (g - sum - xhat * product));
        }
    }
}

static void backward(const struct layer_call *l)
{
    const size_t rows = l->in[0].n * l->in[0].h;
    struct norm t = {l, l->scratch, l->kept};
    if (l->d_part[0] || l->d_part[1])
        pool_run(l->in[0].h, backward_weights, &t);
    if (!l->d_in[0].data)
        return;
    pool_run(rows, backward_sums, &t);
    for (size_t n = 0; n < l->in[0].n; n++) { /* into the first places: image n's lie behind them */
        double mean[2];
        image_means(mean, &t, n);
        t.sums[2 * n] = mean[0];
        t.sums[2 * n + 1] = mean[1];
    }
    pool_run(rows, backward_row, &t);
}

static void sides(size_t out[2], const struct graph_node *node, const size_t (*in)[2])
{
    for (size_t i = 0; i < 2; i++) {
        if (in[0][i] != node->side[i])
            die("layer '%s' is for images of %zux%zu, not %zux%zu", node->name, node->side[0], node->side[1],
                in[0][0], in[0][1]);
        out[i] = in[0][i];
    }
}

static size_t parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    static const char *const suffix[] = {"weight", "bias"};
    for (size_t i = 0; i < 2; i++) {
        part[i] =
            layer_part_of(node, suffix[i],
                          (struct tensor){.rank = 3, .dim = {node->channels, node->side[0], node->side[1]}});
        part[i].packed = true;
    }
    return 2;
}

static void draw(float *data, size_t n, size_t i, const struct graph_node *node, struct rng *r)
{
    (void)node;
    (void)r;
    for (size_t j = 0; j < n; j++)
        data[j] = i == 0 ? 1.0f : 0.0f;
}

/* From C x H x W to H x W x C, and back. */
static void pack(float *kept, const float *tensor, const struct graph_node *node)
{
    const size_t pixels = node->side[0] * node->side[1];
    for (size_t i = 0; i < pixels * node->channels; i++)
        kept[i] = tensor[i % node->channels * pixels + i / node->channels];
}

static void unpack(float *tensor, const float *kept, const struct graph_node *node)
{
    const size_t pixels = node->side[0] * node->side[1];
    for (size_t i = 0; i < pixels * node->channels; i++)
        tensor[i % node->channels * pixels + i / node->channels] = kept[i];
}

static void wants(struct layer_wants *w, const struct layer_call *l)
{
    w->kept = l->training ? 2 * l->in[0].n * sizeof(float) : 0;
    w->scratch = 2 * l->in[0].n * (l->in[0].h * sizeof(double) + sizeof(float));
}

static const struct layer layer_norm = {.name = "layer norm",
                                        .sides = sides,
                                        .parts = parts,
                                        .draw = draw,
                                        .pack = pack,
                                        .unpack = unpack,
                                        .wants = wants,
                                        .forward = forward,
                                        .backward = backward,
                                        .keeps_input = true,
                                        .casts_f32 = true};

size_t graph_layernorm(struct graph *g, size_t x, const char *name, size_t h, size_t w)
{
    struct graph_node node = graph_unary(g, &layer_norm, x);
    node.side[0] = h;
    node.side[1] = w;
    return graph_append(g, node, name);
}
