/* fractal/: systems, their sampler against the published figures, codes, jitter, the portable functions, the
 * order. */
#include "fractal/codes.h"
#include "fractal/elementary.h"
#include "fractal/jitter.h"
#include "fractal/order.h"
#include "fractal/source.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static void elementary(void)
{
    double worst = 0, s, c;
    for (double x = -50; x < 50; x += 0.00917) {
        portable_sincos(x, &s, &c);
        worst = worse(worst, worse(fabs(s - sin(x)), fabs(c - cos(x))));
    }
    ok(worst < 1e-14, "portable sine and cosine (%.2g)", worst);
    worst = 0;
    for (double x = -100; x < 100; x += 0.0171)
        worst = worse(worst, fabs(portable_exp(x) / exp(x) - 1));
    ok(worst < 1e-14, "portable exp (%.2g)", worst);
    worst = 0;
    for (double x = 1e-9; x < 1e9; x *= 1.0037)
        worst = worse(worst, fabs(portable_log(x) - log(x)) / fmax(1, fabs(log(x))));
    ok(worst < 1e-14 && portable_log(1) == 0, "portable log (%.2g)", worst);
}

static void singular_values(void)
{
    struct ifs_map diagonal = {0, -0.25, 0.75, 0, 0, 0}, shear = {1, 1, 0, 1, 0, 0};
    double s1, s2;
    ifs_singular_values(&diagonal, &s1, &s2);
    ok(fabs(s1 - 0.75) < 1e-15 && fabs(s2 - 0.25) < 1e-15, "singular values of a scaled rotation");
    ifs_singular_values(&shear, &s1, &s2);
    ok(fabs(s1 - (1 + sqrt(5)) / 2) < 1e-15 && fabs(s1 * s2 - 1) < 1e-15,
       "singular values of a shear: golden ratio");
}

/* Mean singular values of the sequential sampler, map by map, over 200,000 draws of an independent
 * implementation: facts of the published generator, which is not exchangeable (the last map is the largest). */
static void sampler_means(void)
{
    static const double want[3][8] = {{.625, .357, .901, .755},
                                      {.500, .251, .572, .309, .822, .619},
                                      {.500, .250, .500, .249, .536, .264, .716, .487}};
    for (size_t n = 2; n <= 4; n++) {
        enum { DRAWS = 60000 };
        struct rng r = rng_new(7, n);
        double mean[8] = {0}, off = 0, worst = 0;
        bool valid = true;
        for (int i = 0; i < DRAWS; i++) {
            struct ifs s;
            double alpha = rng_range(&r, (5.0 + (double)n) / 2, (6.0 + (double)n) / 2);
            ifs_sample(&s, n, alpha, 1, &r);
            off = worse(off, fabs(ifs_alpha(&s) - alpha));
            for (size_t j = 0; j < n; j++) {
                double s1, s2;
                ifs_singular_values(&s.map[j], &s1, &s2);
                valid &= s1 <= 1 + 1e-12 && s2 >= -1e-12 && fabs(s.map[j].e) <= 1 && fabs(s.map[j].f) <= 1;
                mean[2 * j] += s1 / DRAWS;
                mean[2 * j + 1] += s2 / DRAWS;
            }
        }
        for (size_t j = 0; j < 2 * n; j++)
            worst = worse(worst, fabs(mean[j] - want[n - 2][j]));
        ok(worst < 0.004, "%zu maps: mean singular values (off by at most %.4f)", n, worst);
        ok(off < 1e-13, "%zu maps: the sigma-factor is alpha (off by at most %.2g)", n, off);
        ok(valid, "%zu maps: 1 >= s1 >= s2 >= 0, translations in +-1", n);
    }
}

