/* layers - the convolutions of a network one by one: time, and share of what the hardware could do at most. A
 * TSV on stdout: precision, pass, shape, how often the shape occurs, milliseconds, billions of operations a
 * second (two a multiplication of the direct way, whatever way was taken), and their share of the peak.
 *
 * usage: build/bench/layers [ARCH [SIDE [IMAGES [THREADS]]]]      (wide_resnet50_2 256 8 2, up to layer3)
 *
 * The peak is measured in the same run: independent multiply-adds in registers, on all threads at once. */
#include "base/mem.h"
#include "base/thread.h"
#include "nn/layer.h"
#include "nn/networks.h"
#include "nn/product.h"
#include "num/cpu.h"
#include "nn/precision_option.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ROUNDS = 7, LOOPS = 20000000, CHAINS = 12 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One task: LOOPS multiply-adds of a register each, in CHAINS chains; operations a loop. */
#if defined(__x86_64__)
#define CHAIN(type, zero, step)                                                                              \
    type x[CHAINS];                                                                                          \
    for (int c = 0; c < CHAINS; c++)                                                                         \
        x[c] = zero;                                                                                         \
    for (long i = 0; i < LOOPS / CHAINS; i++) {                                                              \
        _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) x[c] = step;                               \
        __asm__ volatile("" : "+v"(x[0]), "+v"(x[1]), "+v"(x[2]), "+v"(x[3]), "+v"(x[4]), "+v"(x[5]));       \
        __asm__ volatile("" : "+v"(x[6]), "+v"(x[7]), "+v"(x[8]), "+v"(x[9]), "+v"(x[10]), "+v"(x[11]));     \
    }

__attribute__((target("avx2,fma"))) static void peak_avx2(void *arg, size_t task, size_t worker)
{
    (void)arg, (void)task, (void)worker;
    const __m256 a = _mm256_setzero_ps();
    CHAIN(__m256, a, _mm256_fmadd_ps(a, a, x[c]))
}

__attribute__((target("avx512f"))) static void peak_avx512(void *arg, size_t task, size_t worker)
{
    (void)arg, (void)task, (void)worker;
    const __m512 a = _mm512_setzero_ps();
    CHAIN(__m512, a, _mm512_fmadd_ps(a, a, x[c]))
}

__attribute__((target("avx512f,avx512bf16"))) static void peak_bf16(void *arg, size_t task, size_t worker)
{
    (void)arg, (void)task, (void)worker;
    const __m512 zero = _mm512_setzero_ps();
    const __m512bh a = (__m512bh)zero;
    CHAIN(__m512, zero, _mm512_dpbf16_ps(x[c], a, a))
}

__attribute__((target("amx-tile,amx-bf16"))) static void peak_amx(void *arg, size_t task, size_t worker)
{
    (void)arg, (void)task, (void)worker;
    static const struct {
        unsigned char palette, start, reserved[14];
        unsigned short bytes[16];
        unsigned char rows[16];
    } config = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    _tile_loadconfig(&config);
    for (long i = 0; i < LOOPS / 16 / 4; i++) {
        _tile_dpbf16ps(0, 4, 5);
        _tile_dpbf16ps(1, 4, 5);
        _tile_dpbf16ps(2, 4, 5);
        _tile_dpbf16ps(3, 4, 5);
    }
    _tile_release();
}
#endif

