#include "stream/end.h"
#include "base/file.h"

enum { DIGITS = 64 };

void end_write(FILE *f, const char *label, size_t n)
{
    char text[DIGITS + 2], *p = text + sizeof text;
    *--p = '\n';
    do
        *--p = n & 1 ? '\t' : ' ';
    while (n >>= 1);
    *--p = '\n';
    file_write(p, (size_t)(text + sizeof text - p), f, label);
}

bool end_take(struct end_reader *r, int c)
{
    const bool digit = c == ' ' || c == '\t', complete = r->state == END_DIGITS && r->digits && c == '\n';
    const bool leading_zero = r->digits && r->n == 0;
    if (complete) {
        r->state = END_NOTHING; /* another may follow: an empty stream joined */
    } else if (r->state == END_NOTHING && c == '\n') {
        *r = (struct end_reader){.state = END_DIGITS};
    } else if (r->state == END_DIGITS && digit && !leading_zero && r->digits < DIGITS) {
        r->n = 2 * r->n + (c == '\t');
        r->digits++;
    } else {
        r->state = END_OTHER;
    }
    return complete;
}
