/* Mandelbulb variations (Chiche et al., "Pre-training Vision Models with Mandelbulb Variations", CVPR 2024).
 *
 * With z = (x, y, z), r = |z|, theta = acos(z / r), phi = atan2(y, x) and the point c of space, a form iterates
 *
 *     z <- r^N (Tx, Ty, Tz) + c        from z = c, as long as r <= 4
 *
 * where each T is + or - cos or sin of N phi or N theta. N is the power; which T, say the nine bits of the rule: for x, y, z from
 * the most significant on three bits each, sine instead of cosine, theta instead of phi, minus instead of plus.
 *
 * No trigonometry is computed: r^N cos N theta + i r^N sin N theta = (z + i rho)^N with rho = |(x, y)|, and
 * r^N cos N phi + i r^N sin N phi = (r (x + i y) / rho)^N: De Moivre. */
#ifndef BULB_FORM_H
#define BULB_FORM_H
#include <stddef.h>
#include <stdint.h>

enum { BULB_POWER_MAX = 18, BULB_RULES = 61, BULB_RULE_MAX = 511 };

struct bulb_form {
    unsigned power; /* 2..BULB_POWER_MAX */
    unsigned rule;  /* 0..BULB_RULE_MAX */
};

/* The published rules of MandelbulbVAR-1k, in its order; with powers 2 to 18 these are its 1,037 classes. */
extern const uint16_t bulb_rules[BULB_RULES];

/* What is computed at a point: T's by name, and their signs. */
enum bulb_wave { BULB_COS_PHI, BULB_SIN_PHI, BULB_COS_THETA, BULB_SIN_THETA, BULB_WAVES };
struct bulb_map {
    unsigned power;
    unsigned char wave[3]; /* enum bulb_wave of x, y, z */
    float sign[3];
};
struct bulb_map bulb_map_of(struct bulb_form form);

/* The fixed numbers: after 30 iterations nothing more is seen (published: 100). */
enum { BULB_ITERATIONS = 30 };
#define BULB_ESCAPE 4.0f
#endif
