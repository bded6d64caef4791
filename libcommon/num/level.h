/* How one body becomes the kernels of several kinds of CPU. make compiles X_body.c once for each level that it lists (plain, avx2,
 * avx512; on x86-64 alone the latter), with that level's instructions and -DLEVEL=avx2 or the like; KERNELS(vector) is then the
 * name vector_avx2. cpu_choose (num/cpu.h) takes the table of this CPU. Included by bodies only. */
#ifndef NUM_LEVEL_H
#define NUM_LEVEL_H

#ifndef LEVEL /* tools that look at the file alone */
#define LEVEL plain
#endif
#define LEVEL_PASTE(name, level) name##_##level
#define LEVEL_NAME(name, level) LEVEL_PASTE(name, level)
#define KERNELS(name) LEVEL_NAME(name, LEVEL)

/* Bytes of this level's vector registers. GCC's vector types are to be no wider: of one that is, it keeps sums in memory. */
#if defined(__AVX512F__)
#define LEVEL_REGISTER 64
#elif defined(__AVX2__)
#define LEVEL_REGISTER 32
#else
#define LEVEL_REGISTER 16
#endif

#endif
