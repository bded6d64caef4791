/* XXH64 (Yann Collet's xxHash, the 64-bit variant, seed 0): the hash by which streams and models name weights
 * and images. Not cryptographic. */
#ifndef BASE_HASH_H
#define BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

struct hash {
    uint64_t lane[4], total;
    unsigned char tail[32];
    size_t held;
};

void hash_init(struct hash *h);
void hash_add(struct hash *h, const void *data, size_t n);
uint64_t hash_value(const struct hash *h);
/* All at once. */
uint64_t hash_bytes(const void *data, size_t n);
/* 16 hexadecimal digits and a NUL. */
void hash_text(char out[17], uint64_t value);
#endif
