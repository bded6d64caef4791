/* nn/: every layer's forward against its definition, every gradient against finite differences or the
 * definition, on odd sizes, strides, paddings and channel counts. */
#include "base/mem.h"
#include "base/rng.h"
#include "nn/layer_batchnorm.h"
#include "nn/convolution.h"
#include "nn/memory_plan.h"
#include "nn/layer_pool.h"
#include "num/cpu.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static struct view new_view(size_t n, size_t h, size_t w, size_t c, size_t halo)
{
    struct view v = {NULL, n, h, w, c, halo, DT_F32, 0};
    v.data = xcalloc(view_size(&v), sizeof(float));
    return v;
}

static float *floats(const struct view *v)
{
    return v->data;
}

/* Noise inside, zeros in the halo. */
static struct view noise(size_t n, size_t h, size_t w, size_t c, size_t halo, uint64_t stream)
{
    struct view v = new_view(n, h, w, c, halo);
    struct rng r = rng_new(3, stream);
    for (size_t i = 0; i < n; i++)
        for (size_t y = 0; y < h; y++)
            for (size_t x = 0; x < w * c; x++)
                view_at(&v, i, (ptrdiff_t)y, 0)[x] = (float)rng_normal(&r);
    return v;
}

static double dot(const struct view *a, const struct view *b)
{
    double sum = 0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t y = 0; y < a->h; y++)
            for (size_t x = 0; x < a->w * a->c; x++)
                sum += (double)view_at(a, i, (ptrdiff_t)y, 0)[x] * view_at(b, i, (ptrdiff_t)y, 0)[x];
    return sum;
}

static double largest_difference(const struct view *a, const struct view *b)
{
    double worst = 0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t y = 0; y < a->h; y++)
            for (size_t x = 0; x < a->w * a->c; x++)
                worst = worse(worst, fabs((double)view_at(a, i, (ptrdiff_t)y, 0)[x] -
                                          view_at(b, i, (ptrdiff_t)y, 0)[x]));
    return worst;
}

/* The convolution is linear in its input and in its weights, so its gradients are known exactly: <dy, conv(x,
 * w)> = <dx, x> = <dw, w> for any x, w, dy, and dx must not depend on x. Checked elementwise against the
 * naive convolution with unit inputs would be slow; the adjoint identity with fresh random probes pins every
 * entry. */
