/* passes - what one micro-batch costs on one thread, and when its gradients are there: for scripts/bench/scaling. A TSV on
 * stdout: what, floats, seconds of processor time, each the median of the rounds:
 *
 *   forward, backward   of a micro-batch; backward with the sums within a rank
 *   piece               so many gradients are complete so long after backward began, in the order in which they leave
 *   move                the optimiser's, once a step
 *   add                 a vector of all gradients to another
 *
 * usage: build/bench/passes [ARCH [SIDE [IMAGES]]]      (resnet18 64 16) */
#include "base/mem.h"
#include "base/thread.h"
#include "nn/networks.h"
#include "nn/weights.h"
#include "train/learner.h"
#include "train/micro.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, PIECES = 256, CLASSES = 100 };

static double spent(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct bench {
    size_t complete, pieces, n[PIECES];
    double begun, at[PIECES][ROUNDS];
    double forward[ROUNDS], backward[ROUNDS], move[ROUNDS], add[ROUNDS];
    size_t round;
} b;

static void complete(void *arg, size_t from)
{
    (void)arg;
    if (b.complete - from < MICRO_PIECE && from > 0)
        return;
    b.n[b.pieces] = b.complete - from;
    b.at[b.pieces++][b.round] = spent() - b.begun;
    b.complete = from;
}

static int by_value(const void *x, const void *y)
{
    const double a = *(const double *)x, c = *(const double *)y;
    return (a > c) - (a < c);
}

static void print(const char *what, size_t n, double seconds[ROUNDS])
{
    qsort(seconds, ROUNDS, sizeof *seconds, by_value);
    printf("%s\t%zu\t%.6f\n", what, n, seconds[ROUNDS / 2]);
}

static void add(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = y[i] + x[i];
}

static void run(struct learner *l)
{
    size_t n;
    float *values = trainer_values(l->trainer, &n), *gradients = trainer_gradients(l->trainer);
    const struct view in = trainer_input(l->trainer, 0), d = trainer_output_gradient(l->trainer, 0);
    for (size_t i = 0; i < in.n * in.h * in.w * in.c; i++)
        ((float *)in.data)[i] = (float)(i % 97) / 97;
    learner_clear(l);
    double start = spent();
    trainer_forward(l->trainer);
    b.forward[b.round] = spent() - start;
    for (size_t i = 0; i < d.n * d.c; i++)
        ((float *)d.data)[i] = 1e-6f * (float)(i % 13);
    b.pieces = 0;
    b.complete = n;
    b.begun = spent();
    trainer_backward_telling(l->trainer, complete, NULL);
    b.backward[b.round] = spent() - b.begun;
    start = spent();
    learner_step(l, 0, 1e-6);
    b.move[b.round] = spent() - start;
    start = spent();
    add(gradients, values, n);
    b.add[b.round] = spent() - start;
}

int main(int argc, char **argv)
{
    const char *arch = argc > 1 ? argv[1] : "resnet18";
    const size_t side = argc > 2 ? strtoul(argv[2], NULL, 10) : 64,
                 images = argc > 3 ? strtoul(argv[3], NULL, 10) : 16;
    struct graph g = {0};
    struct safetensors st = {0};
    struct learner l;
    pool_start(1);
    network_build_stages(&g, arch, 4, CLASSES);
    weights_random(&st, &g, "", 1);
    const size_t output = (size_t)graph_find_tap(&g, "fc");
    const struct trainer_plan plan = {
        .output = &output, .outputs = 1, .n = images, .h = side, .w = side, .precision = DT_F32};
    const struct optimiser_options sgd = {.kind = OPTIMISER_SGD, .momentum = .9};
    learner_init(&l, trainer_new(&g, &st, "random weights", &plan), &sgd, 1e-4, false);
    for (b.round = 0; b.round < ROUNDS; b.round++)
        run(&l);
    size_t n;
    trainer_values(l.trainer, &n);
    printf("what\tfloats\tseconds\n");
    print("forward", 0, b.forward);
    for (size_t i = 0; i < b.pieces; i++)
        print("piece", b.n[i], b.at[i]);
    print("backward", 0, b.backward);
    print("move", n, b.move);
    print("add", n, b.add);
    learner_free(&l);
    safetensors_free(&st);
    graph_free(&g);
}
