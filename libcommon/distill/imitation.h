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

/* Where maps are made. */
struct imitation_maps {
    float *distance[STUDENT_TAPS]; /* on each tap's own grid */
    float *wide[STUDENT_TAPS];     /* an image that came in bf16, in f32 */
    float *enlarged;               /* on the common grid; grows with it */
    size_t room;
};

struct imitation {
    const struct student *student;
    struct infer *infer;
    struct imitation_maps maps;
};

/* want, made: a layer's taps, as the teacher (in f32, without halo) and the student have them. Fills out (grid.height x grid.width) by image n
 * alone; the same bits for any number of threads. A struct begun as {0} is ready. */
void imitation_compare(struct imitation_maps *m, const struct view want[STUDENT_TAPS],
                       const struct view made[STUDENT_TAPS], size_t n, float *out, struct map_size grid,
                       const struct imitation_rules *r);
void imitation_maps_free(struct imitation_maps *m);

/* weights: as learnt; file names them in messages; they may go afterwards. shapes: of the taps. The student must last. */
void imitation_begin(struct imitation *m, const struct student *s, const struct safetensors *weights,
                     const char *file, const struct taps *shapes, enum dtype precision);
/* The image's map, as above. */
void imitation_map(struct imitation *m, const struct taps *image, float *out, struct map_size grid,
                   const struct imitation_rules *r);
void imitation_end(struct imitation *m);

/* 1 - cos of n numbers; a vector of zeros is at a distance of 1 from everything but another, from which it is at 0. */
double imitation_distance(const float *a, const float *b, size_t n);
#endif
