#include "method/scores.h"
#include "base/file.h"
#include "base/product.h"
#include "base/mem.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>

struct score_writer {
    struct calibration calibration;
    struct npys_writer *maps; /* NULL: none, or not begun */
    bool to_stdout;           /* the table takes the maps' place */
    struct product *product;  /* NULL: none, or the table goes to stdout */
    FILE *table;              /* NULL: none */
    const char *label;
};

static struct npys_writer *maps_begin(const struct note *opening, const char *by, const struct calibration *c)
{
    struct note note = {0};
    note_copy(&note, opening);
    note_set(&note, "stream", "maps");
    note_set(&note, "version", "1");
    note_remove(&note, "layers");
    calibration_note(&note, c);
    struct npys_writer *w = npys_writer_new(out_binary(), "stdout", &note, by);
    note_clear(&note);
    return w;
}

struct score_writer *score_writer_new(const char *table)
{
    struct score_writer *w = xcalloc(1, sizeof *w);
    w->to_stdout = table && strcmp(table, "-") == 0;
    w->product = table && !w->to_stdout ? product_open(table) : NULL;
    w->table = w->to_stdout ? stdout : w->product ? product_file(w->product) : NULL;
    w->label = w->to_stdout ? "stdout" : table;
    return w;
}

void score_writer_begin(struct score_writer *w, const struct note *opening, const char *by,
                        const struct calibration *c)
{
    static const char *const head[] = {"name", "label", "defect", "score", "verdict"};
    w->calibration = *c;
    if (!w->to_stdout)
        w->maps = maps_begin(opening, by, c);
    if (w->table)
        table_write(w->table, w->label, sizeof head / sizeof *head, head);
}

static void write_line(struct score_writer *w, const struct note *record, float score)
{
    static const char *const keys[] = {"name", "label", "defect"};
    char text[32];
    const char *cell[5];
    for (size_t i = 0; i < 3; i++) {
        const char *value = note_get(record, keys[i]);
        cell[i] = value ? value : "";
    }
    snprintf(text, sizeof text, "%.9g", (double)score);
    cell[3] = text;
    cell[4] = score >= w->calibration.threshold ? "defect" : "ok";
    table_write(w->table, w->label, 5, cell);
    if (!w->product && fflush(w->table))
        die("%s:", w->label);
}

void score_write(struct score_writer *w, const struct note *record, double score, const float *map,
                 struct map_size size)
{
    if (w->table)
        write_line(w, record, (float)score);
    if (!w->maps)
        return;
    struct npys_record out = {.n = map ? 1 : 0};
    note_copy(&out.note, record);
    note_setf(&out.note, "score", "%.9g", (double)(float)score);
    out.array[0] = (struct tensor){
        .type = DT_F32, .rank = 2, .dim = {size.height, size.width}, .data = (void *)(uintptr_t)map};
    npys_write(w->maps, &out, map ? "map" : "");
    note_clear(&out.note);
}

void score_writer_end(struct score_writer *w)
{
    if (w->maps)
        npys_writer_end(w->maps);
    if (w->product)
        product_commit(w->product);
    free(w);
}
