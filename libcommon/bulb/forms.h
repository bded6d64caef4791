/* Which forms a set shows. */
#ifndef BULB_FORMS_H
#define BULB_FORMS_H
#include "bulb/form.h"
#include <stdbool.h>
#include <stdio.h>

/* What a candidate is judged by: SCAN_VIEWS views of SCAN_SIDE x SCAN_SIDE that are the same for every seed. */
enum { BULB_SCAN_SIDE = 32, BULB_SCAN_VIEWS = 4 };
double bulb_form_coverage(struct bulb_form form);

/* The first n forms, in an order shuffled by the seed, of the published rules with the powers lo..hi, whose mean coverage is in
 * [least, most]; on all threads, and the same for any number of them. free() them. Dies when there are fewer. Where every coverage
 * will do (0 to 1), nothing is rendered. */
struct bulb_form *bulb_forms_find(size_t n, uint64_t seed, size_t lo, size_t hi, double least, double most);

/* A table with the columns power and rule. Dies with "PATH: line N: reason". */
struct bulb_form *bulb_forms_read(const char *path, size_t *n);
/* Columns system, power, rule, coverage. */
void bulb_forms_write(FILE *f, const struct bulb_form *form, size_t n);
#endif
