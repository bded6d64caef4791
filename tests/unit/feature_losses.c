/* train/feature_loss: values and gradients against torch (tests/oracle/feature_losses.py), against the definitions one number
 * after another, in bf16 and with halos, on any number of threads. */
#include "train/feature_loss.h"
#include "base/file.h"
#include "base/thread.h"
#include "formula.h"
#include "stream/npys.h"
#include "tap.h"

enum { N = 3, H = 4, W = 5, C = 6, ALL = N * H * W * C };

static struct view maps(size_t halo, enum dtype type)
{
    struct view v = {.n = N, .h = H, .w = W, .c = C, .halo = halo, .type = type};
    v.data = xcalloc(view_bytes(&v), 1);
    return v;
}

static void put(const struct view *v, size_t i, double value)
{
    void *pixel = view_pixel(v, i / (H * W * C), (ptrdiff_t)(i / (W * C) % H), (ptrdiff_t)(i / C % W));
    if (v->type == DT_BF16)
        ((uint16_t *)pixel)[i % C] = f32_to_bf16((float)value);
    else
        ((float *)pixel)[i % C] = (float)value;
}

static double get(const struct view *v, size_t i)
{
    const void *pixel = view_pixel(v, i / (H * W * C), (ptrdiff_t)(i / (W * C) % H), (ptrdiff_t)(i / C % W));
    return v->type == DT_BF16 ? (double)bf16_to_f32(((const uint16_t *)pixel)[i % C])
                              : (double)((const float *)pixel)[i % C];
}

static struct view filled(size_t halo, enum dtype type, const char *name, double shift)
{
    const struct view v = maps(halo, type);
    for (size_t i = 0; i < ALL; i++)
        put(&v, i, formula(formula_seed(name), i) - shift);
    return v;
}

static double call(const char *name, const struct view *gradient, double logdet_gradient[N],
                   const struct view *x, const struct view *want, double weight)
{
    float centre[C];
    double logdet[N];
    for (size_t i = 0; i < C; i++)
        centre[i] = (float)formula(formula_seed("centre"), i);
    for (size_t n = 0; n < N; n++) {
        logdet[n] = formula(formula_seed("logdet"), n) * 20;
        logdet_gradient[n] = 0;
    }
    if (strncmp(name, "STFPM", 5) == 0)
        return loss_cosine_positions(gradient, x, want, weight);
    if (strncmp(name, "Rev", 3) == 0)
        return loss_cosine_images(gradient, x, want, weight);
    if (strcmp(name, "FastFlow") == 0)
        return loss_flow(gradient, logdet_gradient, x, logdet, weight);
    if (strcmp(name, "CFLOW") == 0)
        return loss_flow_sigmoid(gradient, logdet_gradient, x, logdet, weight);
    return loss_half_square(gradient, x, centre, weight);
}

/* |got - want| / |want| over all gradients; a zero vector's gradient, which is 1e12, is left to itself. */
static double gradient_error(const struct view *got, const struct tensor *want, size_t from, size_t to)
{
    double off = 0, size = 0;
    for (size_t i = from; i < to; i++) {
        off += pow(get(got, i) - tensor_get(want, i), 2);
        size += pow(tensor_get(want, i), 2);
    }
    return sqrt(off / size);
}

static void against_torch_one(const struct npys_record *rec)
{
    const char *name = note_get(&rec->note, "name");
    const struct view x = filled(2, DT_F32, "x", 0.5), want = filled(0, DT_F32, "want", 0),
                      gradient = maps(1, DT_F32);
    const bool zero = strcmp(note_get(&rec->note, "zero"), "1") == 0;
    double logdet[N], worst = 0;
    for (size_t i = 0; i < C && zero; i++)
        put(&x, i, 0);
    const double got = call(name, &gradient, logdet, &x, &want, atof(note_get(&rec->note, "weight")));
    const double loss = fabs(got / tensor_get(&rec->array[0], 0) - 1),
                 off = gradient_error(&gradient, &rec->array[1], zero ? C : 0, ALL);
    for (size_t n = 0; n < N; n++)
        worst = worse(worst, fabs(logdet[n] - tensor_get(&rec->array[2], n)));
    ok(loss < 1e-7 && off < 1e-6, "%s: torch's loss, off by %.2g of it; its gradient, by %.2g", name, loss,
       off);
    ok(worst < 1e-12, "%s: the gradient of log-determinants, worst %.2g", name, worst);
    if (zero)
        ok(gradient_error(&gradient, &rec->array[1], 0, C) < 1e-6, "%s: a zero vector's as well", name);
    free(x.data), free(want.data), free(gradient.data);
}

static void against_torch(void)
{
    char path[4096];
    const char *tests = getenv("FERN_TESTS");
    snprintf(path, sizeof path, "%s/oracle/feature_losses.npys", tests ? tests : "tests");
    FILE *f = file_open(path);
    struct npys_reader *r = npys_reader_new(f, path);
    struct npys_record rec = {0};
    while (npys_read(r, &rec))
        against_torch_one(&rec);
    ok(npys_reader_count(r) == 6, "all dumps were there");
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
}

