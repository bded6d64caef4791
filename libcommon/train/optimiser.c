#include "train/optimiser.h"
#include "base/thread.h"

enum { CHUNK = 1 << 15 };

struct sgd {
    float *values, *velocity;
    const float *gradients;
    const struct stretch *stretch;
    float rate, momentum;
};

static void sgd_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct sgd *s = arg;
    const size_t end = (task + 1) * CHUNK < s->stretch->n ? (task + 1) * CHUNK : s->stretch->n;
    float *p = s->values + s->stretch->offset, *v = s->velocity + s->stretch->offset;
    const float *g = s->gradients + s->stretch->offset;
    for (size_t i = task * CHUNK; i < end; i++) {
        v[i] = s->momentum * v[i] + (g[i] + s->stretch->decay * p[i]);
        p[i] -= s->rate * v[i];
    }
}

void sgd_step(float *values, float *momentum_buffer, const float *gradients, const struct stretch *stretch,
              size_t stretches, float rate, float momentum)
{
    for (size_t i = 0; i < stretches; i++) {
        struct sgd s = {values, momentum_buffer, gradients, &stretch[i], rate, momentum};
        pool_run((stretch[i].n + CHUNK - 1) / CHUNK, sgd_chunk, &s);
    }
}

struct average {
    float *average;
    const float *values;
    size_t n;
    float decay;
};

static void average_chunk(void *arg, size_t task, size_t worker)
{
    (void)worker;
    const struct average *a = arg;
    const size_t end = (task + 1) * CHUNK < a->n ? (task + 1) * CHUNK : a->n;
    for (size_t i = task * CHUNK; i < end; i++)
        a->average[i] = a->decay * a->average[i] + (1.0f - a->decay) * a->values[i];
}

void average_step(float *average, const float *values, size_t n, float decay)
{
    struct average a = {average, values, n, decay};
    pool_run((n + CHUNK - 1) / CHUNK, average_chunk, &a);
}
