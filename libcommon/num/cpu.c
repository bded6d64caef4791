#include "num/cpu.h"
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"plain", "avx2", "avx512", "bf16", "amx"};

const char *cpu_level_name(enum cpu_level level)
{
    return names[level];
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Linux grants the tile registers on request only (arch_prctl ARCH_REQ_XCOMP_PERM, XTILEDATA). */
static bool tiles_permitted(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA) == 0;
}

static enum cpu_level detect(void)
{
    const uint64_t ymm = 0x6, zmm = 0xe6, tile = 0x60000;
    unsigned a, b, c, d, b7, c7, d7, a71;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_FMA) || !(c & bit_F16C))
        return CPU_PLAIN;
    uint64_t state = enabled_state();
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7) || !(b7 & bit_AVX2) || (state & ymm) != ymm)
        return CPU_PLAIN;
    const unsigned wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    if ((b7 & wide) != wide || (state & zmm) != zmm)
        return CPU_AVX2;
    const unsigned vnni = 1u << 11;
    if (a < 1 || !(c7 & vnni) || !__get_cpuid_count(7, 1, &a71, &b, &c, &d) || !(a71 & 1u << 5))
        return CPU_AVX512;
    const unsigned amx = 1u << 22 | 1u << 24; /* AMX-BF16, AMX-TILE */
    if ((d7 & amx) != amx || (state & tile) != tile || !tiles_permitted())
        return CPU_BF16;
    return CPU_AMX;
}
#else
static enum cpu_level detect(void)
{
    return CPU_PLAIN;
}
#endif

int cpu_known = -1;

void cpu_pretend(enum cpu_level level)
{
    __atomic_store_n(&cpu_known, (int)level, __ATOMIC_RELAXED);
}

enum cpu_level cpu_detect(void)
{
    const char *asked = getenv("FERN_CPU");
    int level = (int)detect();
    for (int i = 0; asked && i < level; i++)
        if (strcmp(asked, names[i]) == 0)
            level = i;
    __atomic_store_n(&cpu_known, level, __ATOMIC_RELAXED);
    return (enum cpu_level)level;
}

const void *cpu_choose(const void *const by_level[CPU_LEVELS])
{
    int level = (int)cpu_level();
    while (level > CPU_PLAIN && !by_level[level])
        level--;
    return by_level[level];
}
