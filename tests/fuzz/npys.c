/* Tensor streams: reads all records, and touches every element. */
#include "fuzz.h"
#include "stream/npys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct npys_record rec = {0};
    struct err e;
    fuzz_limit_memory();
    FILE *f = fuzz_open(data, n);
    struct npys_reader *r = npys_reader_new(f, "fuzz");
    while (npys_try_read(r, &rec, &e) > 0)
        for (size_t i = 0; i < rec.n; i++)
            for (size_t k = 0; k < tensor_count(&rec.array[i]); k++)
                fuzz_use(tensor_get(&rec.array[i], k));
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    return 0;
}
