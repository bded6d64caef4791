#include "method/anomaly_map.h"
#include "base/raster.h"
#include <math.h>

double anomaly_map(float *map, struct map_size size, const float *distance, struct map_size grid,
                   const struct map_rules *rules)
{
    float most = -INFINITY;
    map_resize(map, size.height, size.width, distance, grid.height, grid.width, 1, rules->upsample);
    if (rules->sigma > 0)
        map_blur(map, size.height, size.width, rules->sigma, rules->border);
    for (size_t i = 0; i < size.height * size.width; i++)
        most = map[i] > most || isnan(map[i]) ? map[i] : most;
    return (double)most;
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
