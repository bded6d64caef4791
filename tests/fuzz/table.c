/* Tables: parses, and reads every cell. */
#include "fuzz.h"
#include "stream/table.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct table t;
    struct err e;
    fuzz_limit_memory();
    if (table_parse(&t, (const char *)data, n, &e)) {
        for (size_t i = 0; i < t.rows; i++)
            for (size_t k = 0; k < t.columns; k++)
                fuzz_use((double)strlen(t.cell[i][k]));
        table_free(&t);
    }
    return 0;
}