static void sampler_ranges(void)
{
    struct ifs_range published = {2, 4, 1, 0, 1}, narrow = {3, 3, 4.2, 4.2, 0.25};
    struct rng r = rng_new(3, 0);
    size_t count[5] = {0};
    bool in = true, exact = true;
    for (int i = 0; i < 3000; i++) {
        struct ifs s;
        ifs_sample_range(&s, &published, &r);
        double alpha = ifs_alpha(&s), lo = (5.0 + (double)s.n) / 2;
        in &= alpha > lo - 1e-12 && alpha < lo + 0.5 + 1e-12;
        count[s.n]++;
        ifs_sample_range(&s, &narrow, &r);
        exact &= s.n == 3 && fabs(ifs_alpha(&s) - 4.2) < 1e-12 && fabs(s.map[1].e) <= 0.25;
    }
    ok(in, "alpha in (5+n)/2 .. (6+n)/2");
    ok(count[2] > 900 && count[3] > 900 && count[4] > 900, "2, 3 and 4 maps alike");
    ok(exact, "alpha, maps and translation as asked for");
}

static void fixed_points(void)
{
    struct rng r = rng_new(4, 0);
    double worst = 0;
    for (int i = 0; i < 1000; i++) {
        struct ifs s;
        double x, y;
        ifs_sample(&s, 2, 3.7, 1, &r);
        ifs_fixed_point(&s, &x, &y);
        const struct ifs_map *m = &s.map[0];
        double scale = 1 + fabs(x) + fabs(y);
        worst = worse(worst, fabs(m->a * x + m->b * y + m->e - x) / scale);
        worst = worse(worst, fabs(m->c * x + m->d * y + m->f - y) / scale);
    }
    ok(worst < 1e-12, "map 0 leaves its fixed point where it is (%.2g)", worst);
}

static void jitters(void)
{
    struct rng r = rng_new(5, 0);
    bool basic = true, svd = true, sval = true, weights = true;
    size_t changed[JITTER_DB4 + 1] = {0};
    for (int i = 0; i < 2000; i++) {
        struct ifs s, t;
        double s1, s2, t1, t2, alpha;
        ifs_sample(&s, 3, 4.2, 1, &r);
        for (enum ifs_jitter kind = JITTER_NONE; kind <= JITTER_DB4; kind++) {
            t = s;
            ifs_jitter(&t, kind, &r);
            alpha = ifs_alpha(&t);
            changed[kind] += memcmp(&s, &t, sizeof s) != 0;
            for (size_t j = 0; j < 3; j++) {
                ifs_singular_values(&s.map[j], &s1, &s2);
                ifs_singular_values(&t.map[j], &t1, &t2);
                basic &= kind != JITTER_BASIC || t1 <= 1;
                svd &= kind != JITTER_SVD || (fabs(s1 - t1) < 1e-12 && fabs(s2 - t2) < 1e-12);
            }
            sval &= kind != JITTER_SVAL || (alpha > 4 - 1e-12 && alpha < 4.5 + 1e-12);
        }
        t = s;
        ifs_weight_row(&t, 0, 0.4);
        weights &= memcmp(&s, &t, sizeof s) == 0;
        ifs_weight_row(&t, 3, 0.4);
        weights &= t.map[2].a == s.map[2].a * 1.4 && t.map[0].b == s.map[0].b;
        ifs_weight_row(&t, 24, 0.4);
        weights &= t.map[1].f == s.map[1].f * (1 + 0.4 * 2) && t.p[0] == s.p[0];
    }
    ok(basic, "basic jitter stays contractive");
    ok(svd, "svd jitter keeps singular values");
    ok(sval, "sval jitter keeps the sigma-factor in its range");
    ok(weights, "FractalDB's weight rows");
    bool all = changed[JITTER_NONE] == 0;
    for (int kind = JITTER_BASIC; kind <= JITTER_DB4; kind++)
        all &= changed[kind] > 1000;
    ok(all, "every jitter but none changes most systems");
}

