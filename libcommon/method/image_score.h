/* What makes an image's score of its distances and its map: --score of every detector that gives maps.
 *
 *     patch        the largest distance on the method's own grid, before the map is enlarged
 *     reweighted   PatchCore's: that one, weighted by how its nearest lies among its neighbours (patchcore/patchcore.h)
 *     image        the method's distance of the whole image, of those that have one
 *     map-max      the largest value of the map, enlarged and blurred
 *     top:SHARE    the mean of the largest SHARE of the map's values: of H W values the SHARE H W largest, to the nearest whole
 *                  number, one at the least
 *
 * A score depends on one image's map alone. Not every method has every form: of a table's row (MAP_SETTINGS) image_scores_X are the
 * words, image_score_X reads one of them. */
#ifndef METHOD_IMAGE_SCORE_H
#define METHOD_IMAGE_SCORE_H
#include "base/setting.h"

struct image_score {
    enum { SCORE_PATCH, SCORE_REWEIGHTED, SCORE_IMAGE, SCORE_MAP_MAX, SCORE_TOP } form;
    double share; /* of SCORE_TOP, above 0 and up to 1 */
};

/* patches: of a bank of them; places: of one distance a position; whole: of one an image; maps: of a map that is made at once. */
extern const char *const image_scores_patches[];
extern const char *const image_scores_places[];
extern const char *const image_scores_whole[];
extern const char *const image_scores_maps[];
extern const struct setting_own image_score_patches, image_score_places, image_score_whole, image_score_maps;

/* The largest of n values, n > 0; NaN where one is. */
double largest_of(const float *value, size_t n);
/* The mean of the largest `share` of n values, n > 0; none may be NaN. */
double mean_of_largest(const float *value, size_t n, double share);
#endif
