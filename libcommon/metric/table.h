/* The tables that auroc writes. Both die with "LABEL:" and the reason when writing fails. */
#ifndef METRIC_TABLE_H
#define METRIC_TABLE_H
#include "metric/evaluation.h"
#include <stdio.h>

/* defect images image_auroc image_ap image_f1max image_threshold pixel_auroc pixel_f1max aupro: figures with
 * `digits` decimals, the threshold as short as reads back the same, "-" for what is undefined. */
void metric_table(FILE *f, const char *label, const struct evaluation_row *row, size_t n, size_t digits);

/* curve defect threshold fpr rate: of each row the curves image_roc, pixel_roc and pro, those that are
 * defined. rate is the true positive rate or, of pro, the mean overlap. */
void metric_table_curves(FILE *f, const char *label, const struct evaluation_row *row, size_t n);
#endif
