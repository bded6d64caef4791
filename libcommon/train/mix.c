#include "train/mix.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/thread.h"
#include "image/resample.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct mix_options mix_ofdb = {.probability = 0.8, .cutmix = 0.5, .mixup_alpha = 1, .cutmix_alpha = 1};

enum { KEY_MIX = 0x42 };
/* Streams of a step's key. */
enum { DRAW_KIND, DRAW_LAMBDA, DRAW_BOX, DRAW_PARTNERS };

/* In the box of every image: x = keep * x + (1 - keep) * the partner's x. */
struct mix {
    const struct view *batch;
    struct window box;
    float keep;
    double lambda; /* of the whole image */
    const size_t *partner;
    const bool *first; /* of its cycle of the permutation */
};

/* Gamma(shape, 1) by Marsaglia and Tsang (ACM TOMS 2000). */
static double gamma_draw(struct rng *r, double shape)
{
    if (shape < 1) {
        const double boost = pow(1 - rng_uniform(r), 1 / shape);
        return boost * gamma_draw(r, shape + 1);
    }
    const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double x = rng_normal(r), root = 1 + c * x, v = root * root * root, u = 1 - rng_uniform(r);
        if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

static double beta_draw(struct rng *r, double alpha)
{
    if (alpha == 1)
        return rng_uniform(r);
    const double a = gamma_draw(r, alpha), b = gamma_draw(r, alpha);
    return a + b > 0 ? a / (a + b) : 0.5;
}

/* Where a box of half-width `half` about `centre` begins and how long it is, within n. */
static void clip(size_t *start, size_t *length, size_t centre, size_t half, size_t n)
{
    *start = centre > half ? centre - half : 0;
    *length = (centre + half < n ? centre + half : n) - *start;
}

static struct window cut_box(const struct view *batch, double lambda, struct rng *r)
{
    const double side = sqrt(1 - lambda);
    const size_t half_w = (size_t)((double)batch->w * side) / 2,
                 half_h = (size_t)((double)batch->h * side) / 2;
    struct window box;
    const size_t x = rng_below(r, batch->w), y = rng_below(r, batch->h);
    clip(&box.x, &box.width, x, half_w, batch->w);
    clip(&box.y, &box.height, y, half_h, batch->h);
    return box;
}

static void combine(float *x, const float *partner, size_t n, float keep)
{
    if (keep == 0)
        memcpy(x, partner, n * sizeof *x);
    else
        for (size_t i = 0; i < n; i++)
            x[i] = keep * x[i] + (1 - keep) * partner[i];
}

/* n floats of every image, at the same place: along each cycle, with the first image's kept aside. */
static void mix_piece(const struct mix *m, size_t y, size_t x, size_t n)
{
    float kept[1024];
    for (size_t first = 0; first < m->batch->n; first++) {
        if (!m->first[first])
            continue;
        size_t i = first;
        memcpy(kept, view_at(m->batch, i, (ptrdiff_t)y, 0) + x, n * sizeof *kept);
        for (; m->partner[i] != first; i = m->partner[i])
            combine(view_at(m->batch, i, (ptrdiff_t)y, 0) + x,
                    view_at(m->batch, m->partner[i], (ptrdiff_t)y, 0) + x, n, m->keep);
        combine(view_at(m->batch, i, (ptrdiff_t)y, 0) + x, kept, n, m->keep);
    }
}

static void mix_row(void *arg, size_t task, size_t worker)
{
    const struct mix *m = arg;
    const size_t piece = 1024, end = (m->box.x + m->box.width) * m->batch->c;
    (void)worker;
    for (size_t x = m->box.x * m->batch->c; x < end; x += piece)
        mix_piece(m, m->box.y + task, x, end - x < piece ? end - x : piece);
}

/* The smallest index of each cycle. */
static void mark_cycles(bool *first, const size_t *partner, size_t n)
{
    memset(first, 1, n * sizeof *first);
    for (size_t i = 0; i < n; i++)
        if (first[i])
            for (size_t j = partner[i]; j != i; j = partner[j])
                first[j] = false;
}

/* All images at once, by the permutation. */
static void mix_images(struct mix *m, const size_t *partner)
{
    bool *first = xmalloc(m->batch->n, sizeof *first);
    mark_cycles(first, partner, m->batch->n);
    m->partner = partner;
    m->first = first;
    pool_run(m->box.width ? m->box.height : 0, mix_row, m);
    free(first);
}

/* Kind, lambda and box. */
static struct mix choose(const struct view *batch, const struct mix_options *o, uint64_t key)
{
    struct rng kinds = rng_new(key, DRAW_KIND), lambdas = rng_new(key, DRAW_LAMBDA);
    struct rng boxes = rng_new(key, DRAW_BOX);
    struct mix m = {.batch = batch, .lambda = 1};
    if (rng_uniform(&kinds) >= o->probability)
        return m;
    if (rng_uniform(&kinds) < o->cutmix) {
        m.box = cut_box(batch, beta_draw(&lambdas, o->cutmix_alpha), &boxes);
        m.lambda = 1 - (double)(m.box.width * m.box.height) / (double)(batch->w * batch->h);
    } else {
        m.box = (struct window){0, 0, batch->w, batch->h};
        m.lambda = beta_draw(&lambdas, o->mixup_alpha);
        m.keep = (float)m.lambda;
    }
    return m;
}

/* The draw of a step, and its partners; free() them. */
static struct mix draw(const struct view *batch, const struct mix_options *o, uint64_t seed, uint64_t step,
                       size_t **partner)
{
    uint32_t word[4];
    rng_block(word, seed, (uint64_t)KEY_MIX << 56, step);
    const uint64_t key = word[0] | (uint64_t)word[1] << 32;
    struct rng partners = rng_new(key, DRAW_PARTNERS);
    *partner = xmalloc(batch->n, sizeof **partner);
    for (size_t i = 0; i < batch->n; i++)
        (*partner)[i] = i;
    rng_shuffle(&partners, *partner, batch->n);
    return choose(batch, o, key);
}

void mix_batch(const struct view *batch, struct loss_target *target, const struct mix_options *o,
               uint64_t seed, uint64_t step)
{
    size_t *partner;
    struct mix m = draw(batch, o, seed, step, &partner);
    mix_images(&m, partner);
    for (size_t i = 0; i < batch->n; i++) {
        target[i].b = target[m.lambda < 1 ? partner[i] : i].a;
        target[i].lambda = (float)m.lambda;
    }
    free(partner);
}

void mix_labels(const struct view *labels, const struct mix_options *o, uint64_t seed, uint64_t step)
{
    size_t *partner;
    struct mix m = draw(labels, o, seed, step, &partner);
    if (m.keep > 0)
        view_clear(labels);
    else
        mix_images(&m, partner);
    free(partner);
}
