/* nn/product: the fast ways of a convolution (bf16, Winograd) against the direct one in f32, forward and both
 * gradients, on odd sizes, for every kind of kernel that this CPU has, and AMX through an emulator. */
#include "amx_emulator.h"
#include "base/mem.h"
#include "base/rng.h"
#include "nn/product.h"
#include "nn/quantised.h"
#include "num/cpu.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* A view whose inside is noise, rounded to what bf16 can hold so that inputs are exact. */
static struct view noise(size_t n, size_t h, size_t w, size_t c, size_t halo, enum dtype type,
                         uint64_t stream)
{
    struct view v = {NULL, n, h, w, c, halo, type, 0};
    struct rng r = rng_new(5, stream);
    float *image = xmalloc(h * w * c, sizeof *image);
    v.data = xcalloc(view_bytes(&v), 1);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < h * w * c; j++)
            image[j] = bf16_to_f32(f32_to_bf16((float)rng_normal(&r)));
        view_copy_in(&v, i, image);
    }
    free(image);
    return v;
}

/* Root mean square of a - b over that of b. */
static double error_of(const float *a, const float *b, size_t n)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        error += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    return sqrt(error / size);
}

static double difference(const struct view *a, const struct view *b)
{
    const size_t n = a->h * a->w * a->c;
    float *x = xmalloc(a->n * n, sizeof *x), *y = xmalloc(a->n * n, sizeof *y);
    for (size_t i = 0; i < a->n; i++) {
        view_copy_out(x + i * n, a, i);
        view_copy_out(y + i * n, b, i);
    }
    const double error = error_of(x, y, a->n * n);
    free(x), free(y);
    return error;
}

/* What one way of computing makes of the same numbers. */
struct result {
    struct view y, dx;
    float *gradient;
};

struct problem {
    struct convolution c;
    size_t n, h, w;
    const float *panels, *bias;
};

static void backward_data(const struct result *r, const struct problem *p, const struct view *dy)
{
    const struct convolution *c = &p->c;
    void *weights = xaligned(product_back_bytes(c, dy->type), 1);
    void *scratch = xaligned(product_back_scratch(c, dy->type, dy->h, dy->w), 1);
    product_back(&r->dx, dy, p->panels, true, c, weights, scratch);
    free(weights), free(scratch);
}

/* The fast ways. The input's gradient is added to what is there, the output has all that an epilogue can do. */
static struct result fast(const struct problem *p, enum dtype type)
{
    const struct convolution *c = &p->c;
    const size_t oh = convolution_side(c, p->h), ow = convolution_side(c, p->w);
    struct view x = noise(p->n, p->h, p->w, c->in_channels, c->padding, type, 1);
    struct view dy = noise(p->n, oh, ow, c->out_channels, convolution_gradient_halo(c), type, 2);
    struct view shortcut = noise(p->n, oh, ow, c->out_channels, 0, type, 3);
    struct result r = {noise(p->n, oh, ow, c->out_channels, 1, type, 4),
                       noise(p->n, p->h, p->w, c->in_channels, 0, type, 5),
                       xcalloc(conv_packed_size(convolution_depth(c), c->out_channels), sizeof(float))};
    void *filter = xaligned(product_bytes(c, type), 1),
         *scratch = xaligned(product_scratch(c, type, p->h, p->w), 1);
    void *more = xaligned(product_gradient_scratch(c, &dy), 1);
    product_pack(filter, p->panels, c, type);
    product_forward(&r.y, &x, filter, &(struct convolution_epilogue){p->bias, &shortcut, true}, c, type,
                    scratch);
    backward_data(&r, p, &dy);
    product_gradient(r.gradient, &x, &dy, c, more);
    void *all[] = {x.data, dy.data, shortcut.data, filter, scratch, more};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    return r;
}

