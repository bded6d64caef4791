/* One element of a pixel, in f32 whatever its type: for layers that are no hot loops. */
#ifndef NN_ELEMENT_H
#define NN_ELEMENT_H
#include "base/tensor.h"

static inline float element_get(const void *pixel, size_t c, enum dtype type)
{
    return type == DT_BF16 ? bf16_to_f32(((const uint16_t *)pixel)[c]) : ((const float *)pixel)[c];
}

static inline void element_put(void *pixel, size_t c, enum dtype type, float x)
{
    if (type == DT_BF16)
        ((uint16_t *)pixel)[c] = f32_to_bf16(x);
    else
        ((float *)pixel)[c] = x;
}
#endif
