/* What the parts of the frame share: detector.c reads the command line, detector_fit.c and detector_score.c do the work. */
#ifndef METHOD_DETECTOR_PARTS_H
#define METHOD_DETECTOR_PARTS_H
#include "method/detector.h"
#include "method/model.h"

/* A command line. */
struct detector_run {
    const struct detector *d;
    const char *output, *model, *table;
    const char *add, *label; /* --add and what these images are called, or NULL */
    bool merge;
    const char *normal; /* with it: features that set its threshold, or NULL */
    const char *method; /* one of d->methods, or NULL */
    const char *who;    /* one of d->people, or NULL */
    double quantile;    /* NAN: not given */
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
void detector_merge(struct detector_run *run);
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
/* The score; the map in s->map. size {0}: there is none, and s->map NULL. Not finite where the score or a value of the map
 * isn't. */
double scorer_score(struct scorer *s, const struct taps *image, struct map_size size);
void scorer_free(struct scorer *s);

/* The key under which a model keeps a setting: its name, or own_NAME where features have a key of that name (stream/identity.h). */
struct detector_key {
    char text[64];
};
struct detector_key detector_key(const struct setting *s);
/* The settings with one of the bits of `use`, from a model's metadata into the options unless the command line gave them; dies
 * with path. */
void detector_recall(struct detector_run *run, const struct note *meta, const char *path, unsigned use);
/* The fit's map=WxH, where --size set it, into *size; false where it did not. */
bool detector_recall_size(struct map_size *size, const struct note *meta);

/* Whether its maps have a threshold: of a method that gives some for feature maps and none for vectors. */
bool detector_has_maps(const struct detector *d, const struct note *meta);
/* Tensors, settings that are kept, and numbers of the model, into its file; the model stays. */
void detector_keep(struct detector_run *run, void *model, struct safetensors *file, size_t images);

/* What --add goes on from. */
struct detector_old {
    const char *path;
    struct safetensors file;
    size_t images;
    struct calibration calibration;
    char *where; /* for messages: "m.st was fitted on" */
    void *model; /* scores the new images, */
    struct scorer scorer;
    struct normals *unseen; /* so */
    size_t defects;         /* that so many reach its threshold */
};
/* Opens the model, with the settings that it keeps into run: its own command line may give none. */
struct detector_old detector_old_open(struct detector_run *run);
/* What the old model says of a new image. size: of its map. */
void detector_old_score(struct detector_old *old, const struct taps *image, struct map_size size);
/* added= of the model that `images` more make, and its by=, behind the old one's. old: NULL, a first fit. */
void detector_old_note(struct note *meta, const struct detector_old *old, size_t images, const char *label);
void detector_old_close(struct detector_old *old, const struct detector *d);
#endif
