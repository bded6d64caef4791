/* From the distances of an image to its anomaly map, enlarged to the size of the network's input and blurred (methods 3.1, 4), and to its
 * score (method/image_score.h). */
#ifndef METHOD_ANOMALY_MAP_H
#define METHOD_ANOMALY_MAP_H
#include "image/map.h"
#include "method/image_score.h"
#include "stream/npys.h"

struct map_size {
    size_t width, height; /* 0: not known */
};

#define MAP_SIGMA 4.0 /* of the blur, in pixels: all published forms of PaDiM and PatchCore */

/* What a user may choose of any map. */
struct map_options {
    struct image_score score;
    double sigma; /* of the blur, in pixels of the map; 0: none */
    enum map_border border;
};
extern const char *const map_borders[];

/* Rows of a method's table; `member` of `type` is its struct map_options, `kind` one of image_scores_KIND. Thresholds are found with
 * them, so that they are the fit's, and the model keeps them. */
/* clang-format off */
#define MAP_AT(type, member, field) offsetof(type, member) + offsetof(struct map_options, field)
#define MAP_SETTINGS(type, member, kind)                                                                                  \
    {"score", 0, SETTING_OWN, MAP_AT(type, member, score), 0, 0, image_scores_##kind, "FORM",                              \
     "what an image's score is", DETECTOR_FIT | DETECTOR_KEPT, &image_score_##kind},                                      \
    {"sigma", 0, SETTING_REAL, MAP_AT(type, member, sigma), 0, 64, NULL, "S", "of the map's blur, in pixels; 0: none",     \
     DETECTOR_FIT | DETECTOR_KEPT, NULL},                                                                                 \
    {"border", 0, SETTING_CHOICE, MAP_AT(type, member, border), 0, 0, map_borders, "B",                                    \
     "of the blur, without or with the edge pixel repeated", DETECTOR_FIT | DETECTOR_KEPT, NULL}
/* clang-format on */

struct map_rules {
    enum map_rule upsample;
    struct map_options map;
};

/* Fills map (size.height x size.width) from distance (grid.height x grid.width). The score by rules->map.score, `own` being the method's
 * where that asks for it; not finite where a value of the map isn't. */
double anomaly_map(float *map, struct map_size size, const float *distance, struct map_size grid,
                   const struct map_rules *rules, double own);

/* The size of a record's map: `asked` where it is one, else the record's input=; dies where there is none. */
struct map_size map_size_of(struct map_size asked, const struct npys_reader *r,
                            const struct npys_record *rec);
#endif
