#include "base/hash.h"
#include <stdio.h>
#include <string.h>

static const uint64_t P1 = 0x9E3779B185EBCA87u, P2 = 0xC2B2AE3D27D4EB4Fu, P3 = 0x165667B19E3779F9u,
                      P4 = 0x85EBCA77C2B2AE63u, P5 = 0x27D4EB2F165667C5u;

static uint64_t rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static uint64_t word(const unsigned char *p, int bytes)
{
    uint64_t x = 0;
    memcpy(&x, p, (size_t)bytes); /* little-endian hosts, as the formats are */
    return x;
}

static uint64_t step(uint64_t lane, uint64_t x)
{
    return rotate(lane + x * P2, 31) * P1;
}

static void stripe(struct hash *h, const unsigned char *p)
{
    for (int i = 0; i < 4; i++)
        h->lane[i] = step(h->lane[i], word(p + 8 * i, 8));
}

void hash_init(struct hash *h)
{
    *h = (struct hash){.lane = {P1 + P2, P2, 0, 0 - P1}};
}

void hash_add(struct hash *h, const void *data, size_t n)
{
    const unsigned char *p = data;
    h->total += n;
    if (h->held) {
        size_t take = n < 32 - h->held ? n : 32 - h->held;
        memcpy(h->tail + h->held, p, take);
        h->held += take;
        p += take;
        n -= take;
        if (h->held < 32)
            return;
        stripe(h, h->tail);
        h->held = 0;
    }
    for (; n >= 32; n -= 32, p += 32)
        stripe(h, p);
    if (n)
        memcpy(h->tail, p, n);
    h->held = n;
}

uint64_t hash_value(const struct hash *h)
{
    uint64_t x = P5;
    if (h->total >= 32) {
        x = rotate(h->lane[0], 1) + rotate(h->lane[1], 7) + rotate(h->lane[2], 12) + rotate(h->lane[3], 18);
        for (int i = 0; i < 4; i++)
            x = (x ^ step(0, h->lane[i])) * P1 + P4;
    }
    x += h->total;
    const unsigned char *p = h->tail;
    size_t n = h->held;
    for (; n >= 8; n -= 8, p += 8)
        x = rotate(x ^ step(0, word(p, 8)), 27) * P1 + P4;
    if (n >= 4) {
        x = rotate(x ^ word(p, 4) * P1, 23) * P2 + P3;
        p += 4;
        n -= 4;
    }
    for (; n; n--, p++)
        x = rotate(x ^ *p * P5, 11) * P1;
    x = (x ^ x >> 33) * P2;
    x = (x ^ x >> 29) * P3;
    return x ^ x >> 32;
}

uint64_t hash_bytes(const void *data, size_t n)
{
    struct hash h;
    hash_init(&h);
    hash_add(&h, data, n);
    return hash_value(&h);
}

void hash_text(char out[17], uint64_t value)
{
    snprintf(out, 17, "%016llx", (unsigned long long)value);
}
