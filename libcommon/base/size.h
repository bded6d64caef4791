/* Arithmetic on sizes that nearly every loop over blocks needs. */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H
#include <stddef.h>

static inline size_t size_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t size_most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Parts of `size` that n takes, the last one perhaps not whole. */
static inline size_t size_parts(size_t n, size_t size)
{
    return (n + size - 1) / size;
}
#endif
