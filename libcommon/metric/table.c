#include "metric/table.h"
#include "stream/table.h"
#include <math.h>
#include <stdlib.h>

enum { NUMBER = 32 };

static const char *figure(char out[NUMBER], double x, size_t digits)
{
    snprintf(out, NUMBER, isnan(x) ? "-" : "%.*f", (int)digits, x);
    return out;
}

static const char *threshold_text(char out[NUMBER], double x)
{
    snprintf(out, NUMBER, isnan(x) ? "-" : "%.9g", x); /* enough for what was a float */
    if (!isnan(x) && strtod(out, NULL) != x)
        snprintf(out, NUMBER, "%.17g", x);
    return out;
}

void metric_table(FILE *f, const char *label, const struct evaluation_row *row, size_t n, size_t digits)
{
    static const char *const head[] = {"defect",      "images",      "image_auroc",
                                       "image_ap",    "image_f1max", "image_threshold",
                                       "pixel_auroc", "pixel_f1max", "aupro"};
    enum { COLUMNS = sizeof head / sizeof *head };
    char text[COLUMNS][NUMBER];
    table_write(f, label, COLUMNS, head);
    for (; n--; row++) {
        const struct ranking *image = &row->image, *pixel = &row->pixel.ranking;
        snprintf(text[1], NUMBER, "%zu", row->images);
        const char *const cells[COLUMNS] = {row->defect,
                                            text[1],
                                            figure(text[2], ranking_auroc(image), digits),
                                            figure(text[3], ranking_ap(image), digits),
                                            figure(text[4], ranking_f1max(image), digits),
                                            threshold_text(text[5], ranking_f1max_threshold(image)),
                                            figure(text[6], ranking_auroc(pixel), digits),
                                            figure(text[7], ranking_f1max(pixel), digits),
                                            figure(text[8], row->pixel.aupro, digits)};
        table_write(f, label, COLUMNS, cells);
    }
}

enum axis { TPR, PRO };

static void write_curve(FILE *f, const char *label, const char *name, const char *defect,
                        const struct curve *c, enum axis axis)
{
    char text[3][NUMBER];
    if (c->n < 2)
        return; /* the starting point alone: undefined */
    for (size_t i = 0; i < c->n; i++) {
        const struct curve_point *p = &c->point[i];
        const char *const cells[] = {name, defect, threshold_text(text[0], p->threshold), text[1], text[2]};
        snprintf(text[1], NUMBER, "%.9g", p->fpr);
        snprintf(text[2], NUMBER, "%.9g", axis == PRO ? p->pro : p->tpr);
        table_write(f, label, 5, cells);
    }
}

void metric_table_curves(FILE *f, const char *label, const struct evaluation_row *row, size_t n)
{
    table_write(f, label, 5, (const char *const[]){"curve", "defect", "threshold", "fpr", "rate"});
    for (; n--; row++) {
        write_curve(f, label, "image_roc", row->defect, &row->image_curve, TPR);
        write_curve(f, label, "pixel_roc", row->defect, &row->pixel_curve, TPR);
        write_curve(f, label, "pro", row->defect, &row->pixel_curve, PRO);
    }
}
