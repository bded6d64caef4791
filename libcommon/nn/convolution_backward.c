/* Gradients of the convolution. For its input, the pixels of dx fall into stride x stride classes by their
 * position modulo the stride: within a class each takes part in the same kernel taps, whose output pixels lie
 * side by side, so each class is a small convolution of dy. */
#include "base/size.h"
#include "base/thread.h"
#include "nn/convolution.h"
#include "nn/layer_pointwise.h"
#include <string.h>

/* Taps of one axis that touch positions p (mod stride): kernel indices first, first - stride, ... (count of
 * them), for output positions that ascend from i + shift, where the input position is i * stride + p. */
struct taps {
    size_t first, count;
    ptrdiff_t shift;
};

static struct taps taps_of(const struct convolution *c, size_t p)
{
    const size_t lowest = (p + c->padding) % c->stride;
    struct taps t = {0};
    if (lowest >= c->kernel)
        return t;
    t.count = (c->kernel - 1 - lowest) / c->stride + 1;
    t.first = lowest + (t.count - 1) * c->stride;
    t.shift = ((ptrdiff_t)(p + c->padding) - (ptrdiff_t)t.first) / (ptrdiff_t)c->stride;
    return t;
}

/* Beyond the taps of its own pixel, the last rows of an input that the stride doesn't divide read past dy's end. */
size_t convolution_gradient_halo(const struct convolution *c)
{
    const size_t reach = c->kernel + c->stride - 2;
    size_t halo = reach > c->padding ? (reach - c->padding) / c->stride : 0;
    for (size_t p = 0; p < c->stride; p++) {
        const struct taps t = taps_of(c, p);
        const ptrdiff_t before = -t.shift, after = t.shift + (ptrdiff_t)t.count - 1;
        if (t.count && before > (ptrdiff_t)halo)
            halo = (size_t)before;
        if (t.count && after > (ptrdiff_t)halo)
            halo = (size_t)after;
    }
    return halo;
}

static size_t class_depth(const struct convolution *c, struct taps y, struct taps x)
{
    return y.count * x.count * c->out_channels;
}

size_t convolution_turned_size(const struct convolution *c)
{
    size_t sum = 0;
    for (size_t py = 0; py < c->stride; py++)
        for (size_t px = 0; px < c->stride; px++)
            sum += conv_packed_size(class_depth(c, taps_of(c, py), taps_of(c, px)), c->in_channels);
    return sum;
}

struct turn {
    float *turned;
    const float *packed;
    const struct convolution *c;
    struct taps y, x;
};

/* Output channels whose weights are read side by side: a line of the cache. */
enum { BLOCK = 16 };

typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

