#include "stream/complain.h"
#include "base/err.h"

void complain(const char *label, size_t number, const char *name, const char *reason)
{
    if (number == 0)
        die("%s: %s", label, reason);
    if (name[0])
        die("%s: record %zu (%s): %s", label, number, name, reason);
    die("%s: record %zu: %s", label, number, reason);
}
