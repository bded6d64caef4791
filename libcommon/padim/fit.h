/* Fitting PaDiM. Images are spooled to an unlinked file in $TMPDIR, only their chosen channels and every
 * coarse value once; the fit then reads band after band of positions of all images, so that memory holds the
 * model, one band and a workspace a thread.
 *
 * Leave-one-out distances come in closed form. With e = x_i - mean, S the scatter matrix, c = N / (N - 1) and
 * the ridge r, the fit without image i has mean + -e / (N - 1) and covariance (S - c e e^T) / (N - 2) + r I;
 * with B = S + r (N - 2) I and q = e^T B^-1 e (Sherman-Morrison)
 *     distance_i^2 = c^2 (N - 2) q / (1 - c q),
 * exactly what a refit gives. B is not a multiple of the model's covariance: it is factored on its own. Low
 * rank: q = 1 - t g_i, g_i the i-th diagonal element of (X X^T + t I)^-1 with t = r (N - 2). */
#ifndef PADIM_FIT_H
#define PADIM_FIT_H
#include "padim/padim.h"

struct padim_fit;

/* Goes on from a model, which must stay until the fit ends; its ridge is to be that of the end. What a refit would sum over
 * the old images is in it, but for its rounding to f32, which scores by it share:   packed    mean, and scatter = (N - 1) (L
 * L^T - ridge I). A refit's distances come within twice that rounding; those left out
 *             are of new images only, exact like a refit's
 *   low rank  the images themselves: with R^T R = I - W W^T, X = sqrt(ridge (N - 1)) R^-T W. The fit is of all images then
 * NULL with a reason where a low-rank model's features have drowned: in 1 - |w|^2, which R shows. */
struct padim_fit *padim_fit_resume(const struct padim *old, struct err *e);
/* The images that a low-rank model was fitted on: images x grid.values; false where R shows less than UNPACK_LEAST of a row,
 * beside f32's rounding of 6e-8. */
bool padim_unpack(float *values, const struct padim *model);
#define PADIM_UNPACK_LEAST 1e-5
void padim_fit_free(struct padim_fit *fit);
/* Takes the grid over. */
struct padim_fit *padim_fit_new(struct padim_grid *grid);
const struct padim_grid *padim_fit_grid(const struct padim_fit *fit);
/* One image's values (padim_values). Dies when the spool can't be written. */
void padim_fit_add(struct padim_fit *fit, const float *values);
size_t padim_fit_images(const struct padim_fit *fit);

/* Fits and frees. ridge > 0; at least PADIM_IMAGES_MIN images are in the model, one was added. *left_out: padim_fit_images x
 * height x width leave-one-out distances, the caller's to free; NULL: not wanted. Runs on the pool, with the same bits for any
 * number of threads. Checks memory before it takes it; dies when a covariance is not positive definite (the features' scale is
 * so large that the ridge vanishes in double). */
void padim_fit_end(struct padim *model, struct padim_fit *fit, double ridge, enum padim_form form,
                   float **left_out);
#endif
