/* All of these losses are sums over groups (the channels of a position, or a whole image) of a function of few inner
 * products: x.x, x.want and want.want. So there are two walks, both over rows by the pool: one that takes inner products, one
 * that writes gradient = a * x + b * want with the two numbers that the group's products gave. */
#include "train/feature_loss.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/bf16.h"
#include <math.h>
#include <stdlib.h>

static const double shortest = 1e-12;

/* Inner products of a group; then the factors of its gradient. */
struct products {
    double xx, xw, ww;
};
struct factors {
    double x, want;
};

struct walk {
    const struct view *gradient, *x, *want; /* want NULL: 0 everywhere */
    double weight;
    double *value;            /* of each row */
    struct products *row;     /* of each row */
    const struct factors *by; /* of each image */
    float *scratch[POOL_MAX]; /* two pixels of each worker, for bf16 */
};

/* The channels of a pixel as floats: where they are, or widened into scratch. */
static const float *pixel(const struct view *v, size_t n, size_t y, size_t x, float *scratch)
{
    const void *at = view_pixel(v, n, (ptrdiff_t)y, (ptrdiff_t)x);
    if (v->type != DT_BF16)
        return at;
    bf16_widen(scratch, at, v->c);
    return scratch;
}

/* In four lanes, so that additions needn't wait for each other. */
static struct products multiply(const float *x, const float *want, size_t c)
{
    double xx[4] = {0}, xw[4] = {0}, ww[4] = {0};
    size_t i = 0;
    for (; i + 4 <= c; i += 4)
        for (size_t k = 0; k < 4; k++) {
            xx[k] += (double)x[i + k] * (double)x[i + k];
            xw[k] += (double)x[i + k] * (double)want[i + k];
            ww[k] += (double)want[i + k] * (double)want[i + k];
        }
    for (; i < c; i++) {
        xx[0] += (double)x[i] * (double)x[i];
        xw[0] += (double)x[i] * (double)want[i];
        ww[0] += (double)want[i] * (double)want[i];
    }
    return (struct products){xx[0] + xx[1] + (xx[2] + xx[3]), xw[0] + xw[1] + (xw[2] + xw[3]),
                             ww[0] + ww[1] + (ww[2] + ww[3])};
}

/* gradient = by.x * x + by.want * want */
static void write_pixel(const struct view *gradient, size_t n, size_t y, size_t at, const float *x,
                        const float *want, struct factors by)
{
    void *out = view_pixel(gradient, n, (ptrdiff_t)y, (ptrdiff_t)at);
    for (size_t i = 0; i < gradient->c; i++) {
        const float g = (float)(by.x * (double)x[i] + by.want * (double)want[i]);
        if (gradient->type == DT_BF16)
            ((uint16_t *)out)[i] = f32_to_bf16(g);
        else
            ((float *)out)[i] = g;
    }
}

/* Half the squared distance of x and want, each divided by its length. */
static double distance(const struct products *p, struct factors *by, double weight)
{
    const double x = sqrt(p->xx), want = sqrt(p->ww), a = fmax(x, shortest), b = fmax(want, shortest);
    by->x = weight * (x < shortest ? 1 / (a * a) : p->xw / (a * a * a * b));
    by->want = -weight / (a * b);
    return weight * ((p->xx / (a * a) + p->ww / (b * b)) / 2 - p->xw / (a * b));
}

/* A row whose positions are groups of their own. */
static void positions_row(void *arg, size_t task, size_t worker)
{
    const struct walk *w = arg;
    const size_t n = task / w->x->h, y = task % w->x->h;
    double sum = 0;
    for (size_t at = 0; at < w->x->w; at++) {
        struct factors by;
        const float *x = pixel(w->x, n, y, at, w->scratch[worker]);
        const float *want = pixel(w->want, n, y, at, w->scratch[worker] + w->x->c);
        const struct products p = multiply(x, want, w->x->c);
        sum += distance(&p, &by, w->weight);
        write_pixel(w->gradient, n, y, at, x, want, by);
    }
    w->value[task] = sum;
}

/* A row's share of its image's products. */
static void products_row(void *arg, size_t task, size_t worker)
{
    const struct walk *w = arg;
    const size_t n = task / w->x->h, y = task % w->x->h;
    struct products sum = {0, 0, 0};
    for (size_t at = 0; at < w->x->w; at++) {
        const float *x = pixel(w->x, n, y, at, w->scratch[worker]);
        const float *want = w->want ? pixel(w->want, n, y, at, w->scratch[worker] + w->x->c) : x;
        const struct products p = multiply(x, want, w->x->c);
        sum.xx += p.xx;
        sum.xw += p.xw;
        sum.ww += p.ww;
    }
    w->row[task] = sum;
}

static void gradient_row(void *arg, size_t task, size_t worker)
{
    const struct walk *w = arg;
    const size_t n = task / w->x->h, y = task % w->x->h;
    for (size_t at = 0; at < w->x->w; at++) {
        const float *x = pixel(w->x, n, y, at, w->scratch[worker]);
        const float *want = w->want ? pixel(w->want, n, y, at, w->scratch[worker] + w->x->c) : x;
        write_pixel(w->gradient, n, y, at, x, want, w->by[n]);
    }
}

static struct walk walk_new(const struct view *gradient, const struct view *x, const struct view *want,
                            double weight)
{
    struct walk w = {.gradient = gradient, .x = x, .want = want, .weight = weight};
    w.value = xcalloc(x->n * x->h + 1, sizeof *w.value);
    w.row = xcalloc(x->n * x->h + 1, sizeof *w.row);
    for (size_t i = 0; i < pool_size(); i++)
        w.scratch[i] = xmalloc(2 * x->c, sizeof(float));
    return w;
}

