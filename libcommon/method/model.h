/* The metadata that every fitted model has: method=, by=, images=, threshold=, scores=
 * (method/normal_scores.h; older ones lack it), where it gives maps pixel_threshold= and scale=, and
 * the identity keys of the features that it was fitted on (stream/identity.h), which later features must agree with. */
#ifndef METHOD_MODEL_H
#define METHOD_MODEL_H
#include "method/calibration.h"
#include "stream/npys.h"

/* Writes method=, by= and the calibration. by: this program's entry, joined to those of the features (their opening note) as the
 * pipe that they were. */
void model_describe(struct note *meta, const char *method, const struct note *opening, const char *by,
                    const struct calibration *c);
/* Reads the calibration back; dies with path when the model is of another method or lacks a part. maps: the method gives some. */
struct calibration model_calibration(const struct note *meta, const char *path, const char *method,
                                     bool maps);
/* What normal images scored; {0} where the model, or the opening note of a map stream, does not say. Dies with path on what is
 * no such text. */
struct normal_scores model_scores(const struct note *meta, const char *path);
/* A number of the metadata; dies with path when it is missing or not finite. */
double model_number(const struct note *meta, const char *path, const char *key);
/* The same, which must be in low..high. */
double model_number_within(const struct note *meta, const char *path, const char *key, double low,
                           double high);

/* What `known` says of features, held against what a stream (its opening note) and its record say. */
struct identity {
    struct note known; /* keys of stream/identity.h */
    const char *where; /* who knows them: "m.safetensors was fitted on", "those before have" */
    bool force;        /* a difference is a warning, once a key */
    struct note told;  /* the keys warned of */
};
/* Dies where they differ, with the options that make the right ones; takes over what is not known yet. */
void identity_check(struct identity *id, const struct npys_reader *r, const struct note *opening,
                    const struct note *record);
void identity_free(struct identity *id);
#endif
