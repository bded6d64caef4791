#include "train/journal.h"
#include "base/err.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEASURE = 3, PART, RATE = PART + LOOP_PARTS, SPEED, SECONDS, COLUMNS };

static bool is_part(const struct journal *j, size_t i)
{
    return j->o.part && j->o.part[i];
}

/* Without a measure or parts the columns behind them move up. */
static bool has_column(const struct journal *j, size_t i)
{
    return i == MEASURE ? j->o.measure != NULL : i < PART || i >= RATE || is_part(j, i - PART);
}

static size_t columns(const struct journal *j)
{
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        n += has_column(j, i);
    return n;
}

/* A row, or the head, as it is written. */
static void write_cells(const struct journal *j, const char *const cell[COLUMNS])
{
    const char *out[COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (has_column(j, i))
            out[n++] = cell[i];
    table_write(j->f, j->o.path, n, out);
    if (fflush(j->f))
        die("%s:", j->o.path);
}

static void keep_rows(struct journal *j, const struct table *old)
{
    for (size_t r = 0; r < old->rows && old->columns == columns(j); r++)
        if (strtoull(old->cell[r][0], NULL, 10) <= j->o.step)
            table_write(j->f, j->o.path, old->columns, (const char *const *)old->cell[r]);
}

static void open_file(struct journal *j)
{
    const char *head[COLUMNS] = {
        "step", "samples", "loss", j->o.measure, [RATE] = "rate", "images_per_second", "seconds"};
    struct table old = {0};
    for (size_t i = 0; i < LOOP_PARTS; i++)
        head[PART + i] = is_part(j, i) ? j->o.part[i] : NULL;
    if (j->o.step && access(j->o.path, F_OK) == 0)
        table_read(&old, j->o.path);
    j->f = fopen(j->o.path, "we");
    if (!j->f)
        die("%s:", j->o.path);
    write_cells(j, head);
    keep_rows(j, &old);
    table_free(&old);
}

void journal_open(struct journal *j, const struct journal_options *o)
{
    *j = (struct journal){.o = *o, .step = o->step};
    j->start = j->row_start = progress_clock();
    j->progress = progress_start("steps", (size_t)(o->steps - o->step));
    if (o->path)
        open_file(j);
}

static void write_row(const struct journal *j, double now)
{
    char text[COLUMNS][40];
    const char *cell[COLUMNS];
    snprintf(text[0], sizeof *text, "%llu", (unsigned long long)j->step);
    snprintf(text[1], sizeof *text, "%llu", (unsigned long long)j->samples);
    snprintf(text[2], sizeof *text, "%.6g", j->loss / j->images);
    snprintf(text[MEASURE], sizeof *text, "%.6g", j->measure / j->images);
    for (size_t i = 0; i < LOOP_PARTS; i++)
        snprintf(text[PART + i], sizeof *text, "%.6g", j->count[i] > 0 ? j->part[i] / j->count[i] : 0);
    snprintf(text[RATE], sizeof *text, "%.6g", j->rate);
    snprintf(text[SPEED], sizeof *text, "%.2f", j->images / (now - j->row_start));
    snprintf(text[SECONDS], sizeof *text, "%.1f", journal_seconds(j));
    for (size_t i = 0; i < COLUMNS; i++)
        cell[i] = text[i];
    write_cells(j, cell);
}

static void end_row(struct journal *j, double now)
{
    if (j->f && j->images > 0)
        write_row(j, now);
    j->loss = j->measure = j->images = 0;
    memset(j->part, 0, sizeof j->part);
    memset(j->count, 0, sizeof j->count);
    j->row_start = now;
}

static void show(struct journal *j, double now)
{
    char measure[40] = "";
    if (j->o.measure)
        snprintf(measure, sizeof measure, ", %s %.4g", j->o.measure, j->measure / j->images);
    snprintf(j->progress.extra, sizeof j->progress.extra, "loss %.4g%s, %.1f images/s", j->loss / j->images,
             measure, j->images / (now - j->row_start));
    progress_add(&j->progress, 1);
}

void journal_step(struct journal *j, uint64_t step, const struct loop_report *r)
{
    const double now = progress_clock();
    j->step = step;
    j->samples = r->samples;
    j->loss += r->loss * (double)r->images;
    j->measure += r->measure;
    for (size_t i = 0; i < LOOP_PARTS; i++) {
        j->part[i] += r->part[i].sum;
        j->count[i] += r->part[i].count;
    }
    j->images += (double)r->images;
    j->rate = r->rate;
    show(j, now);
    if (step % j->o.every == 0)
        end_row(j, now);
}

double journal_seconds(const struct journal *j)
{
    return j->o.seconds + progress_clock() - j->start;
}

void journal_close(struct journal *j)
{
    end_row(j, progress_clock());
    progress_end(&j->progress);
    if (j->f && fclose(j->f))
        die("%s:", j->o.path);
}
