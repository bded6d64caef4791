#include "base/tensor.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t dtype_size(enum dtype t)
{
    static const size_t size[DT_COUNT] = {4, 2, 2, 8, 8, 4, 2, 1, 1, 1};
    return size[t];
}

size_t tensor_count(const struct tensor *t)
{
    size_t n = 1;
    for (size_t i = 0; i < t->rank; i++)
        n *= t->dim[i];
    return n;
}

size_t tensor_bytes(const struct tensor *t)
{
    return tensor_count(t) * dtype_size(t->type);
}

bool tensor_sane(const struct tensor *t, size_t cap)
{
    size_t bytes = dtype_size(t->type);
    if (t->rank > TENSOR_RANK_MAX)
        return false;
    for (size_t i = 0; i < t->rank; i++)
        if (!mem_mul(bytes, t->dim[i] ? t->dim[i] : 1, &bytes) || bytes > cap)
            return false;
    return true;
}

bool tensor_same_shape(const struct tensor *a, const struct tensor *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) == 0;
}

char *tensor_shape_text(const struct tensor *t, char out[128])
{
    size_t len = 0;
    snprintf(out, 128, "()");
    for (size_t i = 0; i < t->rank && len < 128; i++)
        len += (size_t)snprintf(out + len, 128 - len, "%s%zu", i ? "x" : "", t->dim[i]);
    return out;
}

struct tensor tensor_new(enum dtype type, size_t rank, const size_t *dim)
{
    struct tensor t = {.type = type, .rank = rank};
    for (size_t i = 0; i < rank; i++)
        t.dim[i] = dim[i];
    if (tensor_bytes(&t) > (1 << 20))
        mem_need(tensor_bytes(&t), "a tensor");
    t.data = xaligned(tensor_bytes(&t), 1);
    return t;
}

void tensor_free(struct tensor *t)
{
    free(t->data);
    *t = (struct tensor){0};
}

float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31u, fraction = h & 1023u, u;
    float x;
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24 */
        x = (float)fraction * 0x1p-24f;
        return sign ? -x : x;
    }
    u = sign | fraction << 13 | (exponent == 31 ? 0x7f800000u : (exponent + 112u) << 23);
    memcpy(&x, &u, 4);
    return x;
}

uint16_t f32_to_f16(float x)
{
    uint32_t u;
    memcpy(&u, &x, 4);
    uint32_t sign = u >> 16 & 0x8000u, a = u & 0x7fffffffu;
    if (a > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (a >= 0x477ff000u) /* 65520 and more */
        return (uint16_t)(sign | 0x7c00u);
    if (a < 0x38800000u) { /* below 2^-14: adding 0.5 leaves the rounded subnormal in the low bits */
        float m;
        memcpy(&m, &a, 4);
        m += 0.5f;
        memcpy(&a, &m, 4);
        return (uint16_t)(sign | (a - 0x3f000000u));
    }
    a += 0xc8000fffu + (a >> 13 & 1u);
    return (uint16_t)(sign | a >> 13);
}

double tensor_get(const struct tensor *t, size_t i)
{
    switch (t->type) {
    case DT_F32:
        return ((const float *)t->data)[i];
    case DT_F16:
        return f16_to_f32(((const uint16_t *)t->data)[i]);
    case DT_BF16:
        return bf16_to_f32(((const uint16_t *)t->data)[i]);
    case DT_F64:
        return ((const double *)t->data)[i];
    case DT_I64:
        return (double)((const int64_t *)t->data)[i];
    case DT_I32:
        return ((const int32_t *)t->data)[i];
    case DT_I16:
        return ((const int16_t *)t->data)[i];
    case DT_I8:
        return ((const int8_t *)t->data)[i];
    default:
        return ((const uint8_t *)t->data)[i];
    }
}

void tensor_to_f32(float *out, const struct tensor *t)
{
    size_t n = tensor_count(t);
    if (t->type == DT_F32) {
        memcpy(out, t->data, n * sizeof *out);
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (float)tensor_get(t, i);
}
