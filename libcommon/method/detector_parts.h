/* What the parts of the frame share: detector.c reads the command line, detector_fit.c and detector_score.c do the work. */
#ifndef METHOD_DETECTOR_PARTS_H
#define METHOD_DETECTOR_PARTS_H
#include "method/detector.h"
#include "method/model.h"

/* A command line. */
struct detector_run {
    const struct detector *d;
    const char *output, *model, *table;
    const char *method; /* one of d->methods, or NULL */
    const char *who;    /* one of d->people, or NULL */
    double quantile;
    struct map_size size;
    size_t mem;
    bool force;
    void *options;            /* d's */
    struct settings settings; /* d's table, with what was given */
    char **features;
    size_t features_n;
};

/* The defaults into run->options: the detector's own, the method's. */
void detector_defaults(const struct detector_run *run);
void detector_fit(struct detector_run *run);
void detector_score(struct detector_run *run);

/* Scores images with one model: its distances, the map, the score. Buffers grow with the map. */
struct scorer {
    const struct detector *d;
    void *model;
    struct map_rules rules;
    size_t distances, pixels; /* room in: */
    float *distance, *map;
};
struct scorer scorer_of(const struct detector *d, void *model);
/* The score; the map in s->map. size {0}: there is none, and s->map NULL. Not finite where the score or a value of the map isn't. */
double scorer_score(struct scorer *s, const struct taps *image, struct map_size size);
void scorer_free(struct scorer *s);

/* Threshold and scale by the images that the model has not seen, or as if. size {0}: there are no maps. */
struct calibration detector_calibrate(const struct detector *d, void *model, struct tap_store *held,
                                      struct map_size size, double quantile);
#endif
