/* Weights and images by the formula of tests/oracle/formula.py, so that no large dumps are kept. */
#ifndef FORMULA_H
#define FORMULA_H
#include "base/mem.h"
#include "nn/view.h"
#include "nn/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The formula of tests/oracle/formula.py. */
static uint32_t formula_seed(const char *name)
{
    uint32_t seed = 0;
    for (; *name; name++)
        seed = seed * 31 + (unsigned char)*name;
    return seed;
}

static double formula(uint32_t seed, size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u + seed;
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    x ^= x >> 16;
    return (double)(x >> 8) / 16777216.0;
}

__attribute__((unused)) static uint32_t formula_order_seed;

static int by_formula(const void *a, const void *b)
{
    const double x = formula(formula_order_seed, *(const size_t *)a),
                 y = formula(formula_order_seed, *(const size_t *)b);
    return x < y ? -1 : x > y;
}

/* The order of 0 .. n - 1 by what the formula gives for each. */
static void fill_permutation(float *data, size_t n, uint32_t seed)
{
    size_t *order = xmalloc(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    formula_order_seed = seed;
    qsort(order, n, sizeof *order, by_formula);
    for (size_t i = 0; i < n; i++)
        data[i] = (float)order[i];
    free(order);
}

__attribute__((unused)) static void fill(struct safetensors *st, const struct graph *g)
{
    for (size_t i = 0; i < g->n; i++) {
        struct layer_part part[LAYER_PARTS];
        const size_t parts = layer_parts(part, &g->node[i]);
        for (size_t p = 0; p < parts; p++) {
            struct tensor t = tensor_new(DT_F32, part[p].shape.rank, part[p].shape.dim);
            const uint32_t seed = formula_seed(part[p].name);
            const char *suffix = strrchr(part[p].name, '.') + 1;
            const bool tame = strstr(part[p].name, "bn2.weight") || strstr(part[p].name, "bn3.weight");
            float *data = t.data;
            const size_t n = tensor_count(&t);
            double width = 0.2, middle = 0; /* values lie in the middle +- width / 2 */
            if (t.rank == 4)
                width = sqrt(24.0 / (double)(t.dim[1] * t.dim[2] * t.dim[3]));
            else if (strcmp(part[p].name, "fc.weight") == 0)
                width = 0.1;
            else if (t.rank == 2)
                width = sqrt(24.0 / (double)t.dim[1]);
            else if (strcmp(suffix, "global_scale") == 0)
                width = 2, middle = 10;
            else if (strcmp(suffix, "running_var") == 0 || strcmp(suffix, "weight") == 0)
                width = tame ? 0.125 : 0.5, middle = 1.5 * width;
            for (size_t j = 0; j < n; j++)
                data[j] = (float)(middle + (formula(seed, j) - 0.5) * width);
            if (part[p].permutes)
                fill_permutation(data, n, seed);
            safetensors_add_owned(st, part[p].name, t);
        }
    }
}

/* Images first .. first + n of a batch, uniform on [-2, 2). */
__attribute__((unused)) __attribute__((unused)) static void fill_images(const struct view *v,
                                                                        const char *name, size_t first,
                                                                        size_t n)
{
    const uint32_t seed = formula_seed(name);
    const size_t size = v->h * v->w * v->c;
    float *image = xmalloc(size, sizeof *image);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < size; j++)
            image[j] = (float)formula(seed, i * size + j) * 4 - 2;
        view_copy_in(v, first + i, image);
    }
    free(image);
}
#endif
