/* What every scoring program shares: the threshold and colour scale found on normal images, their place in a
 * fitted model, and the map stream and the score table that leave.
 *
 * A record of the map stream: the note of the image's features with score= (%.9g), and one array, map, f32 H
 * x W at the size of the network's input. Its opening note: stream=maps, weights= and by= of the features,
 * and of the model threshold=, pixel_threshold= and scale=LO,HI. Scores are f32 and so survive as text; a
 * verdict is `defect` where score >= threshold. */
#ifndef METHOD_SCORING_H
#define METHOD_SCORING_H
#include "stream/npys.h"
#include "stream/safetensors.h"
#include <stddef.h>

struct calibration {
    float threshold;       /* for image scores */
    float pixel_threshold; /* for maps */
    float low, high;       /* of the colour scale: pixel_threshold is its middle */
};

/* The scores of normal images, as the model would score them had it not seen them. */
struct normals;
struct normals *normals_new(void);
/* map: n values, the same n for all images. Dies when a value is not finite. */
void normals_add(struct normals *s, double score, const float *map, size_t n);
/* threshold: the quantile (linear between order statistics) of the scores; pixel_threshold: the same quantile
 * of the maps' maxima, so that a normal image has a pixel above it as rarely as its score is above the
 * threshold; low: the mean of all map values. At least one image must have been added. Frees s. */
struct calibration normals_calibrate(struct normals *s, double quantile);
#define NORMALS_QUANTILE 0.995

/* The size of a map: that of the network's input. */
struct map_size {
    size_t width, height; /* 0: as the records say */
};
/* --size: WxH, or one number for both; misuse() otherwise. */
struct map_size map_size_option(const char *option, const char *text);
/* `asked` where given, else the record's input=; dies where there is none. */
struct map_size map_size_of(struct map_size asked, const struct npys_reader *r,
                            const struct npys_record *rec);

/* Dies unless the stream is one of features (or a foreign one without notes). Its opening note. */
const struct note *features_opening(struct npys_reader *r);

/* Writes method=, weights=, precision= and layers= of the features (layers from arrays= of `first`), by=,
 * threshold=, pixel_threshold= and scale= into a model's metadata. by: this program's entry, added to those
 * of the features. */
void model_describe(struct note *meta, const char *method, const struct note *opening,
                    const struct note *first, const char *by, const struct calibration *c);
/* Reads them back; dies with path when the model is of another method or lacks one. */
struct calibration model_calibration(const struct note *meta, const char *path, const char *method);
/* A number of a model's metadata; dies with path when it is missing or not finite. */
double model_number(const struct note *meta, const char *path, const char *key);
/* Dies when the record read last, or its stream's opening note, says that its features were made with other
 * weights (the hash counts, not the name), in another precision, or are other layers than the model's.
 * Silence agrees with anything. */
void model_match(const struct note *meta, const char *path, const struct npys_reader *r,
                 const struct note *opening, const struct note *record);

/* Where scores go. */
struct score_writer;
/* table: the path of a TSV with the columns name, label, defect, score, verdict, or NULL. It appears whole,
 * at score_writer_end; "-" writes it to stdout, a line as soon as it is known, instead of the map stream.
 * Takes stdout. */
struct score_writer *score_writer_new(const struct note *opening, const char *by, const struct calibration *c,
                                      const char *table);
/* record: the note of the features. map: size.height x size.width, not kept. */
void score_write(struct score_writer *w, const struct note *record, double score, const float *map,
                 struct map_size size);
void score_writer_end(struct score_writer *w);
#endif
