/* Weights files: parses, and reads every byte of every tensor. */
#include "fuzz.h"
#include "stream/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct safetensors st;
    struct err e;
    fuzz_limit_memory();
    if (safetensors_parse(&st, data, n, &e)) {
        fuzz_use((double)safetensors_hash(&st));
        safetensors_free(&st);
    }
    return 0;
}
