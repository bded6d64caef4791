/* Losses over feature maps, for networks that imitate, flow or stay together. Each returns its value and fills the gradient
 * for its first view (trainer_output and trainer_output_gradient of nn/trainer.h); the other side is fixed.
 *
 * Views of one call have the same n, h, w, c; each has its own halo and type (f32 or bf16). A sum runs over images or
 * positions, times `weight`, so that each author's mean is a choice of weight: N images of H x W positions with C channels
 *
 *     STFPM, official (Wang et al., BMVC 2021)      loss_cosine_positions   2 / (N H W)     mean of the squared distance
 *     STFPM, Anomalib                               loss_cosine_positions   1 / (H W)       half of it, not divided by N
 *     Reverse Distillation (Deng and Li, CVPR 2022) loss_cosine_images      1 / N
 *     FastFlow (Yu et al., 2021)                    loss_flow               1 / N
 *     CFLOW-AD (Gudovskiy et al., WACV 2022)        loss_flow_sigmoid       1 / N           an image is a position: N x 1 x 1 x C
 *     PANDA (Reiss et al., CVPR 2021)               loss_half_square        2 / (N C)
 *
 * Sums run in f64, row by row, then over the rows in order: the same bits for any number of threads. */
#ifndef TRAIN_FEATURE_LOSS_H
#define TRAIN_FEATURE_LOSS_H
#include "nn/view.h"

/* 1 - cos(x, want) of each position's channels, as half the squared distance of the two made unit vectors. A vector shorter
 * than 1e-12 is divided by that (torch.nn.functional.normalize), so two zero vectors are at a distance of 0, one and a unit
 * vector at 1/2. */
double loss_cosine_positions(const struct view *gradient, const struct view *x, const struct view *want,
                             double weight);
/* The same of each image's whole map as one vector. */
double loss_cosine_images(const struct view *gradient, const struct view *x, const struct view *want,
                          double weight);
/* Half of (x - centre)^2 over everything; centre: c numbers, NULL: 0. */
double loss_half_square(const struct view *gradient, const struct view *x, const float *centre,
                        double weight);

/* How unlikely a flow's output z is: half of z^2 over an image, less the log-determinant that the flow had for it (n
 * numbers). The gradient for the log-determinants goes into logdet_gradient (n). */
double loss_flow(const struct view *gradient, double *logdet_gradient, const struct view *z,
                 const double *logdet, double weight);
/* -log sigmoid(log p / C), with log p = -C/2 log(2 pi) - z^2 / 2 + logdet of an image of C numbers in all. */
double loss_flow_sigmoid(const struct view *gradient, double *logdet_gradient, const struct view *z,
                         const double *logdet, double weight);
#endif