static void walk_free(struct walk *w)
{
    for (size_t i = 0; i < pool_size(); i++)
        free(w->scratch[i]);
    free(w->row);
    free(w->value);
}

/* The products of each image into out (n). */
static void image_products(struct walk *w, struct products *out)
{
    pool_run(w->x->n * w->x->h, products_row, w);
    for (size_t n = 0; n < w->x->n; n++) {
        out[n] = (struct products){0, 0, 0};
        for (size_t y = 0; y < w->x->h; y++) {
            const struct products *p = &w->row[n * w->x->h + y];
            out[n].xx += p->xx;
            out[n].xw += p->xw;
            out[n].ww += p->ww;
        }
    }
}

/* gradient = by[n].x * x + by[n].want * want in image n. */
static void image_gradients(struct walk *w, const struct factors *by)
{
    w->by = by;
    pool_run(w->x->n * w->x->h, gradient_row, w);
}

double loss_cosine_positions(const struct view *gradient, const struct view *x, const struct view *want,
                             double weight)
{
    struct walk w = walk_new(gradient, x, want, weight);
    double sum = 0;
    pool_run(x->n * x->h, positions_row, &w);
    for (size_t i = 0; i < x->n * x->h; i++)
        sum += w.value[i];
    walk_free(&w);
    return sum;
}

double loss_cosine_images(const struct view *gradient, const struct view *x, const struct view *want,
                          double weight)
{
    struct walk w = walk_new(gradient, x, want, weight);
    struct products *p = xmalloc(x->n, sizeof *p);
    struct factors *by = xmalloc(x->n, sizeof *by);
    double sum = 0;
    image_products(&w, p);
    for (size_t n = 0; n < x->n; n++)
        sum += distance(&p[n], &by[n], weight);
    image_gradients(&w, by);
    free(p);
    free(by);
    walk_free(&w);
    return sum;
}

/* Pixels of (x - centre): each channel has a number of its own, so this walk is not one of inner products. */
struct centred {
    struct walk walk;
    const float *centre;
};

static void centred_row(void *arg, size_t task, size_t worker)
{
    const struct centred *c = arg;
    const struct walk *w = &c->walk;
    const size_t n = task / w->x->h, y = task % w->x->h;
    float *off = w->scratch[worker] + w->x->c;
    double sum = 0;
    for (size_t at = 0; at < w->x->w; at++) {
        const float *x = pixel(w->x, n, y, at, w->scratch[worker]);
        for (size_t i = 0; i < w->x->c; i++) {
            const double d = (double)x[i] - (c->centre ? (double)c->centre[i] : 0);
            sum += d * d;
            off[i] = (float)d;
        }
        write_pixel(w->gradient, n, y, at, off, off, (struct factors){w->weight, 0});
    }
    w->value[task] = w->weight / 2 * sum;
}

double loss_half_square(const struct view *gradient, const struct view *x, const float *centre, double weight)
{
    struct centred c = {walk_new(gradient, x, NULL, weight), centre};
    double sum = 0;
    pool_run(x->n * x->h, centred_row, &c);
    for (size_t i = 0; i < x->n * x->h; i++)
        sum += c.walk.value[i];
    walk_free(&c.walk);
    return sum;
}

/* What a flow's loss makes of one image: its value, and the loss's derivative for minus the log-likelihood (half the square
 * of z less the log-determinant). */
typedef double likelihood(double half_square, double logdet, double numbers, double *derivative);

static double plain(double half_square, double logdet, double numbers, double *derivative)
{
    (void)numbers;
    *derivative = 1;
    return half_square - logdet;
}

/* log(1 + exp(-l)) for l = log p / C, and sigmoid(-l) / C. */
static double by_sigmoid(double half_square, double logdet, double numbers, double *derivative)
{
    const double half_log_2pi = 0.91893853320467274178, l = (logdet - half_square) / numbers - half_log_2pi;
    *derivative = 1 / (1 + exp(l)) / numbers;
    return fmax(-l, 0) + log1p(exp(-fabs(l)));
}

static double flow(const struct view *gradient, double *logdet_gradient, const struct view *z,
                   const double *logdet, double weight, likelihood *of)
{
    struct walk w = walk_new(gradient, z, NULL, weight);
    struct products *p = xmalloc(z->n, sizeof *p);
    struct factors *by = xmalloc(z->n, sizeof *by);
    double sum = 0;
    image_products(&w, p);
    for (size_t n = 0; n < z->n; n++) {
        double derivative;
        sum += weight * of(p[n].xx / 2, logdet[n], (double)(z->h * z->w * z->c), &derivative);
        by[n] = (struct factors){weight * derivative, 0};
        logdet_gradient[n] = -weight * derivative;
    }
    image_gradients(&w, by);
    free(p);
    free(by);
    walk_free(&w);
    return sum;
}

double loss_flow(const struct view *gradient, double *logdet_gradient, const struct view *z,
                 const double *logdet, double weight)
{
    return flow(gradient, logdet_gradient, z, logdet, weight, plain);
}

double loss_flow_sigmoid(const struct view *gradient, double *logdet_gradient, const struct view *z,
                         const double *logdet, double weight)
{
    return flow(gradient, logdet_gradient, z, logdet, weight, by_sigmoid);
}
