#include "stream/complain.h"
#include "base/err.h"
#include <stdio.h>

void complain(const char *label, size_t number, const char *name, const char *fmt, va_list ap)
{
    struct err e;
    vsnprintf(e.text, sizeof e.text, fmt, ap);
    if (number == 0)
        die("%s: %s", label, e.text);
    if (name[0])
        die("%s: record %zu (%s): %s", label, number, name, e.text);
    die("%s: record %zu: %s", label, number, e.text);
}
