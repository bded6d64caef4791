#include "verdict/alarm.h"
#include "base/mem.h"
#include <stdlib.h>

struct frame {
    bool defect, stays;
};

struct alarm {
    size_t k, n;
    size_t next;             /* of `last`: the oldest frame, which the next one takes the place of */
    size_t defects, staying; /* among the last */
    bool on;
    struct frame last[]; /* n */
};

struct alarm *alarm_new(size_t k, size_t n)
{
    struct alarm *a = xcalloc(1, sizeof *a + n * sizeof *a->last);
    a->k = k;
    a->n = n;
    return a;
}

bool alarm_take(struct alarm *a, bool defect, bool stays)
{
    struct frame *f = &a->last[a->next];
    stays |= defect;
    a->defects = a->defects - f->defect + defect;
    a->staying = a->staying - f->stays + stays;
    *f = (struct frame){defect, stays};
    a->next = (a->next + 1) % a->n;
    a->on = (a->on ? a->staying : a->defects) >= a->k;
    return a->on;
}

void alarm_free(struct alarm *a)
{
    free(a);
}
