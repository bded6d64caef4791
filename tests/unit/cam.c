/* pooled/: maps of pooled features, gauss's Grad-CAM against torch's autograd through the pooling (tests/oracle/cam.py), by way of the
 * detector's own functions. */
#include "../oracle/cam.h"
#include "base/mem.h"
#include "base/thread.h"
#include "pooled/cam.h"
#include "pooled/gauss.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

/* An image of the dump. */
struct image {
    float value[CAM_IMAGE];
    struct taps taps;
};

static void read_image(struct image *im, const double *from)
{
    const float *at = im->value;
    for (size_t i = 0; i < CAM_IMAGE; i++)
        im->value[i] = (float)from[i];
    im->taps = (struct taps){.n = 2};
    for (size_t t = 0; t < 2; t++) {
        im->taps.tap[t] = (struct tap){cam_shape[t][0], cam_shape[t][1], cam_shape[t][2], at};
        at += cam_shape[t][0] * cam_shape[t][1] * cam_shape[t][2];
    }
}

static void set(void *options, const char *name, const char *value)
{
    const struct setting *s = gauss_detector.settings;
    while (strcmp(s->name, name) != 0)
        s++;
    setting_read(options, s, value);
}

static void *fit(void *options, const char *length, const char *distance)
{
    struct image im;
    memcpy(options, gauss_detector.defaults, gauss_detector.options_size);
    set(options, "length", length);
    set(options, "distance", distance);
    read_image(&im, cam_train);
    void *fit = gauss_detector.begin(options, &im.taps);
    for (size_t i = 0; i < CAM_N; i++) {
        read_image(&im, cam_train + i * CAM_IMAGE);
        gauss_detector.take(fit, &im.taps);
    }
    return gauss_detector.end(fit, &(struct detector_end){0});
}

/* Worst of score and map, each as a share of the largest wanted. */
static double error_of(double score, const float *map, double want, const double *want_map)
{
    double worst = 0, most = 0;
    for (size_t i = 0; i < CAM_CELLS; i++) {
        most = fmax(most, want_map[i]);
        worst = worse(worst, fabs((double)map[i] - want_map[i]));
    }
    return worse(worst / most, fabs(score / want - 1));
}

static void maps(void)
{
    static const char *const lengths[] = {"kept", "unit"}, *const distances[] = {"mahalanobis", "squared"};
    void *options = xcalloc(1, gauss_detector.options_size);
    const struct map_size grid = {cam_shape[0][1], cam_shape[0][0]};
    for (size_t k = 0; k < 4; k++) {
        void *model = fit(options, lengths[k / 2], distances[k % 2]);
        float map[CAM_CELLS];
        double worst = 0;
        struct image im;
        for (size_t i = 0; i < CAM_QUERIES; i++) {
            const size_t at = k * CAM_QUERIES + i;
            read_image(&im, cam_query + i * CAM_IMAGE);
            const double score = gauss_detector.score(model, &im.taps, map, grid);
            worst = worse(worst, error_of(score, map, cam_score[at], cam_maps + at * CAM_CELLS));
            worst =
                worse(worst, fabs(gauss_detector.score(model, &im.taps, NULL, (struct map_size){0}) - score));
        }
        ok(worst <= 1e-5, "%s, %s: scores, and their maps by torch's gradient (%.2g)", lengths[k / 2],
           distances[k % 2], worst);
        worst = 0;
        for (size_t i = 0; i < 2; i++) {
            const double score = gauss_detector.left_out(model, i, map);
            worst = worse(worst, error_of(score, map, cam_left_out[2 * k + i],
                                          cam_maps_left_out + (2 * k + i) * CAM_CELLS));
        }
        ok(worst <= 1e-5, "of training images too, to the Gaussian of the others (%.2g)", worst);
        gauss_detector.free(model);
    }
    free(options);
}

static void hand_made(void)
{
    const float a[4] = {1, -1, 2, 3}, b[2] = {100, 100}, nan[4] = {NAN, 1, 1, 1};
    const struct taps image = {.n = 2, .tap = {{1, 2, 2, a}, {1, 1, 2, b}}},
                      broken = {.n = 1, .tap = {{1, 2, 2, nan}}};
    float map[2];
    cam_map(map, (struct map_size){2, 1}, &image, (const double[]){1, 2, 5, 5});
    ok(map[0] == 0 && map[1] == 8, "1 - 2 counts 0, 2 + 6 is 8; a vector places nothing");
    cam_map(map, (struct map_size){2, 1}, &broken, (const double[]){1, 2});
    ok(isnan(map[0]) && map[1] == 3, "NaN stays");
}

/* At the mean there is no gradient, and nothing to see. */
static void at_the_mean(void)
{
    const float x[8] = {1, 0, 0, 1, -1, 0, 0, -1}, mean[2] = {0, 0};
    double left_out[4], gradient[2];
    struct gauss g;
    ok(gauss_fit(&g, left_out, x, 2, 4, 2, 0.5) && gauss_gradient(&g, mean, gradient) == 0 &&
           gradient[0] == 0 && gradient[1] == 0,
       "at the mean the gradient counts 0");
    ok(gauss_gradient(&g, x, gradient) == gauss_distance(&g, x, (double[2]){0}) && gradient[0] > 0 &&
           gradient[1] == 0,
       "beside it, it leads away");
    gauss_free(&g);
}

int main(void)
{
    pool_start(2);
    maps();
    hand_made();
    at_the_mean();
    return done();
}
