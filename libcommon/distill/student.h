/* A student: a network that learns to imitate three taps of a frozen teacher on normal images. Where it fails to, the image is not
 * normal. What the methods of this room differ in is the network, and what it sees:
 *
 *     Reverse Distillation    sees the taps themselves, through a bottleneck (reverse.h)
 *     STFPM                   sees the image; is a network of the teacher's own kind (Wang et al., BMVC 2021)
 *
 * Learning is lesson.h's, scoring imitation.h's. */
#ifndef DISTILL_STUDENT_H
#define DISTILL_STUDENT_H
#include "base/err.h"
#include "distill/reverse.h"
#include "method/taps.h"

enum { STUDENT_TAPS = 3 };

struct student {
    struct graph graph;
    size_t input[STUDENT_TAPS], inputs; /* arrays of a record that the graph's inputs are */
    size_t wanted[STUDENT_TAPS];        /* those that are imitated; layer1, layer2, layer3 */
    size_t output[STUDENT_TAPS];        /* and the nodes that do */
    size_t arrays;                      /* of a record */
};                                      /* owns its graph */

/* The networks; records are layer1, layer2, layer3, and for STFPM the image as it goes into the teacher, height x width x 3, before
 * them. */
void student_reverse(struct student *s, const struct reverse_form *f);
void student_pyramid(struct student *s, const char *arch);
void student_free(struct student *s);

/* Whether it can imitate taps of these shapes; false with a reason. */
bool student_fits(const struct student *s, const struct taps *t, struct err *e);
/* Height and width of each of its inputs. */
void student_sides(const struct student *s, const struct taps *t, size_t side[STUDENT_TAPS][2]);
#endif
