/* The checkpoint decoder: bytes as a whole file, or as data.pkl inside an archive; the last byte chooses that
 * and the options. */
#include "fuzz.h"
#include "codec/pth.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { STORAGES = 3, ELEMENTS = 64 };

static unsigned char *put(unsigned char *p, const void *data, size_t n)
{
    memcpy(p, data, n);
    return p + n;
}

static unsigned char *put_number(unsigned char *p, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *p++ = (unsigned char)(x >> 8 * i);
    return p;
}

struct record {
    const char *name;
    const void *data;
    size_t n, start;
};

static unsigned char *put_record(unsigned char *p, const struct record *r, int central)
{
    size_t length = strlen(r->name);
    p = put(p, central ? "PK\1\2\0\0" : "PK\3\4", central ? 6 : 4);
    p = put(p, "\0\0\0\0\0\0\0\0\0\0", 10);
    p = put_number(p, crc32(0, r->data, (uInt)r->n), 4);
    p = put_number(p, r->n, 4);
    p = put_number(p, r->n, 4);
    p = put_number(p, length, 4);
    if (central) {
        p = put(p, "\0\0\0\0\0\0\0\0\0\0", 10);
        p = put_number(p, r->start, 4);
    }
    p = put(p, r->name, length);
    return central ? p : put(p, r->data, r->n);
}

static void parse(const unsigned char *data, size_t n, size_t selector)
{
    struct pth_options o = {.cap = mem_available(),
                            .drop_unknown = selector & 1,
                            .key = selector & 2 ? "a/b" : NULL,
                            .prefix = selector & 4 ? "a" : NULL};
    struct pth p;
    struct err e;
    if (pth_parse(&p, data, n, &o, &e))
        pth_free(&p);
}

/* An archive with check sums that are right, so that the fuzzer gets to the pickle. */
static void parse_archive(const uint8_t *data, size_t n, size_t selector)
{
    static const unsigned char zeros[ELEMENTS * 8];
    struct record r[1 + STORAGES] = {{"x/data.pkl", data, n, 0},
                                     {"x/data/0", zeros, ELEMENTS * 4, 0},
                                     {"x/data/1", zeros, ELEMENTS * 8, 0},
                                     {"x/data/2", zeros, 0, 0}};
    unsigned char *file = malloc(n + 4096), *p = file;
    for (size_t i = 0; i < 1 + STORAGES; i++) {
        r[i].start = (size_t)(p - file);
        p = put_record(p, &r[i], 0);
    }
    size_t start = (size_t)(p - file);
    for (size_t i = 0; i < 1 + STORAGES; i++)
        p = put_record(p, &r[i], 1);
    size_t size = (size_t)(p - file) - start;
    p = put(p, "PK\5\6\0\0\0\0", 8);
    p = put_number(p, 1 + STORAGES, 2);
    p = put_number(p, 1 + STORAGES, 2);
    p = put_number(p, size, 4);
    p = put_number(p, start, 4);
    p = put_number(p, 0, 2);
    parse(file, (size_t)(p - file), selector);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0 || n > 1 << 16)
        return 0;
    size_t selector = data[n - 1];
    fuzz_limit_memory();
    if (selector & 64)
        parse_archive(data, n - 1, selector);
    else
        parse(data, n - 1, selector);
    return 0;
}
