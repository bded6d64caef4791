/* The end of an invertible block of a normalising flow, as FrEIA's AllInOneBlock has it (Ardizzone et al.; Dinh, Sohl-Dickstein
 * and Bengio, "Density estimation using Real NVP", ICLR 2017; the soft clamp: Kingma and Dhariwal, "Glow", NeurIPS 2018).
 * The channels of x are two halves, the first the larger; a subnet saw the first half and gave a, whose halves are as wide
 * as x's second. With s = clamp tanh(0.1 a_first) and t = 0.1 a_second, channel by channel:
 *
 *   v = (x_first, x_second exp(s) + t)         affine coupling
 *   u = v g + o,  g = 0.2 ln(1 + exp(gamma/2)) global affine: g is a softplus, positive
 *   y_i = u_permutation[i]                     a fixed order of the channels
 *
 * The logarithm of the determinant of dy/dx, of each image: the sum of all s, and H W sum ln g. */
#ifndef NN_COUPLING_H
#define NN_COUPLING_H
#include "nn/view.h"

struct coupling {
    size_t channels;
    float clamp;
    const float *gamma, *offset, *permutation; /* `channels` each; a permutation's are whole numbers */
    /* NULL, or coupling_kept floats that forward fills and backward then reads in place of computing them again. */
    float *kept;
};
size_t coupling_kept(const struct view *x);

/* Channels of the first and second half. */
static inline size_t coupling_second(size_t channels)
{
    return channels / 2;
}

/* y, x: N x H x W x C; a: N x H x W x 2 (C / 2). log_determinant: N numbers, += ; NULL: not wanted. scratch:
 * coupling_scratch bytes. */
size_t coupling_scratch(const struct view *x);
void coupling_forward(const struct view *y, const struct view *x, const struct view *a,
                      double *log_determinant, const struct coupling *k, void *scratch);
/* The gradients; d_log_determinant: of the loss for each image's. dx, da: no data where not wanted, += if told so;
 * d_gamma, d_offset: += , NULL where not wanted. */
struct coupling_gradients {
    struct view dx, da;
    bool accumulate_dx, accumulate_da;
    float *d_gamma, *d_offset;
};
void coupling_backward(const struct coupling_gradients *d, const struct view *dy,
                       const double *d_log_determinant, const struct view *x, const struct view *a,
                       const struct coupling *k, void *scratch);
/* x from y. Its first half doesn't depend on a: run it once with any a, the subnet on that half, and once more. */
void coupling_inverse(const struct view *x, const struct view *y, const struct view *a,
                      const struct coupling *k);
#endif