/* The direct way in f32, which tests/unit/layers.c holds against the definition. */
static struct result direct(const struct problem *p)
{
    const struct convolution *c = &p->c;
    const size_t oh = convolution_side(c, p->h), ow = convolution_side(c, p->w);
    struct view x = noise(p->n, p->h, p->w, c->in_channels, c->padding, DT_F32, 1);
    struct view dy = noise(p->n, oh, ow, c->out_channels, convolution_gradient_halo(c), DT_F32, 2);
    struct view shortcut = noise(p->n, oh, ow, c->out_channels, 0, DT_F32, 3);
    struct result r = {noise(p->n, oh, ow, c->out_channels, 1, DT_F32, 4),
                       noise(p->n, p->h, p->w, c->in_channels, 0, DT_F32, 5),
                       xcalloc(conv_packed_size(convolution_depth(c), c->out_channels), sizeof(float))};
    float *turned = xmalloc(convolution_turned_size(c), sizeof *turned);
    convolution_turn(turned, p->panels, c);
    convolution_forward(&r.y, &x, p->panels, &(struct convolution_epilogue){p->bias, &shortcut, true}, c);
    convolution_backward_data(&r.dx, &dy, turned, true, c);
    convolution_backward_weights(r.gradient, &x, &dy, c);
    free(x.data), free(dy.data), free(shortcut.data), free(turned);
    return r;
}

static void free_result(struct result *r)
{
    free(r->y.data), free(r->dx.data), free(r->gradient);
}

/* f32 differs by the order of its sums alone. In bf16 the inputs are exact, weights and outputs are rounded
 * once (by 2^-9 at most, .0017 in the mean); Winograd rounds what it multiplies after the transforms, which
 * magnifies: 2 % is what the project allows. */
static void check(struct convolution c, size_t n, size_t h, size_t w)
{
    const size_t depth = convolution_depth(&c), count = conv_packed_size(depth, c.out_channels);
    float *panels = xcalloc(count, sizeof *panels),
          *bias = xcalloc(conv_packed_size(1, c.out_channels), sizeof *bias);
    float *weight = xmalloc(depth * c.out_channels, sizeof *weight);
    struct rng r = rng_new(6, 6);
    for (size_t i = 0; i < depth * c.out_channels; i++)
        weight[i] = (float)(rng_normal(&r) / sqrt((double)depth));
    for (size_t i = 0; i < c.out_channels; i++)
        bias[i] = (float)rng_normal(&r);
    convolution_pack(panels, weight, &c);
    const struct problem p = {c, n, h, w, panels, bias};
    struct result want = direct(&p);
    for (int low = 0; low < 2; low++) {
        const enum dtype type = low ? DT_BF16 : DT_F32;
        const bool winograd = product_way(&c, type) == PRODUCT_WINOGRAD;
        const double most = !low ? 1e-5 : winograd ? 0.02 : 0.004;
        struct result got = fast(&p, type);
        const double y = difference(&got.y, &want.y), dx = difference(&got.dx, &want.dx),
                     dw = error_of(got.gradient, want.gradient, count);
        ok(y < most && dx < most && dw < most,
           "%s %s: %zu->%zu %zux%zu stride %zu on %zux%zux%zu: off by %.2g, gradients by %.2g and %.2g",
           cpu_level_name(cpu_level()), low ? "bf16" : "f32", c.in_channels, c.out_channels, c.kernel,
           c.kernel, c.stride, n, h, w, y, dx, dw);
        free_result(&got);
    }
    free_result(&want);
    free(panels), free(bias), free(weight);
}

/* 8 bits: rounding the input moves it by a five-hundredth of its largest value at most, and weights by a
 * 254th of theirs; integers are exact, so every kind of CPU gives the plain kernel's bits. */
