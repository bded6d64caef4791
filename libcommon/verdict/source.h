/* Where frames' scores come from, one after the other: a table with the columns name, label, defect, score and verdict, of
 * which score alone must be there, or a stream of maps. Which it is its first byte tells. Each frame is handed over as soon as
 * its line, or record, is whole. A line that is the header again, as where programs were started anew or tables joined, is
 * passed over. */
#ifndef VERDICT_SOURCE_H
#define VERDICT_SOURCE_H
#include "method/normal_scores.h"
#include <stdbool.h>
#include <stddef.h>

struct score_frame {
    const char *name, *label, *defect; /* "" where nothing is known */
    const char *score;                 /* its text */
    double value;                      /* finite */
    const char *verdict;               /* NULL: none; else "ok" or "defect" */
};                                     /* the source's, until the next */

/* What an opening note says. */
struct score_known {
    double threshold; /* NAN: nothing */
    struct normal_scores normals;
};

struct score_source;
/* file: NULL or "-" is stdin. Waits for the first line, or the opening note. */
struct score_source *score_source_open(const char *file);
/* A table says nothing. */
struct score_known score_source_known(const struct score_source *s);
/* Whether frames bring a verdict. */
bool score_source_judges(const struct score_source *s);
/* False at the proper end; dies on a cut, on ragged lines, on a score that is no number. */
bool score_source_next(struct score_source *s, struct score_frame *frame);
void score_source_close(struct score_source *s);
#endif
