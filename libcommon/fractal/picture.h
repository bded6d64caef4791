/* Fractal images painted from a recipe: the published generators, put together from the parts of this folder. */
#ifndef FRACTAL_PICTURE_H
#define FRACTAL_PICTURE_H
#include "fractal/compose.h"
#include "fractal/density.h"
#include "fractal/recipe.h"

/* One thread's working memory. */
struct studio {
    struct chaos_points points;
    struct density density, patched;
    struct ink ink;
    uint32_t *tile;
    float *heights;
    uint8_t *blur;
    struct compose_work compose;
};
struct studio studio_new(const struct recipe *recipe);
void studio_free(struct studio *s);
/* Bytes of one studio. */
size_t studio_bytes(const struct recipe *recipe);

/* Paints rgb, side x side x 3. A function of the recipe, class, k and epoch alone. */
void picture_paint(uint8_t *rgb, const struct recipe *recipe, struct studio *s, size_t class, size_t k,
                   uint64_t epoch);

#endif
