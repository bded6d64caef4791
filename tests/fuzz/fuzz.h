/* What the fuzz targets share. A target hands the bytes to one parser, which must return: anything that the
 * sanitizers see, and any die(), is a finding. Seeds for tests/fuzz/NAME.c come from tests/fuzz/seeds. */
#ifndef FUZZ_H
#define FUZZ_H
#include "base/mem.h"
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The input as a file; for targets whose parser reads one. */
__attribute__((unused)) static FILE *fuzz_open(const uint8_t *data, size_t n)
{
    return n ? fmemopen((void *)(uintptr_t)data, n, "rb") : fopen("/dev/null", "rb");
}

/* No more than 4 MiB above what is taken: headers that promise gigabytes are to be refused, not tried. */
__attribute__((unused)) static void fuzz_limit_memory(void)
{
    mem_limit(mem_peak() + ((size_t)4 << 20));
}
/* Values that were read, so that reading them is not optimised away. */
__attribute__((unused)) static void fuzz_use(double x)
{
    static volatile double sink;
    sink = x;
    (void)sink;
}
#endif
