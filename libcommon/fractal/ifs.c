#include "fractal/ifs.h"
#include "fractal/elementary.h"
#include <math.h>

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

void ifs_singular_values(const struct ifs_map *m, double *s1, double *s2)
{
    /* s1 +- s2 are the lengths of (a+d, c-b) and (a-d, b+c) */
    double sum = sqrt((m->a + m->d) * (m->a + m->d) + (m->c - m->b) * (m->c - m->b));
    double difference = sqrt((m->a - m->d) * (m->a - m->d) + (m->b + m->c) * (m->b + m->c));
    *s1 = (sum + difference) / 2;
    *s2 = fabs(sum - difference) / 2;
}

double ifs_alpha(const struct ifs *s)
{
    double alpha = 0;
    for (size_t i = 0; i < s->n; i++) {
        double s1, s2;
        ifs_singular_values(&s->map[i], &s1, &s2);
        alpha += s1 + 2 * s2;
    }
    return alpha;
}

void ifs_weigh(struct ifs *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct ifs_map *m = &s->map[i];
        s->p[i] = fabs(m->a * m->d - m->b * m->c);
        sum += s->p[i];
    }
    for (size_t i = 0; i < s->n; i++)
        s->p[i] = sum > 0 ? s->p[i] / sum : 1.0 / (double)s->n;
}

void ifs_fixed_point(const struct ifs *s, double *x, double *y)
{
    const struct ifs_map *m = &s->map[0];
    double det = 1 + (m->a * m->d - m->b * m->c) - m->a - m->d; /* of I - A */
    *x = *y = 0;
    if (fabs(det) < 1e-9)
        return;
    *x = ((1 - m->d) * m->e + m->b * m->f) / det;
    *y = ((1 - m->a) * m->f + m->c * m->e) / det;
}

/* A rotation by a uniform angle times a diagonal of fair signs: q = {q11, q12, q21, q22}. */
static void sample_orthogonal(double q[4], struct rng *r)
{
    double sine, cosine;
    portable_sincos(rng_range(r, -M_PI, M_PI), &sine, &cosine);
    uint32_t coins = rng_u32(r);
    double d1 = coins & 1 ? 1 : -1, d2 = coins & 2 ? 1 : -1;
    q[0] = cosine * d1;
    q[1] = -sine * d2;
    q[2] = sine * d1;
    q[3] = cosine * d2;
}

/* Pairs s1 >= s2 in [0, 1] with sum of s1 + 2 s2 equal to alpha (Anderson & Farrell, appendix): `most` is
 * what the pairs from here on still have to sum to, `least` what this one must take as the rest can take only
 * 3 each. */
static void sample_singular_values(double (*sigma)[2], size_t n, double alpha, struct rng *r)
{
    double most = alpha, least = alpha - 3.0 * (double)n + 3.0;
    for (size_t i = 0; i + 1 < n; i++) {
        double s1 = rng_range(r, larger(0, least / 3), smaller(1, most));
        most -= s1;
        least -= s1;
        double s2 = rng_range(r, larger(0, least / 2), smaller(s1, most / 2));
        most -= 2 * s2;
        least = least - 2 * s2 + 3;
        sigma[i][0] = s1;
        sigma[i][1] = s2;
    }
    double s2 = rng_range(r, larger(0, (most - 1) / 2), most / 3);
    sigma[n - 1][0] = most - 2 * s2;
    sigma[n - 1][1] = s2;
}

void ifs_sample(struct ifs *s, size_t n, double alpha, double translation, struct rng *r)
{
    double sigma[IFS_MAPS_MAX][2];
    *s = (struct ifs){.n = n};
    sample_singular_values(sigma, n, smaller(larger(alpha, 0), 3.0 * (double)n), r);
    for (size_t i = 0; i < n; i++) {
        struct ifs_map *m = &s->map[i];
        double u[4], v[4], s1 = sigma[i][0], s2 = sigma[i][1];
        sample_orthogonal(u, r);
        sample_orthogonal(v, r);
        m->a = u[0] * s1 * v[0] + u[1] * s2 * v[2];
        m->b = u[0] * s1 * v[1] + u[1] * s2 * v[3];
        m->c = u[2] * s1 * v[0] + u[3] * s2 * v[2];
        m->d = u[2] * s1 * v[1] + u[3] * s2 * v[3];
        m->e = rng_range(r, -translation, translation);
        m->f = rng_range(r, -translation, translation);
    }
    ifs_weigh(s);
}

void ifs_sample_range(struct ifs *s, const struct ifs_range *range, struct rng *r)
{
    size_t n = range->maps_lo + rng_below(r, range->maps_hi - range->maps_lo + 1);
    double lo = range->alpha_lo, hi = range->alpha_hi;
    if (lo > hi) {
        lo = 0.5 * (5.0 + (double)n);
        hi = lo + 0.5;
    }
    double alpha = rng_range(r, lo, hi);
    ifs_sample(s, n, alpha, range->translation, r);
}

void ifs_sample_unconstrained(struct ifs *s, size_t maps_lo, size_t maps_hi, struct rng *r)
{
    *s = (struct ifs){.n = maps_lo + rng_below(r, maps_hi - maps_lo + 1)};
    for (size_t i = 0; i < s->n; i++) {
        struct ifs_map *m = &s->map[i];
        double *number[] = {&m->a, &m->b, &m->c, &m->d, &m->e, &m->f};
        for (int j = 0; j < 6; j++)
            *number[j] = rng_range(r, -1, 1);
    }
    ifs_weigh(s);
}

void ifs_perturb(struct ifs *s, const struct ifs *of, double delta, struct rng *r)
{
    *s = *of;
    for (size_t i = 0; i < s->n; i++) {
        struct ifs_map *m = &s->map[i];
        double *number[] = {&m->a, &m->b, &m->c, &m->d, &m->e, &m->f};
        for (int j = 0; j < 6; j++)
            *number[j] *= rng_range(r, 1 - delta, 1 + delta);
    }
}
