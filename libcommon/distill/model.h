/* What the parts of the detector share: detector.c has its settings, fit.c trains, model.c saves, reads and scores. */
#ifndef DISTILL_MODEL_H
#define DISTILL_MODEL_H
#include "distill/imitation.h"
#include "distill/lesson.h"
#include "method/fitting.h"

struct distill_options {
    struct fitting_options fit;
    const char *weights; /* STFPM: of the teacher */
    size_t embedding;    /* planes */
    bool pyramid;        /* the method is STFPM */
    const char *arch;    /* of the teacher, or NULL: as the features say */
    size_t width;        /* DISTILL_AUTO: as the authors have it */
    enum lesson_loss loss;
    unsigned optimiser;  /* enum optimiser_kind: SGD or Adam */
    bool zero_residuals; /* the student's blocks begin as their shortcuts */
    double beta2, decay;
    struct imitation_rules rules;
    enum distill_meet {
        DISTILL_TAP,
        DISTILL_MAP
    } meet; /* where the layers' maps meet: on the finest tap's grid, on the map's */
    struct map_options map;
    unsigned precision; /* of precision_choice (nn/precision_option.h) */
};
#define DISTILL_AUTO SIZE_MAX

struct distill_model {
    struct distill_options o;
    struct student student;
    struct taps shapes;         /* of the records */
    struct safetensors weights; /* after a fit: what the student has learnt */
    struct imitation imitation;
    struct fitting *fitting; /* after a fit */
};

/* A student for these options, whose arch is known, and these taps; false with a reason. */
bool distill_student(struct student *s, const struct distill_options *o, const struct taps *shapes,
                     struct err *e);
enum dtype distill_precision(const struct distill_options *o);
/* The smallest of the maps that it might meet on: the finest tap's. */
struct map_size distill_tap_grid(const struct student *s, const struct taps *shapes);

/* The detector's: fit.c. */
bool distill_network(const void *options, struct image_network *network);
void distill_open(void *options, const char *output);
void *distill_begin(void *options, const struct taps *first);
void distill_take(void *fit, const struct taps *image);
void *distill_end(void *fit, const struct detector_end *with);
/* model.c */
void distill_save(void *model, struct safetensors *file);
void distill_describe(const void *model, char text[100]);
void *distill_load(const struct safetensors *file, const char *path, const void *options);
bool distill_accepts(void *model, const struct taps *image, struct err *e);
struct map_size distill_grid(const void *model, struct map_size size);
struct map_rules distill_rules(const void *model);
double distill_score(void *model, const struct taps *image, float *distance, struct map_size grid);
void distill_free(void *model);
#endif
