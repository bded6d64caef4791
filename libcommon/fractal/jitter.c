#include "fractal/jitter.h"
#include "fractal/elementary.h"

const char *const jitter_names[] = {"none",        "basic",       "svd",         "sval", "fractaldb-1",
                                    "fractaldb-2", "fractaldb-3", "fractaldb-4", NULL};

static double *number_of(struct ifs_map *m, size_t i)
{
    double *number[] = {&m->a, &m->b, &m->c, &m->d, &m->e, &m->f};
    return number[i];
}

static bool contractive(const struct ifs *s)
{
    for (size_t i = 0; i < s->n; i++) {
        double s1, s2;
        ifs_singular_values(&s->map[i], &s1, &s2);
        if (s1 > 1)
            return false;
    }
    return true;
}

static void jitter_basic(struct ifs *s, struct rng *r)
{
    const struct ifs before = *s;
    for (int tries = 0; tries < 4; tries++) {
        struct ifs_map *m = &s->map[rng_below(r, s->n)];
        double factor = rng_range(r, 0.8, 1.1);
        for (size_t i = 0; i < 6; i++)
            *number_of(m, i) *= factor;
        if (contractive(s))
            return;
        *s = before;
    }
}

/* A = U S V with proper or improper rotations: turning U is a rotation from the left, turning V one from the
 * right (by the angle or its negative, which are equally likely). */
static void jitter_svd(struct ifs *s, struct rng *r)
{
    struct ifs_map *m = &s->map[rng_below(r, s->n)], old = *m;
    size_t what = rng_below(r, 3);
    double sine, cosine;
    if (what == 2) {
        m->e += rng_range(r, -0.5, 0.5);
        m->f += rng_range(r, -0.5, 0.5);
        return;
    }
    portable_sincos(rng_range(r, -0.5, 0.5), &sine, &cosine);
    if (what == 0) {
        m->a = cosine * old.a - sine * old.c;
        m->b = cosine * old.b - sine * old.d;
        m->c = sine * old.a + cosine * old.c;
        m->d = sine * old.b + cosine * old.d;
    } else {
        m->a = old.a * cosine + old.b * sine;
        m->b = old.b * cosine - old.a * sine;
        m->c = old.c * cosine + old.d * sine;
        m->d = old.d * cosine - old.c * sine;
    }
}

static void jitter_sval(struct ifs *s, struct rng *r)
{
    struct ifs_map *m = &s->map[rng_below(r, s->n)];
    double s1, s2, alpha = ifs_alpha(s), least = 0.5 * (5 + (double)s->n);
    ifs_singular_values(m, &s1, &s2);
    double share = s1 + 2 * s2;
    if (share < 1e-9)
        return;
    double lo = (least - alpha + share) / share, hi = (least + 0.5 - alpha + share) / share;
    if (hi > 1 / s1)
        hi = 1 / s1;
    if (lo < 0)
        lo = 0;
    if (lo >= hi)
        return;
    double factor = rng_range(r, lo, hi);
    for (size_t i = 0; i < 4; i++)
        *number_of(m, i) *= factor;
}

static void jitter_fractaldb(struct ifs *s, int k, struct rng *r)
{
    double factor = 1 + 0.1 * k * ((double)rng_below(r, 5) - 2);
    for (size_t i = 0; i < s->n; i++)
        *number_of(&s->map[i], rng_below(r, 6)) *= factor;
}

void ifs_jitter(struct ifs *s, enum ifs_jitter kind, struct rng *r)
{
    switch (kind) {
    case JITTER_NONE:
        return;
    case JITTER_BASIC:
        jitter_basic(s, r);
        break;
    case JITTER_SVD:
        jitter_svd(s, r);
        break;
    case JITTER_SVAL:
        jitter_sval(s, r);
        break;
    case JITTER_DB1:
    case JITTER_DB2:
    case JITTER_DB3:
    case JITTER_DB4:
        jitter_fractaldb(s, (int)(kind - JITTER_DB1) + 1, r);
        break;
    }
    ifs_weigh(s);
}

void ifs_weight_row(struct ifs *s, size_t row, double w)
{
    static const double step[] = {-2, -1, 1, 2};
    if (row == 0)
        return;
    double factor = 1 + w * step[(row - 1) % 4];
    for (size_t i = 0; i < s->n; i++)
        *number_of(&s->map[i], (row - 1) / 4) *= factor;
}
