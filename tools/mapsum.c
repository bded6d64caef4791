/* mapsum - several detectors' maps of the same images, brought to one scale and averaged. See mapsum.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "stream/npys.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: mapsum [-vq] [MAPS ...]\n"
    "Averages map streams of the same images, each brought to the scale of its own normal images: 0 is their mean, 1\n"
    "the threshold.\n"
    USAGE_COMMON
    "examples:\n"
    "  mapsum frozen.maps adapted.maps | auroc -M <(imgcat -M -s test bottle)\n"
    "  mapsum padim.maps patchcore.maps | heatmap -i <(imgcat -s test bottle) -O overlays\n";
/* clang-format on */

enum { STREAMS_MAX = 16 };

/* A stream and its normal images: of values and of scores, what becomes 0, and the distance from there to what becomes 1. */
struct source {
    const char *label;
    FILE *file;
    struct npys_reader *reader;
    struct npys_record record;
    bool maps;
    double low, range, score_range;
};

static double number(const struct source *s, const char *key, const char *text)
{
    char *end;
    const double x = text ? strtod(text, &end) : NAN;
    if (!isfinite(x) || end == text)
        die("%s: no %s= of normal images in its opening note", s->label, key);
    return x;
}

/* scale=LO,HI stands where there are maps: LO is the mean of normal images' values. */
static void open_source(struct source *s, const char *name)
{
    *s = (struct source){.label = file_label(name), .file = file_open(name)};
    s->reader = npys_reader_new(s->file, s->label);
    const struct note *opening = npys_opening(s->reader);
    const char *scale = note_get(opening, "scale");
    s->maps = scale != NULL;
    s->low = s->maps ? number(s, "scale", scale) : 0;
    s->score_range = number(s, "threshold", note_get(opening, "threshold")) - s->low;
    s->range = s->maps ? number(s, "pixel_threshold", note_get(opening, "pixel_threshold")) - s->low : 1;
    if (s->range <= 0 || s->score_range <= 0)
        die("%s: the threshold is not above the mean of normal images", s->label);
}

/* What all agree in; each one's by=; and the common scale. */
static struct npys_writer *begin(const struct source *s, size_t n)
{
    struct note note = {0};
    const struct note *first = npys_opening(s[0].reader);
    for (size_t k = 0; k < first->n; k++) {
        const struct note_pair *p = &first->pair[k];
        bool common = true;
        for (size_t i = 1; i < n; i++) {
            const char *other = note_get(npys_opening(s[i].reader), p->key);
            common &= other && strcmp(other, p->value) == 0;
        }
        if (common && strcmp(p->key, "by") != 0)
            note_add(&note, p->key, p->value);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < npys_opening(s[i].reader)->n; k++)
            if (strcmp(npys_opening(s[i].reader)->pair[k].key, "by") == 0)
                note_add(&note, "by", npys_opening(s[i].reader)->pair[k].value);
    note_set(&note, "stream", "maps");
    note_set(&note, "version", "1");
    note_set(&note, "threshold", "1");
    note_remove(&note, "scores"); /* of another scale */
    if (s[0].maps) {
        note_set(&note, "pixel_threshold", "1");
        note_set(&note, "scale", "0,2");
    }
    struct npys_writer *w = npys_writer_new(out_binary(), "stdout", &note, "mapsum " FERN_VERSION);
    note_clear(&note);
    return w;
}

static void check_kinds(const struct source *s, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (s[i].maps != s[0].maps)
            die("%s has %s, %s has %s", s[0].label, s[0].maps ? "maps" : "scores alone", s[i].label,
                s[i].maps ? "maps" : "scores alone");
}

/* The next record of all; false at the end of all. */
static bool read_all(struct source *s, size_t n)
{
    const bool more = npys_read(s[0].reader, &s[0].record);
    for (size_t i = 1; i < n; i++)
        if (npys_read(s[i].reader, &s[i].record) != more)
            die("%s has %zu images, %s has more", s[more ? i : 0].label,
                npys_reader_count(s[more ? i : 0].reader), s[more ? 0 : i].label);
    return more;
}

