/* How a student learns: batches of images' taps, the loss, the optimiser's move.
 *
 *     lesson_begin(&l, &student, &weights, "random", shapes, n, &o);
 *     for each step:
 *         for i < n: lesson_image(&l, i, taps)
 *         loss = lesson_step(&l, step, rate)
 *     lesson_export(&l, &st);
 *     lesson_end(&l);
 *
 * Batch norms take the batch's statistics and keep running ones. The same bits for any number of threads. */
#ifndef DISTILL_LESSON_H
#define DISTILL_LESSON_H
#include "distill/student.h"
#include "train/learner.h"

/* Sums over the three layers. */
enum lesson_loss {
    LESSON_IMAGES, /* mean over the images of 1 - cos of the whole maps as vectors: Reverse Distillation */
    LESSON_MEAN,   /* mean over images and positions of the squared distance of unit vectors: STFPM */
    LESSON_SUM     /* half the sum over images, mean over positions of the same: Anomalib's STFPM */
};

struct lesson_options {
    enum lesson_loss loss;
    struct optimiser_options optimiser;
    double decay;
    enum dtype precision;
};

struct lesson {
    const struct student *student;
    struct lesson_options o;
    size_t n; /* images of a batch */
    struct learner learner;
    /* the taps to be imitated; inputs of the trainer where the student sees them */
    struct view target[STUDENT_TAPS];
    void *memory[STUDENT_TAPS]; /* where it doesn't */
};

/* weights: the student's first ones; file names them in messages. shapes: of the taps. The student must last. */
void lesson_begin(struct lesson *l, const struct student *s, const struct safetensors *weights,
                  const char *file, const struct taps *shapes, size_t n, const struct lesson_options *o);
/* Image i of the batch. */
void lesson_image(struct lesson *l, size_t i, const struct taps *image);
/* The loss over the batch; its gradients. */
double lesson_gradients(struct lesson *l);
/* The same, and the optimiser's move, unless the loss is not finite. step: 0 for the first. */
double lesson_step(struct lesson *l, uint64_t step, double rate);
/* What the student, as it is in use, makes of the first n images: views of the outputs, valid until the next step. */
void lesson_look(struct lesson *l, size_t n, struct view made[STUDENT_TAPS]);
void lesson_export(const struct lesson *l, struct safetensors *st);
void lesson_end(struct lesson *l);
#endif
