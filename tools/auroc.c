/* auroc - how well anomaly scores and maps find the defects of a test set. See auroc.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/product.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "metric/evaluation.h"
#include "metric/table.h"
#include "stream/companion.h"
#include "stream/npys.h"
#include "stream/table.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: auroc [-vq] [-M MASKS] [-f LIMIT] [-d DIGITS] [-R CURVES [-P N]] [--mem BYTES] [-j N]\n"
    "             [MAPS|TABLE ...]\n"
    "Measures map streams, or tables of scores (TSV: label, score, defect, name): a table of image AUROC, AP and\n"
    "F1-max and, with masks, of pixel AUROC, F1-max and AUPRO; one row a kind of defect, last all.\n"
    "  -M, --masks FILE  image stream of the masks of the same images in the same order; > 0 is defect\n"
    "  -f, --fpr LIMIT   AUPRO up to this false positive rate (default 0.3)\n"
    "  -d, --digits N    decimals of the figures (default 6)\n"
    "  -R, --curves FILE write the ROC and PRO curves as TSV\n"
    "  -P, --points N    about so many points a curve, besides the ends; 0: all (default 1000)\n"
    "      --mem BYTES   of pixels held in memory before they wait in $TMPDIR; never changes a figure\n"
    "                    (default 1G)\n"
    USAGE_THREADS
    USAGE_COMMON
    "examples:\n"
    "  patchcore -m model.safetensors < test.npys | auroc -M <(imgcat -M -s test bottle)\n"
    "  padim -m model.safetensors < test.npys | tee test.maps | auroc -M masks.pam -R curves.tsv\n";
/* clang-format on */

enum { MEM = OPT_LONG };

struct opts {
    const char *masks, *curves;
    double fpr;
    size_t digits, points, mem;
};

/* The masks, read in step with the maps. */
struct masks {
    struct companion stream;
    size_t empty; /* of defective images */
    char *first_empty;
};

/* A run over several operands. */
struct run {
    struct evaluation ev;
    struct masks masks;
    struct npys_record record; /* of all streams, so that its buffers leave no holes in memory */
};

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON,
                                          OPT_THREADS,
                                          {"masks", required_argument, NULL, 'M'},
                                          {"fpr", required_argument, NULL, 'f'},
                                          {"digits", required_argument, NULL, 'd'},
                                          {"curves", required_argument, NULL, 'R'},
                                          {"points", required_argument, NULL, 'P'},
                                          {"mem", required_argument, NULL, MEM},
                                          OPT_END};
    struct opts o = {.fpr = 0.3, .digits = 6, .points = 1000};
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        switch (c) {
        case 'M':
            o.masks = optarg;
            break;
        case 'f':
            o.fpr = opt_real("-f", optarg, 1e-6, 1);
            break;
        case 'd':
            o.digits = opt_size("-d", optarg, 1, 17);
            break;
        case 'R':
            o.curves = optarg;
            break;
        case 'P':
            o.points = opt_size("-P", optarg, 0, 1000000000);
            break;
        case MEM:
            o.mem = opt_bytes("--mem", optarg);
            if (o.mem < PIXELS_MEMORY_LEAST)
                misuse("--mem %s: 1M is the least", optarg);
            break;
        }
    return o;
}

/* The array that arrays= calls map, or the only one of a record that names none. NULL: a score alone, as knn and gauss give. */
static const struct tensor *find_map(const struct npys_reader *r, const struct npys_record *rec)
{
    const char *names = note_get(&rec->note, "arrays");
    if (rec->n == 0)
        return NULL;
    if (!names && rec->n == 1)
        return &rec->array[0];
    const char *p = names ? names : "";
    for (size_t i = 0; i < rec->n; i++, p = strchrnul(p, ','), p += *p == ',')
        if (strncmp(p, "map", 3) == 0 && (p[3] == ',' || p[3] == 0))
            return &rec->array[i];
    npys_reader_die(r, "no anomaly map in this record (arrays=%s)", names ? names : "");
}

static void count_empty(struct masks *m, const struct evaluation *ev, const char *name)
{
    if (!m->stream.reader || ev->image[ev->images - 1].kind == KIND_GOOD || !evaluation_mask_empty(ev))
        return;
    if (m->empty++ == 0)
        m->first_empty = xstrdup(name);
}

/* The record read last. True where it has a map. */
static bool take_record(struct run *run, const struct npys_reader *r)
{
    const struct note *note = &run->record.note;
    const char *name = note_get(note, "name");
    struct err e;
    if (!evaluation_add(&run->ev, note_get(note, "label"), note_get(note, "defect"), note_get(note, "score"),
                        &e))
        npys_reader_die(r, "%s", e.text);
    const struct tensor *map = find_map(r, &run->record);
    const struct image *mask = companion_next(&run->masks.stream, r, note);
    if (map && !evaluation_add_map(&run->ev, map, mask ? &mask->raster : NULL, &e))
        npys_reader_die(r, "%s", e.text);
    if (map)
        count_empty(&run->masks, &run->ev, name ? name : "");
    return map;
}

