/* npyls - list what a tensor stream or a safetensors file holds. See npyls.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "stream/records.h"
#include "stream/safetensors.h"
#include "stream/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: npyls [-vq] [-s] [FILE ...]\n"
    "       npyls [-vq] -n [FILE ...]\n"
    "Lists the arrays of tensor streams (and of files named *.safetensors) as a table.\n"
    "  -s, --statistics  also min, mean, max, and how many elements are NaN\n"
    "  -n, --note        only the opening note (the metadata), one key=value a line\n"
    USAGE_COMMON
    "examples:\n"
    "  imgcat -s test bottle | featx -w fractal.safetensors | npyls -s | column -ts $'\\t'\n"
    "  npyls -n fractal.safetensors | grep ^hash=\n";
/* clang-format on */

struct opts {
    bool statistics, note;
};

struct statistics {
    double min, max, mean;
    size_t nan;
};

static struct statistics statistics_of(const struct tensor *t)
{
    struct statistics s = {INFINITY, -INFINITY, 0, 0};
    size_t n = tensor_count(t);
    for (size_t i = 0; i < n; i++) {
        double x = tensor_get(t, i);
        if (isnan(x)) {
            s.nan++;
            continue;
        }
        s.min = x < s.min ? x : s.min;
        s.max = x > s.max ? x : s.max;
        s.mean += x;
    }
    s.mean /= (double)(n - s.nan);
    return s;
}

/* The note without name= and arrays=, which have columns of their own. */
static char *other_keys(const struct note *note)
{
    struct note other = {0};
    note_copy(&other, note);
    note_remove(&other, "name");
    note_remove(&other, "arrays");
    char *text = note_format(&other);
    for (char *p = text; *p; p++)
        if (*p == '\t')
            *p = ' ';
    note_clear(&other);
    return text;
}

/* The i-th of comma-separated names. */
static char *name_at(const char *names, size_t i)
{
    for (; i && *names; names++)
        i -= *names == ',';
    return xstrndup(names, strcspn(names, ","));
}

static void list_array(const struct npys_record *rec, size_t i, const char *number, const struct opts *o)
{
    const struct tensor *t = &rec->array[i];
    const char *name = note_get(&rec->note, "name"), *arrays = note_get(&rec->note, "arrays");
    char shape[128], cell[4][32] = {"", "", "", ""};
    char *keys = other_keys(&rec->note), *array = name_at(arrays ? arrays : "", i);
    tensor_shape_text(t, shape);
    if (o->statistics) {
        struct statistics s = statistics_of(t);
        if (s.min <= s.max) {
            snprintf(cell[0], sizeof cell[0], "%.6g", s.min);
            snprintf(cell[1], sizeof cell[1], "%.6g", s.mean);
            snprintf(cell[2], sizeof cell[2], "%.6g", s.max);
        }
        snprintf(cell[3], sizeof cell[3], "%zu", s.nan);
    }
    const char *const row[] = {
        number,  name ? name : "", array,  safetensors_dtype[t->type], shape, keys, cell[0],
        cell[1], cell[2],          cell[3]};
    table_write(stdout, "stdout", o->statistics ? 10 : 6, row);
    free(keys);
    free(array);
}

/* A record without arrays has a line too. */
static void list_bare(const struct npys_record *rec, const char *number, const struct opts *o)
{
    const char *name = note_get(&rec->note, "name");
    char *keys = other_keys(&rec->note);
    const char *const row[] = {number, name ? name : "", "", "", "", keys, "", "", "", ""};
    table_write(stdout, "stdout", o->statistics ? 10 : 6, row);
    free(keys);
}

static void list(const char *file, const struct opts *o)
{
    struct records *r = records_open(file);
    struct npys_record rec = {0};
    char number[24];
    while (records_next(r, &rec)) {
        snprintf(number, sizeof number, "%zu", records_count(r));
        for (size_t i = 0; i < rec.n; i++)
            list_array(&rec, i, number, o);
        if (rec.n == 0)
            list_bare(&rec, number, o);
    }
    npys_record_free(&rec);
    records_close(r);
}

static void show_note(const char *file)
{
    struct records *r = records_open(file);
    const struct note *note = records_opening(r);
    for (size_t i = 0; i < note->n; i++) {
        char *value = note_escape(note->pair[i].value);
        printf("%s=%s\n", note->pair[i].key, value);
        free(value);
    }
    records_close(r);
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {
        OPT_COMMON, {"statistics", no_argument, NULL, 's'}, {"note", no_argument, NULL, 'n'}, OPT_END};
    struct opts o = {0};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 's':
            o.statistics = true;
            break;
        case 'n':
            o.note = true;
            break;
        }
    if (o.statistics && o.note)
        misuse("-s and -n exclude each other");
    return o;
}

static void run(const char *file, const struct opts *o)
{
    if (o->note)
        show_note(file);
    else
        list(file, o);
}

int main(int argc, char **argv)
{
    static const char *const head[] = {"record", "name", "array", "type", "shape",
                                       "keys",   "min",  "mean",  "max",  "nan"};
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a record's line leaves when the record is there */
    if (!o.note)
        table_write(stdout, "stdout", o.statistics ? 10 : 6, head);
    if (optind == argc)
        run(NULL, &o);
    for (; optind < argc; optind++)
        run(argv[optind], &o);
    return out_close();
}
