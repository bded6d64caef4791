/* Maps of floats, height x width x channels in C order: resizing and the Gaussian blur of anomaly maps. Both
 * take some scratch memory for the time of the call; all arrays are the caller's. Results depend on the map
 * alone. */
#ifndef IMAGE_MAP_H
#define IMAGE_MAP_H
#include <stddef.h>

/* Where sample d of the output lies in the input; in, out: the side's lengths. */
enum map_rule {
    MAP_HALF_PIXEL,    /* bilinear at max(0, (d + 0.5) in/out - 0.5): torch's align_corners=False */
    MAP_ALIGN_CORNERS, /* bilinear at d (in - 1)/(out - 1): torch's align_corners=True */
    MAP_NEAREST,       /* sample floor(d in/out) */
};

/* out: out_height x out_width x channels; in: height x width x channels. No low-pass filter: meant for
 * enlarging. */
void map_resize(float *out, size_t out_height, size_t out_width, const float *in, size_t height, size_t width,
                size_t channels, enum map_rule rule);

/* What lies beyond the edge: c b | a b c (torch's reflect, Anomalib) or b a | a b c (SciPy's reflect). Maps
 * smaller than the kernel are mirrored again and again. */
enum map_border { MAP_MIRROR, MAP_MIRROR_EDGE };

/* Gaussian blur in place, separable, 2 int(4 sigma + 0.5) + 1 taps whose sum is 1; sigma in samples, 0 <
 * sigma <= 64. One channel. */
void map_blur(float *map, size_t height, size_t width, double sigma, enum map_border border);
#endif
