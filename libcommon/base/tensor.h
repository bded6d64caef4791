/* A dense array in C order with its element type: what the npys and safetensors files hold. */
#ifndef BASE_TENSOR_H
#define BASE_TENSOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum dtype { DT_F32, DT_F16, DT_BF16, DT_F64, DT_I64, DT_I32, DT_I16, DT_U8, DT_I8, DT_BOOL, DT_COUNT };
enum { TENSOR_RANK_MAX = 8 };

struct tensor {
    enum dtype type;
    size_t rank;
    size_t dim[TENSOR_RANK_MAX];
    void *data; /* owned where tensor_new made it; tensor_free then */
};

size_t dtype_size(enum dtype t);
/* Elements, bytes: products of the dimensions (1 for rank 0). Only for tensors that tensor_sane accepted. */
size_t tensor_count(const struct tensor *t);
size_t tensor_bytes(const struct tensor *t);
/* False when the rank is too high, or the product of dimensions and element size overflows or passes cap
 * bytes. */
bool tensor_sane(const struct tensor *t, size_t cap);
bool tensor_same_shape(const struct tensor *a, const struct tensor *b);
/* "512x3x3"; "()" for rank 0. Returns out. */
char *tensor_shape_text(const struct tensor *t, char out[128]);
/* New, uncleared, 64-byte aligned; checked against available memory. */
struct tensor tensor_new(enum dtype type, size_t rank, const size_t *dim);
void tensor_free(struct tensor *t);
/* Element i as a number. */
double tensor_get(const struct tensor *t, size_t i);
/* All elements as f32 into out (tensor_count of them). */
void tensor_to_f32(float *out, const struct tensor *t);

float f16_to_f32(uint16_t h);
/* Round to nearest, ties to even; overflow gives infinity. */
uint16_t f32_to_f16(float x);

static inline float bf16_to_f32(uint16_t h)
{
    const uint32_t u = (uint32_t)h << 16;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Round to nearest, ties to even. Without a branch: loops over it become vectors. */
static inline uint16_t f32_to_bf16(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    const uint32_t rounded = (u + 0x7fffu + (u >> 16 & 1u)) >> 16, quiet_nan = u >> 16 | 0x40u;
    return (uint16_t)(x == x ? rounded : quiet_nan);
}
#endif
