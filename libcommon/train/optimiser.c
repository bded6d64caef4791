#include "train/optimiser.h"
#include "base/mem.h"
#include "base/thread.h"
#include "num/cpu.h"
#include "train/optimiser_kernel.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 15 };

const struct optimiser_options optimiser_adam = {
    .kind = OPTIMISER_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

void optimiser_init(struct optimiser *s, const struct optimiser_options *o, float *values, float *gradients,
                    const struct optimiser_stretch *stretch, size_t stretches)
{
    *s = (struct optimiser){
        .o = *o, .values = values, .gradients = gradients, .stretch = stretch, .stretches = stretches};
    for (size_t i = 0; i < stretches; i++)
        if (stretch[i].offset + stretch[i].n > s->n)
            s->n = stretch[i].offset + stretch[i].n;
    for (size_t i = 0; i < (o->kind == OPTIMISER_SGD ? 1 : 2); i++)
        s->moment[i] = xcalloc(s->n, sizeof(float));
    if (o->average > 0)
        s->average = memcpy(xmalloc(s->n, sizeof(float)), values, s->n * sizeof(float));
}

void optimiser_parts(struct optimiser *s, struct loop *l, const char *prefix)
{
    const bool sgd = s->o.kind == OPTIMISER_SGD;
    const char *const names[2] = {sgd ? "velocity" : "moment1", "moment2"};
    char name[64];
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, names[i]);
        if (s->moment[i])
            loop_part(l, name, DT_F32, s->moment[i], s->n);
    }
    snprintf(name, sizeof name, "%saverage", prefix);
    if (s->average)
        loop_part(l, name, DT_F32, s->average, s->n);
}

void optimiser_free(struct optimiser *s)
{
    free(s->moment[0]);
    free(s->moment[1]);
    free(s->average);
    *s = (struct optimiser){0};
}

const float *optimiser_result(const struct optimiser *s)
{
    return s->average ? s->average : s->values;
}

/* One stretch's move, cut into chunks for the pool. */
struct move {
    const struct optimiser *s;
    const struct optimiser_stretch *stretch;
    float rate;                           /* the stretch's own */
    float correction1, correction2, keep; /* Adam: 1 - beta^t; AdamW: 1 - rate * decay */
};

/* Where a chunk of n elements begins and ends. */
static size_t chunk_end(size_t task, size_t n)
{
    return (task + 1) * CHUNK < n ? (task + 1) * CHUNK : n;
}

static size_t chunks(size_t n)
{
    return (n + CHUNK - 1) / CHUNK;
}

static const struct optimiser_kernels *kernels(void)
{
    static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &optimiser_plain,
                                                     [CPU_AVX2] = CPU_X86(optimiser_avx2),
                                                     [CPU_AVX512] = CPU_X86(optimiser_avx512)};
    return cpu_choose(by_level);
}

static void sgd_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct move *m = arg;
    const struct optimiser *s = m->s;
    const size_t begin = m->stretch->offset + task * CHUNK, n = chunk_end(task, m->stretch->n) - task * CHUNK;
    const struct optimiser_sgd o = {(float)s->o.momentum, m->stretch->decay, m->rate};
    kernels()->sgd(s->values + begin, s->moment[0] + begin, s->gradients + begin, n, &o);
}

/* m = beta1 m + (1 - beta1) g and v = beta2 v + (1 - beta2) g^2 begin as zeros, so they are too small by 1 - beta^t at step
 * t; then p -= rate * m' / (sqrt(v') + epsilon). AdamW's decay has shrunk p before, and leaves m and v alone. */
static void adam_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct move *m = arg;
    const struct optimiser *s = m->s;
    const size_t begin = m->stretch->offset + task * CHUNK, n = chunk_end(task, m->stretch->n) - task * CHUNK;
    const struct optimiser_adam o = {.beta1 = (float)s->o.beta1,
                                     .rest1 = (float)(1 - s->o.beta1),
                                     .beta2 = (float)s->o.beta2,
                                     .rest2 = (float)(1 - s->o.beta2),
                                     .decay = s->o.kind == OPTIMISER_ADAM ? m->stretch->decay : 0,
                                     .keep = m->keep,
                                     .step = m->rate / m->correction1,
                                     .root = sqrtf(m->correction2),
                                     .epsilon = (float)s->o.epsilon};
    kernels()->adam(s->values + begin, s->moment[0] + begin, s->moment[1] + begin, s->gradients + begin, n,
                    &o);
}

static void average_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct move *m = arg;
    const size_t end = chunk_end(task, m->stretch->n);
    const float old = (float)m->s->o.average, *p = m->s->values + m->stretch->offset;
    float *average = m->s->average + m->stretch->offset;
    for (size_t i = task * CHUNK; i < end; i++)
        average[i] = old * average[i] + (1.0f - old) * p[i];
}

void optimiser_step(struct optimiser *s, uint64_t step, double rate)
{
    const double t = (double)step + 1;
    for (size_t i = 0; i < s->stretches; i++) {
        const struct optimiser_stretch *stretch = &s->stretch[i];
        struct move m = {
            .s = s, .stretch = stretch, .rate = (float)(rate * (double)stretch->rate), .keep = 1};
        if (stretch->rate <= 0)
            continue;
        if (s->o.kind == OPTIMISER_ADAMW)
            m.keep = (float)(1 - rate * (double)stretch->rate * (double)stretch->decay);
        m.correction1 = (float)(1 - pow(s->o.beta1, t));
        m.correction2 = (float)(1 - pow(s->o.beta2, t));
        pool_run(chunks(stretch->n), s->o.kind == OPTIMISER_SGD ? sgd_chunk : adam_chunk, &m);
        if (s->average)
            pool_run(chunks(stretch->n), average_chunk, &m);
    }
}

/* A stretch's gradients: the sum of squares of each chunk, or their scaling. */
struct clip {
    float *gradients;
    size_t n;
    double *square;
    float scale;
};

static void square_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct clip *c = arg;
    const size_t end = chunk_end(task, c->n);
    double sum = 0;
    for (size_t i = task * CHUNK; i < end; i++)
        sum += (double)c->gradients[i] * (double)c->gradients[i];
    c->square[task] = sum;
}

static void scale_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct clip *c = arg;
    const size_t end = chunk_end(task, c->n);
    for (size_t i = task * CHUNK; i < end; i++)
        c->gradients[i] *= c->scale;
}

static double gradient_norm(const struct optimiser *s)
{
    double *square = xcalloc(chunks(s->n) + 1, sizeof *square), sum = 0;
    for (size_t i = 0; i < s->stretches; i++) {
        struct clip c = {
            .gradients = s->gradients + s->stretch[i].offset, .n = s->stretch[i].n, .square = square};
        if (s->stretch[i].rate <= 0)
            continue;
        pool_run(chunks(c.n), square_chunk, &c);
        for (size_t k = 0; k < chunks(c.n); k++)
            sum += square[k];
    }
    free(square);
    return sqrt(sum);
}

double optimiser_clip(struct optimiser *s, double norm)
{
    const double is = gradient_norm(s), scale = norm / (is + 1e-6); /* torch's 1e-6 */
    if (!isfinite(is) || scale >= 1)
        return is;
    for (size_t i = 0; i < s->stretches; i++) {
        struct clip c = {
            .gradients = s->gradients + s->stretch[i].offset, .n = s->stretch[i].n, .scale = (float)scale};
        if (s->stretch[i].rate > 0)
            pool_run(chunks(c.n), scale_chunk, &c);
    }
    return is;
}
