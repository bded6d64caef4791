/* base/: the published vectors of the hash and the generator, exact numbers, the pool. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/rng.h"
#include "base/tensor.h"
#include "base/thread.h"
#include "tap.h"
#include <stdlib.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* xxHash's own test vectors, seed 0. */
static void hashes(void)
{
    ok(hash_bytes("", 0) == 0xEF46DB3751D8E999u, "XXH64 of nothing");
    ok(hash_bytes("a", 1) == 0xD24EC4F1A98C6E5Bu, "XXH64 of \"a\"");
    ok(hash_bytes("abc", 3) == 0x44BC2CF5AD770999u, "XXH64 of \"abc\"");
    unsigned char data[1000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7);
    uint64_t whole = hash_bytes(data, sizeof data);
    bool same = true;
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        struct hash h;
        hash_init(&h);
        hash_add(&h, data, cut);
        hash_add(&h, data + cut, sizeof data - cut);
        same &= hash_value(&h) == whole;
    }
    ok(same, "XXH64 in two parts, cut anywhere");
}

/* Random123's known answers for philox4x32-10. */
static void random_numbers(void)
{
    uint32_t b[4];
    rng_block(b, 0, 0, 0);
    ok(b[0] == 0x6627e8d5 && b[1] == 0xe169c58d && b[2] == 0xbc57ac4c && b[3] == 0x9b00dbd8,
       "Philox of zeros");
    rng_block(b, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    ok(b[0] == 0x408f276d && b[1] == 0x41c83b0e && b[2] == 0xa20bc7c6 && b[3] == 0x6d5451fd,
       "Philox of ones");
    rng_block(b, 0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u);
    ok(b[0] == 0xd16cfe09 && b[1] == 0x94fdcceb && b[2] == 0x5001e420 && b[3] == 0x24126ea1, "Philox of pi");

    struct rng r = rng_new(1, 2);
    double sum = 0, squares = 0;
    size_t count[7] = {0};
    for (int i = 0; i < 100000; i++) {
        double x = rng_normal(&r);
        sum += x;
        squares += x * x;
        count[rng_below(&r, 7)]++;
    }
    ok_close(sum / 1e5, 0, 0.02, "normal mean");
    ok_close(squares / 1e5, 1, 0.03, "normal variance");
    bool even = true;
    for (int i = 0; i < 7; i++)
        even &= fabs((double)count[i] - 1e5 / 7) < 600;
    ok(even, "rng_below is even");
}

static void half_floats(void)
{
    bool same = true;
    for (unsigned h = 0; h < 65536; h++) {
        float x = f16_to_f32((uint16_t)h);
        same &= isnan(x) || f32_to_f16(x) == h;
    }
    ok(same, "every f16 survives f32 and back");
    ok(f32_to_f16(65519.0f) == 0x7bff && f32_to_f16(65520.0f) == 0x7c00, "f16 overflow at 65520");
    ok(f32_to_f16(1.0f + 0x1p-11f) == 0x3c00 && f32_to_f16(1.0f + 3 * 0x1p-11f) == 0x3c02,
       "f16 ties to even");
    ok(f32_to_bf16(1.0f + 0x1p-8f) == 0x3f80 && f32_to_bf16(1.0f + 3 * 0x1p-8f) == 0x3f82,
       "bf16 ties to even");
}

static void count_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    ((unsigned char *)arg)[task]++;
}

static void nested_task(void *arg, size_t task, size_t worker)
{
    (void)worker;
    pool_run(10, count_task, (unsigned char *)arg + 10 * task);
}

static void pool(void)
{
    pool_start(4);
    unsigned char done_once[1000] = {0};
    bool all = pool_size() == 4;
    for (int round = 0; round < 50; round++) {
        memset(done_once, 0, sizeof done_once);
        pool_run(1000, count_task, done_once);
        for (size_t i = 0; i < 1000; i++)
            all &= done_once[i] == 1;
    }
    ok(all, "each task runs once, on 4 threads");
    memset(done_once, 0, sizeof done_once);
    pool_run(100, nested_task, done_once);
    all = true;
    for (size_t i = 0; i < 1000; i++)
        all &= done_once[i] == 1;
    ok(all, "nested calls run in place");
}

/* Two threads share the pool, call by call: what a reader that runs ahead does beside the trainer. */
static void *many_calls(void *counts)
{
    for (int round = 0; round < 300; round++)
        pool_run(100, count_task, counts);
    return NULL;
}

static void two_callers(void)
{
    static unsigned char mine[100], other[100];
    pthread_t thread;
    bool all = pthread_create(&thread, NULL, many_calls, other) == 0;
    many_calls(mine);
    pthread_join(thread, NULL);
    for (size_t i = 0; i < 100; i++)
        all &= mine[i] == 300 % 256 && other[i] == 300 % 256;
    ok(all, "pool: calls of two threads, every task of each once");
}

/* A path that is tried and given up again, in an empty folder. */
static void tried(void)
{
    char folder[] = "/tmp/tried.XXXXXX", path[64];
    if (!mkdtemp(folder))
        exit(1);
    snprintf(path, sizeof path, "%s/weights", folder);
    bool none = true;
    for (int i = 0; i < 20; i++) /* more often than products can be open */
        none &= product_try(path) == NULL;
    ok(none && rmdir(folder) == 0,
       "product_try: a file's path leaves nothing behind, not even a place taken");
    struct product *p = product_try("/dev/null");
    ok(p && fputs("x", product_file(p)) >= 0, "a device is open from then on");
    product_commit(p);
}

int main(void)
{
    tried();
    size_t n;
    hashes();
    random_numbers();
    half_floats();
    pool();
    two_callers();
    ok(!mem_mul(SIZE_MAX / 2, 3, &n) && mem_mul(3, 4, &n) && n == 12, "mem_mul sees overflow");
    struct tensor t = {.type = DT_F32, .rank = 3, .dim = {SIZE_MAX / 2, 3, 5}};
    ok(!tensor_sane(&t, SIZE_MAX), "tensor_sane sees overflow");
    return done();
}
