/* npysdiff - compare two tensor streams, or safetensors files, record by record. See npysdiff.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/opt.h"
#include "stream/records.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: npysdiff [-vq] [-t TOL] [-r REL] [-s REL] [-k] A B\n"
    "Compares two tensor streams (or files named *.safetensors); exits 0 when they agree, 1 when not.\n"
    "  -t, --tolerance TOL  differences up to TOL are none (default 0)\n"
    "  -r, --relative REL   nor are those up to REL times the element of B\n"
    "  -s, --scale REL      nor are those up to REL times the largest magnitude in the array of B\n"
    "  -k, --keys           the notes must agree too, but for by= and version=\n"
    USAGE_COMMON
    "examples:\n"
    "  featx -w w.safetensors < test.pam | npysdiff -t 1e-5 - features.npys\n"
    "  npysdiff -s 0.01 <(featx -w w.safetensors < t.pam) <(featx -w w.safetensors -j 1 < t.pam)\n";
/* clang-format on */

struct opts {
    double tolerance, relative, scale;
    bool keys;
    const char *name[2];
};

/* What was found in all records. */
struct verdict {
    size_t differing; /* elements, notes and shapes */
    double largest;   /* difference of two elements ... */
    double of_scale;  /* ... and as part of the largest magnitude in that array of B */
    char where[300];
};

/* Of the finite elements: beside an infinity every difference would be small. */
static double largest_magnitude(const struct tensor *t)
{
    double largest = 0;
    for (size_t i = 0, n = tensor_count(t); i < n; i++) {
        double x = fabs(tensor_get(t, i));
        if (isfinite(x) && x > largest)
            largest = x;
    }
    return largest;
}

/* |x - y|; NaN equals NaN, an infinity itself; infinite where only one is either. */
static double difference(double x, double y)
{
    if (x == y || (isnan(x) && isnan(y)))
        return 0;
    double d = fabs(x - y);
    return isnan(d) ? INFINITY : d;
}

/* One line on stdout about something that differs; none with -q. */
__attribute__((format(printf, 2, 3))) static void say(const char *where, const char *fmt, ...)
{
    va_list ap;
    if (err_verbosity < 0)
        return;
    printf("%s: ", where);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static void compare_arrays(struct verdict *v, const struct tensor *a, const struct tensor *b,
                           const char *where, const struct opts *o)
{
    char shape[2][128];
    if (!tensor_same_shape(a, b)) {
        say(where, "shape %s, and %s", tensor_shape_text(a, shape[0]), tensor_shape_text(b, shape[1]));
        v->differing++;
        return;
    }
    size_t n = tensor_count(a), over = 0, at = 0;
    double scale = largest_magnitude(b), largest = 0;
    for (size_t i = 0; i < n; i++) {
        double x = tensor_get(a, i), y = tensor_get(b, i), d = difference(x, y);
        double relative = isfinite(y) ? o->relative * fabs(y) : 0;
        over += d > o->tolerance + relative + o->scale * scale;
        if (d > largest) {
            largest = d;
            at = i;
        }
    }
    if (over)
        say(where, "%zu of %zu elements differ, most at %zu: %.9g, and %.9g", over, n, at, tensor_get(a, at),
            tensor_get(b, at));
    v->differing += over;
    if (largest > v->largest) {
        v->largest = largest;
        v->of_scale = largest / scale;
        snprintf(v->where, sizeof v->where, "%s", where);
    }
}

/* Keys that say how a stream was made, not what it holds. */
static bool provenance(const char *key)
{
    return strcmp(key, "by") == 0 || strcmp(key, "version") == 0;
}

static bool has_all(const struct note *a, const struct note *b)
{
    for (size_t i = 0; i < a->n; i++) {
        const char *value = note_get(b, a->pair[i].key);
        if (!provenance(a->pair[i].key) && (!value || strcmp(value, a->pair[i].value) != 0))
            return false;
    }
    return true;
}

static void compare_notes(struct verdict *v, const struct note *a, const struct note *b, const char *where)
{
    if (has_all(a, b) && has_all(b, a))
        return;
    char *x = note_format(a), *y = note_format(b);
    say(where, "note '%s', and '%s'", x, y);
    free(x);
    free(y);
    v->differing++;
}

static void compare_records(struct verdict *v, const struct npys_record *a, const struct npys_record *b,
                            size_t number, const struct opts *o)
{
    const char *name = note_get(&a->note, "name"), *other = note_get(&b->note, "name");
    char where[280];
    snprintf(where, sizeof where, "record %zu (%.200s)", number, name ? name : "");
    if (o->keys)
        compare_notes(v, &a->note, &b->note, where);
    else if (name && other && strcmp(name, other) != 0) {
        say(where, "name %s, and %s", name, other);
        v->differing++;
    }
    if (a->n != b->n) {
        say(where, "different numbers of arrays");
        v->differing++;
        return;
    }
    for (size_t i = 0; i < a->n; i++) {
        size_t len = strlen(where);
        snprintf(where + len, sizeof where - len, ", array %zu", i + 1);
        compare_arrays(v, &a->array[i], &b->array[i], where, o);
        where[len] = 0;
    }
}

static struct verdict run(const struct opts *o)
{
    struct records *a = records_open(o->name[0]), *b = records_open(o->name[1]);
    struct npys_record x = {0}, y = {0};
    struct verdict v = {0};
    if (o->keys)
        compare_notes(&v, records_opening(a), records_opening(b), "opening note");
    bool more_a, more_b;
    while ((more_a = records_next(a, &x)), (more_b = records_next(b, &y)), more_a && more_b)
        compare_records(&v, &x, &y, records_count(a), o);
    if (more_a != more_b) {
        say("end", "%s ends before %s", file_label(o->name[more_a]), file_label(o->name[more_b]));
        v.differing++;
    }
    npys_record_free(&x);
    npys_record_free(&y);
    records_close(a);
    records_close(b);
    return v;
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          {"tolerance", required_argument, NULL, 't'},
                                          {"relative", required_argument, NULL, 'r'},
                                          {"scale", required_argument, NULL, 's'},
                                          {"keys", no_argument, NULL, 'k'},
                                          OPT_END};
    struct opts o = {0};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 't':
            o.tolerance = opt_real("-t", optarg, 0, INFINITY);
            break;
        case 'r':
            o.relative = opt_real("-r", optarg, 0, INFINITY);
            break;
        case 's':
            o.scale = opt_real("-s", optarg, 0, INFINITY);
            break;
        case 'k':
            o.keys = true;
            break;
        }
    if (argc - optind != 2)
        misuse("two streams are compared, %d given (see npysdiff --help)", argc - optind);
    o.name[0] = argv[optind];
    o.name[1] = argv[optind + 1];
    if (strcmp(o.name[0], "-") == 0 && strcmp(o.name[1], "-") == 0)
        misuse("only one of two streams can be stdin");
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    struct verdict v = run(&o);
    if (v.where[0] && err_verbosity >= 0)
        printf("largest difference %.3g, %.3g of the array's scale, in %s\n", v.largest, v.of_scale, v.where);
    out_close();
    return v.differing ? EXIT_FAILED : EXIT_DONE;
}