static void convolution(struct convolution c, size_t n, size_t h, size_t w)
{
    const size_t oh = convolution_side(&c, h), ow = convolution_side(&c, w), depth = convolution_depth(&c);
    const size_t packed_n = conv_packed_size(depth, c.out_channels), weights_n = depth * c.out_channels;
    struct view x = noise(n, h, w, c.in_channels, c.padding, 1), dx = noise(n, h, w, c.in_channels, 1, 2);
    struct view y = new_view(n, oh, ow, c.out_channels, 1), naive = new_view(n, oh, ow, c.out_channels, 0);
    struct view dy = noise(n, oh, ow, c.out_channels, convolution_gradient_halo(&c), 3);
    struct view probe = noise(n, h, w, c.in_channels, c.padding, 5),
                old = noise(n, h, w, c.in_channels, 0, 2);
    struct view weights = noise(1, 1, 1, weights_n, 0, 4), other = noise(1, 1, 1, weights_n, 0, 6);
    float *packed = xmalloc(packed_n, sizeof *packed), *gradient = xcalloc(packed_n, sizeof *gradient);
    float *turned = xmalloc(convolution_turned_size(&c), sizeof *turned);
    struct view dw = new_view(1, 1, 1, weights_n, 0);
    char name[100];
    snprintf(name, sizeof name, "%zu->%zu %zux%zu stride %zu padding %zu on %zux%zux%zu", c.in_channels,
             c.out_channels, c.kernel, c.kernel, c.stride, c.padding, n, h, w);

    convolution_pack(packed, weights.data, &c);
    convolution_forward(&y, &x, packed, &(struct convolution_epilogue){0}, &c);
    convolution_forward_naive(&naive, &x, weights.data, &c);
    const double scale = sqrt((double)depth);
    ok(largest_difference(&y, &naive) < 3e-6 * scale, "forward %s", name);

    convolution_turn(turned, packed, &c);
    convolution_backward_data(&dx, &dy, turned, false, &c);
    convolution_forward_naive(&naive, &probe, weights.data, &c);
    const double want = dot(&dy, &naive), size = sqrt(dot(&dy, &dy) * dot(&naive, &naive));
    ok(fabs(dot(&dx, &probe) - want) < 1e-5 * size, "gradient of the input, %s", name);
    convolution_backward_data(&old, &dy, turned, true, &c);
    struct view fresh = noise(n, h, w, c.in_channels, 0, 2);
    ok(fabs(dot(&old, &probe) - dot(&fresh, &probe) - want) < 1e-5 * size, "and accumulated");

    convolution_backward_weights(gradient, &x, &dy, &c);
    convolution_unpack(dw.data, gradient, &c);
    convolution_forward_naive(&naive, &x, other.data, &c);
    ok(fabs(dot(&dw, &other) - dot(&dy, &naive)) < 1e-5 * sqrt(dot(&dy, &dy) * dot(&naive, &naive)),
       "gradient of the weights, %s", name);
    void *all[] = {x.data,       dx.data,    y.data,  naive.data, dy.data, probe.data, old.data,
                   weights.data, other.data, dw.data, fresh.data, packed,  gradient,   turned};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void epilogue(void)
{
    struct convolution c = {5, 70, 3, 1, 1};
    struct view x = noise(1, 7, 9, 5, 1, 1), y = new_view(1, 7, 9, 70, 1), r = noise(1, 7, 9, 70, 1, 2);
    struct view naive = new_view(1, 7, 9, 70, 1), w = noise(1, 1, 1, 5 * 9 * 70, 0, 3),
                b = noise(1, 1, 1, 128, 0, 4);
    float *packed = xmalloc(conv_packed_size(45, 70), sizeof *packed);
    convolution_pack(packed, w.data, &c);
    convolution_forward(&y, &x, packed, &(struct convolution_epilogue){b.data, &r, true}, &c);
    convolution_forward_naive(&naive, &x, w.data, &c);
    for (ptrdiff_t i = 0; i < 7; i++)
        for (ptrdiff_t j = 0; j < 9; j++)
            for (size_t k = 0; k < 70; k++) {
                float *v = view_at(&naive, 0, i, j) + k;
                *v = fmaxf(*v + floats(&b)[k] + view_at(&r, 0, i, j)[k], 0);
            }
    ok(largest_difference(&y, &naive) < 2e-5, "bias, residual and ReLU in the epilogue; 70 channels");
    bool zero = true;
    for (ptrdiff_t j = -1; j < 10; j++)
        for (size_t k = 0; k < 70; k++)
            zero &= view_at(&y, 0, -1, j)[k] == 0 && view_at(&y, 0, 7, j)[k] == 0;
    ok(zero, "the halo of the output is left alone");
    free(x.data), free(y.data), free(r.data), free(naive.data), free(w.data), free(b.data), free(packed);
}

enum { BN_C = 19, BN_N = 3, BN_H = 5, BN_W = 4, BN_PIXELS = BN_N * BN_H * BN_W };

struct bn_case {
    struct view x, r, y, dy;
    struct batchnorm b;
    float numbers[8][BN_C];
};

/* The same in f64. */
struct bn_exact {
    double x[BN_PIXELS][BN_C], r[BN_PIXELS][BN_C], dy[BN_PIXELS][BN_C], weight[BN_C], bias[BN_C];
};

/* The channels of pixel p of all images. */
static float *bn_pixel(const struct view *v, size_t p)
{
    return view_at(v, p / (BN_H * BN_W), (ptrdiff_t)(p / BN_W % BN_H), (ptrdiff_t)(p % BN_W));
}

/* relu(bn(x) + r) of channel c by the definition: out, one a pixel. */
static void bn_channel(double *out, const struct bn_exact *t, size_t c)
{
    double mean = 0, var = 0;
    for (size_t p = 0; p < BN_PIXELS; p++)
        mean += t->x[p][c] / BN_PIXELS;
    for (size_t p = 0; p < BN_PIXELS; p++)
        var += (t->x[p][c] - mean) * (t->x[p][c] - mean) / BN_PIXELS;
    for (size_t p = 0; p < BN_PIXELS; p++)
        out[p] = fmax(0, (t->x[p][c] - mean) / sqrt(var + 1e-5) * t->weight[c] + t->bias[c] + t->r[p][c]);
}

/* Central difference of <dy, relu(bn(x) + r)> along one number of channel c. */
static double slope(const struct bn_exact *t, double *at, size_t c)
{
    const double old = *at, step = 1e-6;
    double out[2][BN_PIXELS], sum = 0;
    for (size_t i = 0; i < 2; i++) {
        *at = i ? old - step : old + step;
        bn_channel(out[i], t, c);
    }
    *at = old;
    for (size_t p = 0; p < BN_PIXELS; p++)
        sum += t->dy[p][c] * (out[0][p] - out[1][p]);
    return sum / (2 * step);
}

static void bn_widen(struct bn_exact *e, const struct bn_case *t)
{
    for (size_t c = 0; c < BN_C; c++) {
        e->weight[c] = t->b.weight[c];
        e->bias[c] = t->b.bias[c];
        for (size_t p = 0; p < BN_PIXELS; p++) {
            e->x[p][c] = bn_pixel(&t->x, p)[c];
            e->r[p][c] = bn_pixel(&t->r, p)[c];
            e->dy[p][c] = bn_pixel(&t->dy, p)[c];
        }
    }
}

/* Outputs and gradients of t against the definition and its differences. */
static void bn_against_definition(const struct bn_case *t, const struct view *dx, const struct view *dr)
{
    static struct bn_exact e;
    double forward = 0, back = 0, residual = 0, weight = 0, bias = 0;
    bn_widen(&e, t);
    for (size_t c = 0; c < BN_C; c++) {
        double out[BN_PIXELS];
        bn_channel(out, &e, c);
        for (size_t p = 0; p < BN_PIXELS; p++) {
            forward = worse(forward, fabs(bn_pixel(&t->y, p)[c] - out[p]));
            back = worse(back, fabs(bn_pixel(dx, p)[c] - slope(&e, &e.x[p][c], c)));
            residual = worse(residual, fabs(bn_pixel(dr, p)[c] - (out[p] > 0 ? e.dy[p][c] : 0)));
        }
        weight = worse(weight, fabs(t->b.weight_gradient[c] - slope(&e, &e.weight[c], c)));
        bias = worse(bias, fabs(t->b.bias_gradient[c] - slope(&e, &e.bias[c], c)));
    }
    ok(forward < 2e-6, "batch norm with residual and ReLU: %.2g", forward);
    ok(back < 2e-6, "its dx by differences: %.2g", back);
    ok(residual == 0, "the residual's gradient is dy where ReLU is on");
    ok(weight < 5e-6 && bias < 5e-6, "gradients of weight and bias by differences: %.2g, %.2g", weight, bias);
}

static void batch_normalisation(void)
{
    struct bn_case t = {noise(BN_N, BN_H, BN_W, BN_C, 0, 1),
                        noise(BN_N, BN_H, BN_W, BN_C, 2, 2),
                        new_view(BN_N, BN_H, BN_W, BN_C, 1),
                        noise(BN_N, BN_H, BN_W, BN_C, 0, 3),
                        {0},
                        {{0}}};
    struct rng rng = rng_new(1, 1);
    t.b = (struct batchnorm){BN_C,         t.numbers[0], t.numbers[1], t.numbers[2], t.numbers[3],
                             t.numbers[4], t.numbers[5], t.numbers[6], t.numbers[7], false};
    for (size_t i = 0; i < BN_C; i++) {
        t.numbers[0][i] = (float)rng_range(&rng, 0.5, 1.5);
        t.numbers[1][i] = (float)rng_range(&rng, -1, 1);
        t.numbers[3][i] = 1;
    }
    batchnorm_forward(&t.y, &t.x, &t.r, true, &t.b);
    const double mean = t.b.mean[0], var = 1.0 / ((double)t.b.inverse[0] * t.b.inverse[0]) - 1e-5;
    ok_close(t.b.running_mean[0], 0.1 * mean, 1e-6, "running mean, momentum 0.1");
    ok_close(t.b.running_var[0], 0.9 + 0.1 * var * 60 / 59, 1e-5, "running variance, unbiased");

    struct view dx = new_view(BN_N, BN_H, BN_W, BN_C, 0), dr = new_view(BN_N, BN_H, BN_W, BN_C, 0);
    batchnorm_backward(&dx, &dr, false, &t.dy, &t.y, &t.x, &t.b);
    bn_against_definition(&t, &dx, &dr);
    free(t.x.data), free(t.r.data), free(t.y.data), free(t.dy.data), free(dx.data), free(dr.data);
}

/* Equal largest values, as ReLU's zeros are: the first of a window, row by row, gets the gradient (torch). 40 channels: whole lines
 * of the loop and a rest. */
static void pool_ties(void)
{
    enum { C = 40 };
    struct view x = new_view(1, 4, 4, C, 0), y = new_view(1, 2, 2, C, 0), dy = noise(1, 2, 2, C, 0, 2),
                dx = noise(1, 4, 4, C, 0, 3), before = noise(1, 4, 4, C, 0, 3);
    for (size_t c = 0; c < C; c++)
        view_at(&x, 0, 3, 2)[c] = view_at(&x, 0, 3, 3)[c] = 1; /* in the last window only */
    maxpool_forward(&y, &x, 2, 2, 0);
    maxpool_backward(&dx, true, &dy, &x, 2, 2, 0);
    double off = 0;
    for (ptrdiff_t i = 0; i < 4; i++)
        for (ptrdiff_t j = 0; j < 4; j++)
            for (size_t c = 0; c < C; c++) {
                const bool first = i % 2 == 0 && j % 2 == 0 ? i + j < 4 : i == 3 && j == 2;
                const float want = first ? view_at(&dy, 0, i / 2, j / 2)[c] : 0;
                off =
                    worse(off, fabs((double)view_at(&dx, 0, i, j)[c] - view_at(&before, 0, i, j)[c] - want));
            }
    ok(off < 1e-6, "max pool: of equal values the first gets the gradient; added to what is there");
    free(x.data), free(y.data), free(dy.data), free(dx.data), free(before.data);
}

static void pools(void)
{
    struct view x = noise(2, 7, 6, 5, 1, 1), y = new_view(2, 4, 3, 5, 0), dy = noise(2, 4, 3, 5, 0, 2),
                dx = new_view(2, 7, 6, 5, 0);
    maxpool_forward(&y, &x, 3, 2, 1);
    bool right = true;
    for (ptrdiff_t i = 0; i < 4; i++)
        for (ptrdiff_t j = 0; j < 3; j++) {
            float most = -INFINITY;
            for (ptrdiff_t a = 2 * i - 1; a <= 2 * i + 1; a++)
                for (ptrdiff_t b = 2 * j - 1; b <= 2 * j + 1; b++)
                    if (a >= 0 && a < 7 && b >= 0 && b < 6)
                        most = fmaxf(most, view_at(&x, 1, a, b)[4]);
            right &= view_at(&y, 1, i, j)[4] == most;
        }
    ok(right, "maximum of each window; the padding does not count");
    maxpool_backward(&dx, false, &dy, &x, 3, 2, 1);
    double sent = 0, came = 0;
    for (size_t i = 0; i < view_size(&dx); i++)
        came += floats(&dx)[i];
    for (size_t i = 0; i < view_size(&dy); i++)
        sent += floats(&dy)[i];
    ok_close(came, sent, 1e-4, "max pool sends every gradient on");
    ok_close(dot(&dx, &x), dot(&dy, &y), 1e-4, "and to the maxima (Euler's identity)");
    struct view mean = new_view(2, 1, 1, 5, 0), dmean = noise(2, 1, 1, 5, 0, 4),
                dxm = new_view(2, 7, 6, 5, 0);
    meanpool_forward(&mean, &x);
    meanpool_backward(&dxm, &dmean);
    ok_close(dot(&dxm, &x), dot(&dmean, &mean), 1e-5, "mean pool: gradient is the adjoint");
    free(x.data), free(y.data), free(dy.data), free(dx.data), free(mean.data), free(dmean.data),
        free(dxm.data);
}

static void plan(void)
{
    struct memory_buffer b[60] = {{0}};
    struct rng r = rng_new(9, 9);
    for (size_t i = 0; i < 60; i++) {
        b[i].first = rng_below(&r, 40);
        b[i].last = b[i].first + rng_below(&r, 12);
        b[i].size = rng_below(&r, 1000);
    }
    const size_t arena = memory_plan(b, 60);
    bool apart = true, inside = true;
    size_t peak = 0;
    for (size_t i = 0; i < 60; i++) {
        inside &= b[i].offset + b[i].size <= arena && b[i].offset % 64 == 0;
        for (size_t j = 0; j < i; j++)
            apart &= !b[i].size || !b[j].size || b[i].last < b[j].first || b[j].last < b[i].first ||
                     b[i].offset + b[i].size <= b[j].offset || b[j].offset + b[j].size <= b[i].offset;
    }
    for (size_t t = 0; t < 60; t++) {
        size_t alive = 0;
        for (size_t i = 0; i < 60; i++)
            alive += b[i].first <= t && t <= b[i].last ? b[i].size : 0;
        peak = alive > peak ? alive : peak;
    }
    ok(apart && inside, "planned buffers that live together do not overlap");
    ok(arena < 2 * peak + 16 * 60, "the arena (%zu) is not far above the peak (%zu)", arena, peak);
}

int main(void)
{
    printf("# CPU %s\n", cpu_level_name(cpu_level()));
    convolution((struct convolution){3, 64, 7, 2, 3}, 2, 19, 22);
    convolution((struct convolution){64, 64, 3, 1, 1}, 1, 8, 8);
    convolution((struct convolution){16, 40, 3, 2, 1}, 2, 9, 10);
    convolution((struct convolution){7, 130, 3, 1, 1}, 2, 5, 3);
    convolution((struct convolution){33, 65, 1, 1, 0}, 3, 5, 7);
    convolution((struct convolution){20, 9, 1, 2, 0}, 2, 7, 6);
    convolution((struct convolution){5, 6, 5, 3, 2}, 1, 14, 13);
    convolution((struct convolution){4, 6, 2, 2, 0}, 2, 5, 7); /* the last row and column reach no output */
    convolution((struct convolution){100, 10, 1, 1, 0}, 7, 1, 1);
    epilogue();
    batch_normalisation();
    pools();
    pool_ties();
    plan();
    return done();
}
