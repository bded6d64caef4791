/* How well a student that has learnt imitates its teacher on an image, position by position: the distance between the two vectors of
 * each tap, 1 - cos, which is half the squared distance of the vectors made to length 1. The taps' maps, enlarged to one grid, are
 * summed (Reverse Distillation) or multiplied (STFPM). */
#ifndef DISTILL_IMITATION_H
#define DISTILL_IMITATION_H
#include "distill/student.h"
#include "method/anomaly_map.h"
#include "nn/infer.h"

struct imitation_rules {
    enum imitation_combine { IMITATION_SUM, IMITATION_PRODUCT } combine;
    enum map_rule upsample; /* of the taps' maps, to the grid where they meet */
};

struct imitation {
    const struct student *student;
    struct infer *infer;
    float *made[STUDENT_TAPS];     /* as the student has the taps */
    float *distance[STUDENT_TAPS]; /* on each tap's own grid */
    float *enlarged;               /* on the common one; grows with it */
    size_t room;
};

/* weights: as learnt; file names them in messages; they may go afterwards. shapes: of the taps. The student must last. */
void imitation_begin(struct imitation *m, const struct student *s, const struct safetensors *weights,
                     const char *file, const struct taps *shapes, enum dtype precision);
/* Fills out (grid.height x grid.width). By the image alone; the same bits for any number of threads. */
void imitation_map(struct imitation *m, const struct taps *image, float *out, struct map_size grid,
                   const struct imitation_rules *r);
void imitation_end(struct imitation *m);

/* 1 - cos of n numbers; a vector of zeros is at a distance of 1 from everything but another, from which it is at 0. */
double imitation_distance(const float *a, const float *b, size_t n);
#endif
