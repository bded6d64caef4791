/* Where scores go: a stream of maps, and a table.
 *
 * A record of the map stream: the note of the image's features with score= (%.9g), and one array, map, f32 H x W at the size
 * of the network's input. Its opening note: stream=maps, the identity keys and by= of the features, and of the model
 * threshold=, scores= (method/normal_scores.h), pixel_threshold= and scale=LO,HI. A method without maps writes records without
 * arrays (arrays= is empty), and no pixel_threshold= or scale=. Scores are f32 and so survive as text; a verdict is `defect`
 * where score >= threshold. */
#ifndef METHOD_SCORES_H
#define METHOD_SCORES_H
#include "method/anomaly_map.h"
#include "method/calibration.h"
#include "stream/npys.h"

struct score_writer;
/* table: the path of a TSV with the columns name, label, defect, score, verdict, or NULL. It is opened now, and appears whole at
 * score_writer_end; "-" writes it to stdout, a line as soon as it is known, instead of the map stream. Takes stdout. */
struct score_writer *score_writer_new(const char *table);
/* What stands before the scores, when the features' first stream (its opening note) is known. by: this program's entry. */
void score_writer_begin(struct score_writer *w, const struct note *opening, const char *by,
                        const struct calibration *c);
/* record: the note of the features. map: size.height x size.width, not kept; NULL where the method gives none. */
void score_write(struct score_writer *w, const struct note *record, double score, const float *map,
                 struct map_size size);
void score_writer_end(struct score_writer *w);
#endif