/* The definitions, over groups of `group` numbers. */
static double naive_cosine(const double *x, const double *want, size_t group)
{
    double sum = 0;
    for (size_t first = 0; first < ALL; first += group) {
        double xx = 0, ww = 0, square = 0;
        for (size_t i = first; i < first + group; i++) {
            xx += x[i] * x[i];
            ww += want[i] * want[i];
        }
        for (size_t i = first; i < first + group; i++)
            square += pow(x[i] / sqrt(xx) - want[i] / sqrt(ww), 2);
        sum += square / 2;
    }
    return sum;
}

static double naive_flow(const double *x, bool by_sigmoid)
{
    const double numbers = H * W * C;
    double sum = 0;
    for (size_t n = 0; n < N; n++) {
        double square = 0;
        for (size_t i = 0; i < (size_t)(H * W * C); i++)
            square += pow(x[n * H * W * C + i], 2);
        const double log_p = formula(formula_seed("logdet"), n) * 20 - square / 2,
                     l = log_p / numbers - 0.5 * log(2 * acos(-1));
        sum += by_sigmoid ? log(1 + exp(-l)) : -log_p;
    }
    return sum;
}

static double naive(const char *name, const double *x, const double *want)
{
    double sum = 0;
    if (strcmp(name, "PANDA") != 0)
        return strcmp(name, "FastFlow") == 0 || strcmp(name, "CFLOW") == 0
                   ? naive_flow(x, *name == 'C')
                   : naive_cosine(x, want, *name == 'S' ? C : H * W * C);
    for (size_t i = 0; i < ALL; i++)
        sum += pow(x[i] - (double)(float)formula(formula_seed("centre"), i % C), 2) / 2;
    return sum;
}

/* Value, and gradients by differences of the definition, of views in one type and halo. */
static void against_definition(const char *name, enum dtype type, double tolerance)
{
    const struct view x = filled(1, type, "x", 0.5), want = filled(3, type, "want", 0),
                      gradient = maps(2, type);
    double logdet[N], a[ALL], b[ALL], off = 0, size = 0;
    const double value = call(name, &gradient, logdet, &x, &want, 1);
    for (size_t i = 0; i < ALL; i++) {
        a[i] = get(&x, i);
        b[i] = get(&want, i);
    }
    for (size_t i = 0; i < ALL; i++) {
        const double old = a[i];
        a[i] = old + 1e-5;
        const double above = naive(name, a, b);
        a[i] = old - 1e-5;
        const double g = (above - naive(name, a, b)) / 2e-5;
        a[i] = old;
        off += pow(g - get(&gradient, i), 2);
        size += g * g;
    }
    ok(fabs(value / naive(name, a, b) - 1) < 1e-9 && sqrt(off / size) < tolerance,
       "%s in %s: the definition's value; its slopes, off by %.2g", name, type == DT_BF16 ? "bf16" : "f32",
       sqrt(off / size));
    double frame = 0;
    for (size_t i = 0; i < view_bytes(&gradient); i++)
        frame += ((const unsigned char *)gradient.data)[i] != 0;
    ok(frame <= (double)(ALL * dtype_size(type)), "nothing outside of the maps is written");
    free(x.data), free(want.data), free(gradient.data);
}

struct job {
    const char *name;
    struct view gradient, x, want;
    double logdet[N], value;
};

/* In a task, so that it runs on this thread alone. */
static void alone(void *arg, size_t task, size_t worker)
{
    struct job *j = arg;
    (void)worker;
    if (task == 0)
        j->value = call(j->name, &j->gradient, j->logdet, &j->x, &j->want, 1);
}

static void threads(const char *name)
{
    struct job one = {.name = name,
                      .gradient = maps(0, DT_F32),
                      .x = filled(0, DT_F32, "x", 0.5),
                      .want = filled(0, DT_F32, "want", 0)};
    const struct view gradient = maps(0, DT_F32);
    double logdet[N];
    const double value = call(name, &gradient, logdet, &one.x, &one.want, 1);
    pool_run(2, alone, &one);
    ok(!memcmp(&value, &one.value, sizeof value) &&
           !memcmp(gradient.data, one.gradient.data, ALL * sizeof(float)),
       "%s: the same bits on one thread", name);
    free(gradient.data), free(one.gradient.data), free(one.x.data), free(one.want.data);
}

int main(void)
{
    static const char *const names[] = {"STFPM", "Reverse Distillation", "FastFlow", "CFLOW", "PANDA"};
    pool_start(3);
    against_torch();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        against_definition(names[i], DT_F32, 1e-6);
        against_definition(names[i], DT_BF16,
                           4e-3); /* a bf16 has 8 bits: half of 2^-8 of each gradient at most */
        threads(names[i]);
    }
    return done();
}