static void code_files(void)
{
    struct ifs_range range = {2, 8, 1, 0, 1};
    struct rng r = rng_new(6, 0);
    struct codes in = {0}, out = {0}, csv = {0};
    struct err e;
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    codes_write_head(f);
    for (size_t i = 0; i < 50; i++) {
        struct ifs s;
        ifs_sample_range(&s, &range, &r);
        codes_add(&in, &s);
        codes_write(f, i, &s);
    }
    fclose(f);
    ok(codes_parse(&out, text, size, &e) && out.n == 50 &&
           memcmp(in.system, out.system, 50 * sizeof *in.system) == 0,
       "what is written as TSV is read back, bit for bit");
    const char *fern = "0,0,0,.16,0,0,.01\r\n.85,.04,-.04,.85,0,1.6,.85\r\n.2,-.26,.23,.22,0,1.6,.07\r\n"
                       "-.15,.28,.26,.24,0,.44,.07";
    ok(codes_parse(&csv, fern, strlen(fern), &e) && csv.n == 1 && csv.system[0].n == 4 &&
           csv.system[0].map[1].c == -0.04 && csv.system[0].map[3].f == 0.44 && csv.system[0].p[1] == 0.85,
       "FractalDB's CSV");
#define MAP "1,0,0,0,0,0,1\n"
    static const char nine[] = MAP MAP MAP MAP MAP MAP MAP MAP MAP;
#undef MAP
    static const char *const bad[] = {"",
                                      "1,2,3,4,5,6\n",
                                      "1,2,3,4,5,6,7,8\n",
                                      "1,2,3,4,5,6,-1\n",
                                      "1,2,3,4,nan,6,1\n",
                                      "a,b,c,d,e,f,p\n",
                                      "1,2,3,4,5,6,0\n",
                                      "system\tmap\ta\tb\tc\td\te\tf\tp\n",
                                      "system\tmap\ta\tb\tc\td\te\tf\tp\n0\t0\t1\t2\t3\t4\t5\t6\n",
                                      nine};
    bool refused = true;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused &= !codes_parse(&csv, bad[i], strlen(bad[i]), &e) && strncmp(e.text, "line ", 5) == 0;
    ok(refused, "damaged codes are refused with a line number");
    free(text);
    codes_free(&in);
    codes_free(&out);
    codes_free(&csv);
}

static void orders(void)
{
    enum { CLASSES = 7, IMAGES = 5, EPOCHS = 3, SET = CLASSES * IMAGES };
    struct fractal_order o = order_new(11, CLASSES, IMAGES), again = order_new(11, CLASSES, IMAGES);
    unsigned char seen[EPOCHS][CLASSES][IMAGES] = {{{0}}};
    bool rounds = true, once = true, anywhere = true, shuffled = false;
    for (size_t id = 0; id < EPOCHS * SET; id++) {
        struct order_item item = order_item(&o, id);
        unsigned char in_round[CLASSES] = {0};
        seen[item.epoch][item.class][item.k]++;
        shuffled |= item.class != id % CLASSES;
        for (size_t j = id / CLASSES * CLASSES; j < id / CLASSES * CLASSES + CLASSES; j++)
            in_round[order_item(&o, j).class]++;
        for (int c = 0; c < CLASSES; c++)
            rounds &= in_round[c] == 1;
        struct order_item same = order_item(&again, EPOCHS * SET - 1 - id);
        struct order_item here = order_item(&o, EPOCHS * SET - 1 - id);
        anywhere &= same.class == here.class && same.k == here.k && same.epoch == here.epoch;
    }
    for (size_t i = 0; i < EPOCHS * SET; i++)
        once &= (&seen[0][0][0])[i] == 1;
    ok(rounds && shuffled, "a round holds every class once, shuffled");
    ok(once, "an epoch holds every image once");
    ok(anywhere, "any id can be asked for in any order");
    order_free(&o);
    order_free(&again);
}

static void sources(void)
{
    struct ifs_source one = {.sampler = SAMPLER_ONE,
                             .range = {2, 2, 3.4, 3.6, 1},
                             .fill = 0.05,
                             .delta = 0.1,
                             .points = 20000,
                             .seed = 5,
                             .n = 4};
    source_prepare(&one);
    struct ifs a, b;
    source_system(&one, 0, &a);
    source_system(&one, 3, &b);
    bool near = a.n == 2 && b.n == 2 && a.p[0] == b.p[0];
    for (size_t i = 0; i < 2; i++) {
        double ratio = a.map[i].a / b.map[i].a;
        near &= ratio > 0.9 / 1.1 && ratio < 1.1 / 0.9 && ratio != 1;
    }
    ok(near, "1p-frac: copies of one system within +-delta, one set of probabilities");
    codes_free(&one.codes);
}

int main(void)
{
    elementary();
    singular_values();
    sampler_means();
    sampler_ranges();
    fixed_points();
    jitters();
    code_files();
    orders();
    sources();
    return done();
}
