#include "train/journal.h"
#include "base/err.h"
#include "stream/table.h"
#include <stdlib.h>
#include <unistd.h>

static const char *const head[] = {"step", "samples",           "loss",   "accuracy",
                                   "rate", "images_per_second", "seconds"};
enum { COLUMNS = sizeof head / sizeof *head };

static void open_file(struct journal *j, uint64_t step)
{
    struct table old = {0};
    if (step && access(j->path, F_OK) == 0)
        table_read(&old, j->path);
    j->f = fopen(j->path, "we");
    if (!j->f)
        die("%s:", j->path);
    table_write(j->f, j->path, COLUMNS, head);
    for (size_t r = 0; r < old.rows && old.columns == COLUMNS; r++)
        if (strtoull(old.cell[r][0], NULL, 10) <= step)
            table_write(j->f, j->path, COLUMNS, (const char *const *)old.cell[r]);
    table_free(&old);
}

void journal_open(struct journal *j, const char *path, size_t every, uint64_t step, uint64_t steps,
                  double seconds_before)
{
    *j = (struct journal){.path = path, .every = every, .before = seconds_before};
    j->start = j->row_start = progress_clock();
    j->progress = progress_start("steps", (size_t)(steps - step));
    if (path)
        open_file(j, step);
}

static void write_row(struct journal *j, uint64_t step, uint64_t samples, double rate, double now)
{
    char text[COLUMNS][40];
    const char *cell[COLUMNS];
    snprintf(text[0], sizeof *text, "%llu", (unsigned long long)step);
    snprintf(text[1], sizeof *text, "%llu", (unsigned long long)samples);
    snprintf(text[2], sizeof *text, "%.6g", j->loss / j->images);
    snprintf(text[3], sizeof *text, "%.4f", j->correct / j->images);
    snprintf(text[4], sizeof *text, "%.6g", rate);
    snprintf(text[5], sizeof *text, "%.2f", j->images / (now - j->row_start));
    snprintf(text[6], sizeof *text, "%.1f", journal_seconds(j));
    for (size_t i = 0; i < COLUMNS; i++)
        cell[i] = text[i];
    table_write(j->f, j->path, COLUMNS, cell);
    if (fflush(j->f))
        die("%s:", j->path);
}

void journal_step(struct journal *j, uint64_t step, uint64_t samples, double loss, size_t correct,
                  size_t images, double rate)
{
    const double now = progress_clock();
    j->loss += loss * (double)images;
    j->correct += (double)correct;
    j->images += (double)images;
    snprintf(j->progress.extra, sizeof j->progress.extra, "loss %.4f, accuracy %.3f, %.1f images/s",
             j->loss / j->images, j->correct / j->images, j->images / (now - j->row_start));
    progress_add(&j->progress, 1);
    if (step % j->every)
        return;
    if (j->f)
        write_row(j, step, samples, rate, now);
    j->loss = j->correct = j->images = 0;
    j->row_start = now;
}

double journal_seconds(const struct journal *j)
{
    return j->before + progress_clock() - j->start;
}

void journal_close(struct journal *j)
{
    progress_end(&j->progress);
    if (j->f && fclose(j->f))
        die("%s:", j->path);
}
