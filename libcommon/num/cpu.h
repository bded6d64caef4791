/* What this processor and its operating system can do, from CPUID and XGETBV. */
#ifndef NUM_CPU_H
#define NUM_CPU_H
#include <stdbool.h>
#include <stddef.h>

enum cpu_level {
    CPU_PLAIN,  /* any x86-64, or another architecture: plain C */
    CPU_AVX2,   /* AVX2, FMA, F16C */
    CPU_AVX512, /* AVX-512 F, BW, DQ, VL */
    CPU_BF16,   /* and AVX512-BF16, AVX512-VNNI */
    CPU_AMX     /* and AMX-TILE, AMX-BF16, permitted by the kernel */
};

/* cpu_level's own: the level once it is known, else -1; threads that race for it find the same answer. */
extern int cpu_known;
enum cpu_level cpu_detect(void);

/* The highest level here. The environment variable FERN_CPU (plain, avx2, avx512, bf16, amx) lowers it, never
 * raises it: tests compare the kernels with it. */
static inline enum cpu_level cpu_level(void)
{
    const int level = __atomic_load_n(&cpu_known, __ATOMIC_RELAXED);
    return level < 0 ? cpu_detect() : (enum cpu_level)level;
}
const char *cpu_level_name(enum cpu_level level);
/* The one way by which kernels are chosen: a table of them by level, in which a level without kernels of its own is NULL and takes
 * those of the next lower one; CPU_PLAIN always has some. What is compiled on x86-64 only stands there as CPU_X86(kernels):
 *
 *     static const void *const by_level[CPU_LEVELS] = {[CPU_PLAIN] = &near_plain, [CPU_AVX2] = CPU_X86(near_avx2)};
 *     const struct near_kernels *k = cpu_choose(by_level); */
enum { CPU_LEVELS = CPU_AMX + 1 };
const void *cpu_choose(const void *const by_level[CPU_LEVELS]);
#if defined(__x86_64__)
#define CPU_X86(kernels) (&(kernels))
#else
#define CPU_X86(kernels) NULL
#endif

/* For tests: from now on this is the level, whatever the CPU; instructions that it lacks are the caller's
 * business. */
void cpu_pretend(enum cpu_level level);
#endif
