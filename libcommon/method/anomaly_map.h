/* From the distances of an image to its anomaly map: enlarged to the size of the network's input and blurred (methods 3.1, 4). */
#ifndef METHOD_ANOMALY_MAP_H
#define METHOD_ANOMALY_MAP_H
#include "image/map.h"
#include "stream/npys.h"
#include <stdbool.h>

struct map_size {
    size_t width, height; /* 0: not known */
};

#define MAP_SIGMA 4.0 /* of the blur, in pixels: all published forms of PaDiM and PatchCore */

struct map_rules {
    enum map_rule upsample;
    double sigma; /* 0: no blur */
    enum map_border border;
    bool score_max; /* an image's score is its map's maximum, not the method's own */
};

/* Fills map (size.height x size.width) from distance (grid.height x grid.width). The map's maximum; NAN where one value is. */
double anomaly_map(float *map, struct map_size size, const float *distance, struct map_size grid,
                   const struct map_rules *rules);

/* The size of a record's map: `asked` where it is one, else the record's input=; dies where there is none. */
struct map_size map_size_of(struct map_size asked, const struct npys_reader *r,
                            const struct npys_record *rec);
#endif