/* Operations a second of all threads. */
static double peak(enum dtype type)
{
#if defined(__x86_64__)
    const enum cpu_level level = cpu_level();
    void (*task)(void *, size_t, size_t) = level >= CPU_AVX512 ? peak_avx512 : peak_avx2;
    double each = level >= CPU_AVX512 ? 32 : 16, best = 1e9;
    if (level < CPU_AVX2)
        return 0;
    if (type == DT_BF16 && level >= CPU_BF16) {
        task = level == CPU_AMX ? peak_amx : peak_bf16;
        each = level == CPU_AMX ? 1024 : 64; /* an AMX instruction takes 16 of the loops for 16384 */
    }
    for (int r = 0; r < ROUNDS; r++) {
        const double start = now();
        pool_run(pool_size(), task, NULL);
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    return (double)pool_size() * (LOOPS / CHAINS * CHAINS) * each / best;
#else
    (void)type;
    return 0;
#endif
}

static struct view view_new(size_t n, size_t h, size_t w, size_t c, size_t halo, enum dtype type)
{
    struct view v = {NULL, n, h, w, c, halo, type, 0};
    v.data = xcalloc(view_bytes(&v), 1);
    return v;
}

struct shape {
    struct convolution c;
    size_t side, times;
};

/* The different convolutions up to layer3. */
static size_t list_layers(struct shape *out, const char *arch, size_t side)
{
    struct graph g = {0};
    size_t n = 0;
    if (!network_build(&g, arch, 0)) {
        fprintf(stderr, "layers: %s is no network\n", arch);
        exit(2);
    }
    size_t(*sides)[2] = xcalloc(g.n, sizeof *sides);
    graph_sides(&g, &(const size_t[2]){side, side}, NULL, sides);
    for (size_t i = 0; i <= (size_t)graph_find_tap(&g, "layer3"); i++) {
        const struct shape l = {g.node[i].conv, g.node[i].inputs ? sides[g.node[i].input[0]][0] : 0, 1};
        size_t k = 0;
        if (!layer_is_product(g.node[i].layer))
            continue;
        while (k < n && (out[k].side != l.side || memcmp(&out[k].c, &l.c, sizeof l.c) != 0))
            k++;
        if (k < n)
            out[k].times++;
        else
            out[n++] = l;
    }
    free(sides);
    graph_free(&g);
    return n;
}

/* What the passes of a layer work on. */
struct bench {
    const struct shape *l;
    struct view x, y;
    void *filter, *back, *scratch, *more;
    float *gradient;
};

static void forward(struct bench *b)
{
    product_forward(&b->y, &b->x, b->filter, &(struct convolution_epilogue){.relu = true}, &b->l->c,
                    b->x.type, b->scratch);
}

static void backward_data(struct bench *b)
{
    const struct convolution *c = &b->l->c, adjoint = convolution_adjoint(c);
    if (c->stride == 1)
        product_forward(&b->x, &b->y, b->back, &(struct convolution_epilogue){0}, &adjoint, b->y.type,
                        b->scratch);
    else
        convolution_backward_data(&b->x, &b->y, b->back, false, c);
}

static void backward_weights(struct bench *b)
{
    product_gradient(b->gradient, &b->x, &b->y, &b->l->c, b->more);
}

static void measure(struct bench *b, void (*pass)(struct bench *), const char *name, double most)
{
    const struct convolution *c = &b->l->c;
    double best = 1e9;
    for (int r = 0; r < ROUNDS; r++) {
        const double start = now();
        pass(b);
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    const double operations =
        2.0 * (double)(b->y.n * b->y.h * b->y.w * convolution_depth(c) * c->out_channels);
    printf("%s\t%s\t%zux%zu %zu->%zu %zux%zu/%zu\t%zu\t%.3f\t%.1f\t%.3f\n", precision_name(b->x.type), name,
           b->x.h, b->x.w, c->in_channels, c->out_channels, c->kernel, c->kernel, c->stride, b->l->times,
           best * 1e3, operations / best * 1e-9, most > 0 ? operations / best / most : 0);
}

static void *zeros(size_t bytes)
{
    void *p = xaligned(bytes, 1);
    return memset(p, 0, bytes);
}

static void bench_layer(const struct shape *l, size_t n, enum dtype type, double most)
{
    const struct convolution *c = &l->c, adjoint = convolution_adjoint(c);
    const size_t out = convolution_side(c, l->side),
                 packed = conv_packed_size(convolution_depth(c), c->out_channels);
    struct bench b = {.l = l,
                      .x = view_new(n, l->side, l->side, c->in_channels, c->padding, type),
                      .y = view_new(n, out, out, c->out_channels, convolution_gradient_halo(c), type)};
    const size_t turned = type == DT_BF16 ? convolution_turned_narrow_size(c) : convolution_turned_size(c);
    const size_t ahead = product_scratch(c, type, l->side, l->side),
                 behind = product_scratch(&adjoint, type, out, out);
    b.filter = zeros(product_bytes(c, type));
    b.back = zeros(c->stride == 1 ? product_bytes(&adjoint, type) : turned * sizeof(float));
    b.scratch = zeros(ahead > behind ? ahead : behind);
    b.more = zeros(product_gradient_scratch(c, &b.y));
    b.gradient = zeros(packed * sizeof(float));
    measure(&b, forward, "forward", most);
    if (c->in_channels > 3)
        measure(&b, backward_data, "data", most);
    measure(&b, backward_weights, "weights", most);
    void *all[] = {b.x.data, b.y.data, b.filter, b.back, b.scratch, b.more, b.gradient};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

int main(int argc, char **argv)
{
    struct shape layer[128];
    const size_t side = argc > 2 ? (size_t)atoi(argv[2]) : 256, images = argc > 3 ? (size_t)atoi(argv[3]) : 8;
    pool_start(argc > 4 ? (size_t)atoi(argv[4]) : 2);
    const size_t n = list_layers(layer, argc > 1 ? argv[1] : "wide_resnet50_2", side);
    printf("precision\tpass\tshape\ttimes\tms\tgops\tshare\n");
    for (int low = 0; low < 2; low++) {
        const enum dtype type = low ? DT_BF16 : DT_F32;
        const double most = peak(type);
        printf("%s\tpeak\t%s\t1\t-\t%.1f\t1.000\n", precision_name(type), cpu_level_name(cpu_level()),
               most * 1e-9);
        for (size_t i = 0; i < n; i++)
            bench_layer(&layer[i], images, type, most);
    }
    return 0;
}
