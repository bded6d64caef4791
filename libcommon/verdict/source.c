#include "verdict/source.h"
#include "base/file.h"
#include "base/mem.h"
#include "method/model.h"
#include "stream/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, LABEL, DEFECT, SCORE, VERDICT, KEYS };
static const char *const key[KEYS] = {"name", "label", "defect", "score", "verdict"};

struct score_source {
    FILE *file;
    const char *label;
    struct npys_reader *maps; /* NULL: a table */
    struct npys_record record;
    char *header, *line;
    size_t header_size, line_size, number; /* of the line, from 1 */
    size_t columns;
    ptrdiff_t column[KEYS]; /* -1: absent */
    const char *cell[KEYS]; /* of the line; NULL: absent */
};

/* False at the end. Line ends, of both kinds, go. */
static bool next_line(struct score_source *s, char **line, size_t *size)
{
    ssize_t n = getline(line, size, s->file);
    if (n < 0 && ferror(s->file))
        die("%s:", s->label);
    if (n < 0)
        return false;
    s->number++;
    if ((*line)[n - 1] != '\n')
        die("%s: line %zu: the table is cut here: its last line does not end", s->label, s->number);
    if (strlen(*line) < (size_t)n)
        die("%s: line %zu: a NUL byte", s->label, s->number);
    (*line)[n - 1] = 0;
    if (n > 1 && (*line)[n - 2] == '\r')
        (*line)[n - 2] = 0;
    return true;
}

static void find_columns(struct score_source *s)
{
    struct table t;
    struct err e;
    if (!next_line(s, &s->header, &s->header_size))
        die("%s: no data: did the program upstream die?", s->label);
    if (!table_parse(&t, s->header, strlen(s->header), &e))
        die("%s: %s", s->label, e.text);
    s->columns = t.columns;
    for (size_t k = 0; k < KEYS; k++)
        s->column[k] = table_column(&t, key[k]);
    if (s->column[SCORE] < 0)
        die("%s: no column 'score' in its header", s->label);
    table_free(&t);
}

struct score_source *score_source_open(const char *file)
{
    struct score_source *s = xcalloc(1, sizeof *s);
    s->file = file_open(file);
    s->label = file_label(file);
    const int first = getc(s->file);
    ungetc(first, s->file);
    if (first != 0x93) {
        find_columns(s);
        return s;
    }
    s->maps = npys_reader_new(s->file, s->label);
    npys_opening(s->maps);
    return s;
}

struct score_known score_source_known(const struct score_source *s)
{
    struct score_known k = {.threshold = (double)NAN};
    if (!s->maps)
        return k;
    const struct note *opening = npys_opening(s->maps);
    if (note_get(opening, "threshold"))
        k.threshold = model_number(opening, s->label, "threshold");
    k.normals = model_scores(opening, s->label);
    return k;
}

bool score_source_judges(const struct score_source *s)
{
    return !s->maps && s->column[VERDICT] >= 0;
}

static bool next_row(struct score_source *s)
{
    do
        if (!next_line(s, &s->line, &s->line_size))
            return false;
    while (strcmp(s->line, s->header) == 0);
    size_t n = 0;
    memset(s->cell, 0, sizeof s->cell);
    for (char *rest = s->line, *cell; (cell = strsep(&rest, "\t")); n++)
        for (size_t k = 0; k < KEYS; k++)
            if (s->column[k] == (ptrdiff_t)n)
                s->cell[k] = cell;
    if (n != s->columns)
        die("%s: line %zu: %zu cells where the header has %zu", s->label, s->number, n, s->columns);
    return true;
}

static bool next_record(struct score_source *s)
{
    if (!npys_read(s->maps, &s->record))
        return false;
    for (size_t k = 0; k < VERDICT; k++)
        s->cell[k] = note_get(&s->record.note, key[k]);
    s->number++;
    if (!s->cell[SCORE])
        npys_reader_die(s->maps, "no score=: is it no stream of maps?");
    return true;
}

static _Noreturn void refuse(const struct score_source *s, const char *what, const char *text,
                             const char *wanted)
{
    if (s->maps)
        npys_reader_die(s->maps, "%s=%s is not %s", what, text, wanted);
    die("%s: line %zu: %s '%s' is not %s", s->label, s->number, what, text, wanted);
}

bool score_source_next(struct score_source *s, struct score_frame *f)
{
    if (!(s->maps ? next_record(s) : next_row(s)))
        return false;
    char *end;
    *f = (struct score_frame){.name = s->cell[NAME] ? s->cell[NAME] : "",
                              .label = s->cell[LABEL] ? s->cell[LABEL] : "",
                              .defect = s->cell[DEFECT] ? s->cell[DEFECT] : "",
                              .score = s->cell[SCORE],
                              .value = strtod(s->cell[SCORE], &end),
                              .verdict = s->cell[VERDICT]};
    if (end == f->score || *end || !isfinite(f->value))
        refuse(s, key[SCORE], f->score, "a number");
    if (f->verdict && strcmp(f->verdict, "ok") != 0 && strcmp(f->verdict, "defect") != 0)
        refuse(s, key[VERDICT], f->verdict, "ok or defect");
    return true;
}

void score_source_close(struct score_source *s)
{
    npys_reader_free(s->maps);
    npys_record_free(&s->record);
    file_close(s->file);
    free(s->header);
    free(s->line);
    free(s);
}
