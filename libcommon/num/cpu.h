/* What this processor and its operating system can do, from CPUID and XGETBV. */
#ifndef NUM_CPU_H
#define NUM_CPU_H
#include <stdbool.h>

enum cpu_level {
    CPU_PLAIN,  /* any x86-64, or another architecture: plain C */
    CPU_AVX2,   /* AVX2, FMA, F16C */
    CPU_AVX512, /* AVX-512 F, BW, DQ, VL */
    CPU_BF16,   /* and AVX512-BF16, AVX512-VNNI */
    CPU_AMX     /* and AMX-TILE, AMX-BF16, permitted by the kernel */
};

/* The highest level here. The environment variable FERN_CPU (plain, avx2, avx512, bf16, amx) lowers it, never
 * raises it: tests compare the kernels with it. */
enum cpu_level cpu_level(void);
const char *cpu_level_name(enum cpu_level level);
/* For tests: from now on this is the level, whatever the CPU; instructions that it lacks are the caller's
 * business. */
void cpu_pretend(enum cpu_level level);
#endif