/* to[o * 64 + j] = from[j * 64 + o] of four by four numbers. */
static void turn_four(float *to, const float *from)
{
    const four a = *(const four *)from, b = *(const four *)(from + CONV_PANEL),
               c = *(const four *)(from + 2 * CONV_PANEL), d = *(const four *)(from + 3 * CONV_PANEL);
    const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(four *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(four *)(to + CONV_PANEL) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(four *)(to + 2 * CONV_PANEL) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
    *(four *)(to + 3 * CONV_PANEL) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
}

/* n rows of 64 numbers: of each output channel, those of its `columns` input channels, then zeros. */
static void turn_block(float *to, const float *from, size_t n, size_t columns)
{
    const size_t rows = n / 4 * 4, across = columns / 4 * 4;
    for (size_t j = 0; j < across; j += 4)
        for (size_t o = 0; o < rows; o += 4)
            turn_four(to + o * CONV_PANEL + j, from + j * CONV_PANEL + o);
    for (size_t o = 0; o < n; o++) {
        for (size_t j = o < rows ? across : 0; j < columns; j++)
            to[o * CONV_PANEL + j] = from[j * CONV_PANEL + o];
        memset(to + o * CONV_PANEL + columns, 0, (CONV_PANEL - columns) * sizeof *to);
    }
}

/* One panel of 64 input channels: for each tap and output channel, the 64 weights. */
static void turn_panel(void *arg, size_t panel, size_t worker)
{
    (void)worker;
    const struct turn *t = arg;
    const struct convolution *c = t->c;
    const size_t depth = convolution_depth(c), first = panel * CONV_PANEL;
    const size_t columns = c->in_channels - first < CONV_PANEL ? c->in_channels - first : CONV_PANEL;
    float *to = t->turned + panel * CONV_PANEL * class_depth(c, t->y, t->x);
    for (size_t i = 0; i < t->y.count * t->x.count; i++) {
        const size_t ky = t->y.first - i / t->x.count * c->stride,
                     kx = t->x.first - i % t->x.count * c->stride;
        const size_t k = (ky * c->kernel + kx) * c->in_channels + first;
        for (size_t o = 0, n; o < c->out_channels; o += n, to += n * CONV_PANEL) {
            n = size_least(BLOCK, c->out_channels - o);
            turn_block(to, t->packed + (o / CONV_PANEL * depth + k) * CONV_PANEL + o % CONV_PANEL, n,
                       columns);
        }
    }
}

void convolution_turn(float *turned, const float *packed, const struct convolution *c)
{
    for (size_t py = 0; py < c->stride; py++)
        for (size_t px = 0; px < c->stride; px++) {
            struct turn t = {turned, packed, c, taps_of(c, py), taps_of(c, px)};
            pool_run((c->in_channels + CONV_PANEL - 1) / CONV_PANEL, turn_panel, &t);
            turned += conv_packed_size(class_depth(c, t.y, t.x), c->in_channels);
        }
}

size_t convolution_turned_narrow_size(const struct convolution *c)
{
    size_t sum = 0;
    for (size_t py = 0; py < c->stride; py++)
        for (size_t px = 0; px < c->stride; px++)
            sum += conv_narrow_size(class_depth(c, taps_of(c, py), taps_of(c, px)), c->in_channels);
    return sum;
}

void convolution_narrow_turned(uint32_t *narrow, const float *turned, const struct convolution *c)
{
    for (size_t py = 0; py < c->stride; py++)
        for (size_t px = 0; px < c->stride; px++) {
            const size_t depth = class_depth(c, taps_of(c, py), taps_of(c, px));
            conv_narrow(narrow, turned, depth, c->in_channels);
            narrow += conv_narrow_size(depth, c->in_channels);
            turned += conv_packed_size(depth, c->in_channels);
        }
}

struct convolution convolution_adjoint(const struct convolution *c)
{
    return (struct convolution){c->out_channels, c->in_channels, c->kernel, 1, c->kernel - 1 - c->padding};
}

/* dx at positions (i * stride + py, j * stride + px), all i, j. */
static struct conv_walk class_walk(const struct view *dx, const struct view *dy, const struct convolution *c,
                                   struct taps y, struct taps x, size_t py, size_t px)
{
    const size_t s = c->stride;
    const ptrdiff_t step = (ptrdiff_t)s;
    struct conv_walk walk = {
        .in = dy->type,
        .out = dx->type,
        .n = dx->n,
        .h = dx->h > py ? (dx->h - py - 1) / s + 1 : 0,
        .w = dx->w > px ? (dx->w - px - 1) / s + 1 : 0,
        .in_step = {view_image(dy), view_row(dy), (ptrdiff_t)view_step(dy)},
        .out_step = {view_image(dx), step * view_row(dx), step * (ptrdiff_t)view_step(dx)},
        .channels = c->in_channels,
    };
    convolution_segments(&walk, dy, y.count, x.count);
    return walk;
}

/* A class without taps (a 1 x 1 convolution with stride): nothing came from there but what the epilogue adds. */
static void fill_class(const struct view *dx, const struct convolution_epilogue *e,
                       const struct conv_walk *walk, size_t step, size_t py, size_t px)
{
    const struct view pixel = {.n = 1, .h = 1, .w = 1, .c = dx->c, .type = dx->type};
    for (size_t i = 0; i < walk->n * walk->h * walk->w; i++) {
        const size_t n = i / walk->w / walk->h;
        const ptrdiff_t y = (ptrdiff_t)(py + i / walk->w % walk->h * step),
                        x = (ptrdiff_t)(px + i % walk->w * step);
        struct view out = pixel, in = pixel;
        out.data = in.data = view_pixel(dx, n, y, x);
        if (e->residual)
            in.data = view_pixel(e->residual, n, y, x);
        else
            view_clear(&out);
        pointwise_forward(&out, &in, NULL, e->bias, NULL, e->relu);
    }
}

void convolution_spread(const struct view *dx, const struct view *dy, const void *turned,
                        const struct convolution_epilogue *epilogue, const struct convolution *c)
{
    const char *packed = turned;
    for (size_t py = 0; py < c->stride; py++)
        for (size_t px = 0; px < c->stride; px++) {
            const struct taps y = taps_of(c, py), x = taps_of(c, px);
            const struct conv_walk walk = class_walk(dx, dy, c, y, x, py, px);
            const ptrdiff_t step = (ptrdiff_t)c->stride;
            const struct view *r = epilogue->residual;
            struct conv_epilogue e = {.bias = epilogue->bias, .relu = epilogue->relu};
            if (r) {
                e.residual = view_pixel(r, 0, (ptrdiff_t)py, (ptrdiff_t)px);
                e.residual_step[0] = view_image(r);
                e.residual_step[1] = step * view_row(r);
                e.residual_step[2] = step * (ptrdiff_t)view_step(r);
            }
            if (y.count && x.count)
                conv_run(view_pixel(dx, 0, (ptrdiff_t)py, (ptrdiff_t)px), view_pixel(dy, 0, y.shift, x.shift),
                         packed, &e, &walk);
            else if (!r || r->data != dx->data || e.bias || e.relu) /* else it is there */
                fill_class(dx, epilogue, &walk, c->stride, py, px);
            packed += dy->type == DT_BF16
                          ? conv_narrow_size(class_depth(c, y, x), c->in_channels) * sizeof(uint32_t)
                          : conv_packed_size(class_depth(c, y, x), c->in_channels) * sizeof(float);
        }
}

void convolution_backward_data(const struct view *dx, const struct view *dy, const void *turned,
                               bool accumulate, const struct convolution *c)
{
    convolution_spread(dx, dy, turned, &(struct convolution_epilogue){.residual = accumulate ? dx : NULL}, c);
}

void convolution_backward_weights(float *gradient, const struct view *x, const struct view *dy,
                                  const struct convolution *c)
{
    const struct conv_walk walk = convolution_walk(dy, x, c);
    const ptrdiff_t corner = -(ptrdiff_t)c->padding;
    conv_gradient(gradient, view_pixel(x, 0, corner, corner), view_pixel(dy, 0, 0, 0), &walk);
}