static void read_maps(struct run *run, FILE *f, const char *label)
{
    struct npys_reader *r = npys_reader_new(f, label);
    struct progress progress = progress_start("images", 0);
    size_t with = 0, without = 0; /* a map */
    while (npys_read(r, &run->record)) {
        const bool map = take_record(run, r);
        with += map;
        without += !map;
        if (with && without)
            npys_reader_die(r, "records with and without maps in one stream");
        progress_add(&progress, 1);
    }
    progress_end(&progress);
    if (run->masks.stream.reader && without)
        warning("%s: scores without maps: there are no pixel figures", label);
    npys_reader_free(r);
}

static const char *cell(const struct table *t, size_t row, ptrdiff_t column)
{
    return column < 0 ? NULL : t->cell[row][column];
}

static void read_table(struct evaluation *ev, FILE *f, const char *file)
{
    struct table t;
    struct err e;
    table_read_from(&t, f, file);
    ptrdiff_t label = table_column(&t, "label"), score = table_column(&t, "score");
    ptrdiff_t defect = table_column(&t, "defect"), name = table_column(&t, "name");
    if (label < 0 || score < 0)
        die("%s: neither a map stream nor a table with the columns label and score", file);
    for (size_t i = 0; i < t.rows; i++)
        if (!evaluation_add(ev, cell(&t, i, label), cell(&t, i, defect), cell(&t, i, score), &e))
            die("%s: record %zu (%s): %s", file, i + 1, name < 0 ? "no name" : cell(&t, i, name), e.text);
    table_free(&t);
}

/* A tensor stream begins with a byte that no text has. */
static void read_input(struct run *run, const char *file)
{
    FILE *f = file_open(file);
    int first = getc(f);
    if (first != EOF)
        ungetc(first, f);
    if (first == 0x93)
        read_maps(run, f, file_label(file));
    else if (run->masks.stream.reader && first != EOF)
        die("%s: not a map stream, but masks are asked for (-M)", file_label(file));
    else
        read_table(&run->ev, f, file_label(file));
    file_close(f);
}

static void finish_masks(struct masks *m)
{
    companion_close(&m->stream);
    if (m->empty)
        warning("%s: empty masks of defective images: %zu, first of %s", m->stream.label, m->empty,
                m->first_empty);
    free(m->first_empty);
}

static struct evaluation_row *measure(struct evaluation *ev, const struct opts *o, size_t *rows)
{
    const double start = progress_clock();
    struct evaluation_row *row = evaluation_measure(ev, o->fpr, o->curves, o->points, rows);
    notice("%zu images, %" PRIu64 " pixels, %zu regions measured in %.1f s, %zu runs of %.1f MB waited, "
           "peak memory %.0f MB",
           ev->images, ev->pixels.all, row[*rows - 1].pixel.regions, progress_clock() - start,
           ev->pixels.runs, (double)pixels_waiting(&ev->pixels) / 1e6, (double)mem_peak() / 1e6);
    return row;
}

static void run(char **inputs, size_t n, const struct opts *o)
{
    struct run run = {.ev.pixels.memory = o->mem, .masks.stream = companion_open(o->masks, "mask")};
    size_t rows;
    struct product *curves = o->curves ? product_open(o->curves) : NULL;
    for (size_t i = 0; i < n; i++)
        read_input(&run, inputs[i]);
    npys_record_free(&run.record);
    finish_masks(&run.masks);
    struct evaluation_row *row = measure(&run.ev, o, &rows);
    if (curves) {
        metric_table_curves(product_file(curves), o->curves, row, rows);
        product_commit(curves);
    }
    metric_table(stdout, "stdout", row, rows, o->digits);
    evaluation_rows_free(row, rows);
    evaluation_free(&run.ev);
}

/* stdin can only be one of them. */
static void check_stdin(char **inputs, size_t n, const char *masks)
{
    size_t uses = masks && strcmp(masks, "-") == 0;
    for (size_t i = 0; i < n; i++)
        uses += strcmp(inputs[i], "-") == 0;
    if (uses > 1)
        misuse("stdin is asked for more than once");
}

int main(int argc, char **argv)
{
    static char *from_stdin[] = {"-"};
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    char **inputs = optind < argc ? argv + optind : from_stdin;
    size_t n = optind < argc ? (size_t)(argc - optind) : 1;
    check_stdin(inputs, n, o.masks);
    run(inputs, n, &o);
    return out_close();
}