/* The score, and the map where there is one; both agree with the first stream's. */
static void check_record(const struct source *s, const struct source *first)
{
    const char *name = note_get(&s->record.note, "name"), *other = note_get(&first->record.note, "name");
    const struct tensor *map = &s->record.array[0], *as = &first->record.array[0];
    if (name && other && strcmp(name, other) != 0)
        npys_reader_die(s->reader, "it is %s in %s", other, first->label);
    if (s->record.n != (s->maps ? 1 : 0))
        npys_reader_die(s->reader, "%zu arrays where %s is expected", s->record.n,
                        s->maps ? "one map" : "none");
    if (!s->maps)
        return;
    if (map->rank != 2)
        npys_reader_die(s->reader, "a map of %zu dimensions", map->rank);
    if (map->dim[0] != as->dim[0] || map->dim[1] != as->dim[1])
        npys_reader_die(s->reader, "the map is %zux%zu, in %s %zux%zu", map->dim[1], map->dim[0],
                        first->label, as->dim[1], as->dim[0]);
}

static double score_of(const struct source *s)
{
    const char *text = note_get(&s->record.note, "score");
    char *end;
    const double x = text ? strtod(text, &end) : NAN;
    if (!isfinite(x) || end == text || *end)
        npys_reader_die(s->reader, "no score=");
    return (x - s->low) / s->score_range;
}

/* One record of all streams into one of the mean. */
static void write_mean(struct npys_writer *w, const struct source *s, size_t n)
{
    struct npys_record out = {.n = s[0].record.n};
    double score = 0;
    for (size_t i = 0; i < n; i++) {
        check_record(&s[i], &s[0]);
        score += score_of(&s[i]) / (double)n;
    }
    const size_t values = s[0].maps ? tensor_count(&s[0].record.array[0]) : 0;
    float *mean = xmalloc(values, sizeof *mean);
    for (size_t k = 0; k < values; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (tensor_get(&s[i].record.array[0], k) - s[i].low) / s[i].range;
        mean[k] = (float)(sum / (double)n);
    }
    note_copy(&out.note, &s[0].record.note);
    note_setf(&out.note, "score", "%.9g", score);
    if (values)
        out.array[0] = (struct tensor){.type = DT_F32,
                                       .rank = 2,
                                       .dim = {s[0].record.array[0].dim[0], s[0].record.array[0].dim[1]},
                                       .data = mean};
    npys_write(w, &out, values ? "map" : "");
    note_clear(&out.note);
    free(mean);
}

static void run(char **inputs, size_t n)
{
    struct source s[STREAMS_MAX];
    for (size_t i = 0; i < n; i++)
        open_source(&s[i], inputs[i]);
    check_kinds(s, n);
    struct npys_writer *w = begin(s, n);
    while (read_all(s, n))
        write_mean(w, s, n);
    npys_writer_end(w);
    notice("%zu images of %zu streams", npys_reader_count(s[0].reader), n);
    for (size_t i = 0; i < n; i++) {
        npys_record_free(&s[i].record);
        npys_reader_free(s[i].reader);
        file_close(s[i].file);
    }
}

static void parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON, OPT_END};
    size_t standard = 0;
    while (opt_next(argc, argv, table, usage) != -1)
        ;
    if (argc - optind > STREAMS_MAX)
        misuse("more than %d streams", STREAMS_MAX);
    for (int i = optind; i < argc; i++)
        standard += strcmp(argv[i], "-") == 0;
    if (standard > 1)
        misuse("stdin is asked for more than once");
}

int main(int argc, char **argv)
{
    static char *from_stdin[] = {"-"};
    err_init(argv[0]);
    parse(argc, argv);
    const bool none = optind == argc;
    run(none ? from_stdin : argv + optind, none ? 1 : (size_t)(argc - optind));
    return out_close();
}
