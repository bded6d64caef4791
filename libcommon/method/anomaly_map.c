#include "method/anomaly_map.h"
#include "base/raster.h"
#include <math.h>

const char *const map_borders[] = {"mirror", "edge", NULL}; /* enum map_border */

double anomaly_map(float *map, struct map_size size, const float *distance, struct map_size grid,
                   const struct map_rules *rules, double own)
{
    const size_t pixels = size.height * size.width;
    map_resize(map, size.height, size.width, distance, grid.height, grid.width, 1, rules->upsample);
    if (rules->map.sigma > 0)
        map_blur(map, size.height, size.width, rules->map.sigma, rules->map.border);
    const double most = largest_of(map, pixels);
    if (!isfinite(most))
        return most;
    switch (rules->map.score.form) {
    case SCORE_PATCH:
        return largest_of(distance, grid.height * grid.width);
    case SCORE_REWEIGHTED:
    case SCORE_IMAGE:
        return own;
    case SCORE_MAP_MAX:
        return most;
    case SCORE_TOP:
        return mean_of_largest(map, pixels, rules->map.score.share);
    }
    return (double)NAN;
}

struct map_size map_size_of(struct map_size asked, const struct npys_reader *r, const struct npys_record *rec)
{
    struct map_size s = asked;
    if (s.width)
        return s;
    if (!note_get(&rec->note, "input"))
        npys_reader_die(r, "no input=WxH says how large the image was: give --size");
    if (!note_size(&rec->note, "input", &s.width, &s.height) || !s.width || s.width > RASTER_SIDE_MAX ||
        !s.height || s.height > RASTER_SIDE_MAX)
        npys_reader_die(r, "input=%s is not a size", note_get(&rec->note, "input"));
    return s;
}