static void check_bytes(struct convolution c, size_t n, size_t h, size_t w)
{
    const size_t depth = convolution_depth(&c), count = conv_packed_size(depth, c.out_channels);
    const size_t oh = convolution_side(&c, h), ow = convolution_side(&c, w);
    float *panels = xcalloc(count, sizeof *panels),
          *bias = xcalloc(conv_packed_size(1, c.out_channels), sizeof *bias);
    float *weight = xmalloc(depth * c.out_channels, sizeof *weight);
    struct view wide = noise(n, h, w, c.in_channels, c.padding, DT_F32, 1);
    struct view in = noise(n, h, w, c.in_channels, c.padding, DT_BF16, 1);
    struct view shortcut = noise(n, oh, ow, c.out_channels, 2, DT_F32, 3);
    struct view got = noise(n, oh, ow, c.out_channels, 1, DT_F32, 4), plain = got, want = got;
    plain.data = xcalloc(view_bytes(&got), 1);
    want.data = xcalloc(view_bytes(&got), 1);
    for (size_t i = 0; i < view_size(&wide); i++) {
        ((float *)wide.data)[i] = fmaxf(((float *)wide.data)[i], 0);
        ((uint16_t *)in.data)[i] = f32_to_bf16(((float *)wide.data)[i]);
    }
    struct rng r = rng_new(6, 6);
    for (size_t i = 0; i < depth * c.out_channels; i++)
        weight[i] = (float)(rng_normal(&r) / sqrt((double)depth));
    for (size_t i = 0; i < c.out_channels; i++)
        bias[i] = (float)rng_normal(&r);
    convolution_pack(panels, weight, &c);
    const struct convolution_epilogue e = {bias, &shortcut, true};
    convolution_forward(&want, &wide, panels, &e, &c);
    void *filter = xaligned(quantised_bytes(&c), 1), *scratch = xaligned(quantised_scratch(&c, h, w), 1);
    quantised_pack(filter, panels, &c);
    const enum cpu_level level = cpu_level();
    quantised_forward(&got, &in, filter, &e, &c, scratch);
    cpu_pretend(CPU_PLAIN);
    quantised_forward(&plain, &in, filter, &e, &c, scratch);
    cpu_pretend(level);
    const double error = difference(&got, &want), apart = difference(&got, &plain);
    ok(error < 0.02 && apart == 0, "%s int8: %zu->%zu %zux%zu stride %zu on %zux%zux%zu: off by %.2g",
       cpu_level_name(level), c.in_channels, c.out_channels, c.kernel, c.kernel, c.stride, n, h, w, error);
    void *all[] = {panels,   bias,       weight,    wide.data, in.data, shortcut.data,
                   got.data, plain.data, want.data, filter,    scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void check_all(void)
{
    check_bytes((struct convolution){64, 130, 1, 1, 0}, 2, 9, 7);
    check_bytes((struct convolution){33, 40, 1, 2, 0}, 2, 7, 5); /* an odd depth */
    check_bytes((struct convolution){48, 70, 3, 2, 1}, 2, 9, 10);
    check((struct convolution){3, 64, 7, 2, 3}, 2, 19, 22);
    check((struct convolution){64, 64, 3, 1, 1}, 2, 13, 9);  /* Winograd, cut tiles */
    check((struct convolution){80, 144, 3, 1, 1}, 1, 8, 12); /* a panel not full */
    check((struct convolution){64, 96, 3, 1, 1}, 9, 15,
          17);                                              /* enough tiles for its gradient, an odd number */
    check((struct convolution){64, 130, 3, 1, 1}, 1, 5, 6); /* direct: no multiple of 16 */
    check((struct convolution){48, 70, 3, 2, 1}, 2, 9, 10);
    check((struct convolution){96, 65, 1, 1, 0}, 3, 5, 7);
    check((struct convolution){33, 40, 1, 1, 0}, 2, 7, 5); /* an odd depth */
    check((struct convolution){64, 32, 1, 2, 0}, 2, 7, 6);
    check((struct convolution){5, 6, 5, 3, 2}, 1, 14, 13);
}

int main(void)
{
    const enum cpu_level best = cpu_level();
    for (enum cpu_level level = CPU_PLAIN; level <= best; level++) {
        cpu_pretend(level);
        check_all();
    }
    if (best == CPU_AMX)
        return done();
    if (best < CPU_BF16) {
        skip("AMX", "the emulator wants AVX512-BF16 for all the rest");
        return done();
    }
    amx_emulate();
    cpu_pretend(CPU_AMX);
    check_all();
    return done();
}
