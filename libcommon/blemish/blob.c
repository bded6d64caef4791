/* A cloud's outline filled with a texture. */
#include "base/mem.h"
#include "blemish/kinds.h"
#include "blemish/region.h"
#include <stdlib.h>

void blemish_blob(struct blemish_work *w)
{
    const struct region g = region_draw(w->whole, 6 * w->unit, 48 * w->unit, w->unit, &w->r);
    const struct texture *t = &w->texture[rng_below(&w->r, BLEMISH_TEXTURES)];
    const double opacity = rng_range(&w->r, 0.5, 1);
    const struct placement p = placement_draw(&w->r);
    float colour[COLOURS][3], *line = xmalloc(2 * w->whole->width, sizeof *line);
    float *position = line + w->whole->width;
    texture_colours(colour, t, &w->r);
    for (size_t y = g.top; y < g.bottom; y++) {
        texture_row(line, position, t, &p, (ptrdiff_t)g.left, (ptrdiff_t)y, g.right - g.left);
        for (size_t x = g.left; x < g.right; x++) {
            const float *f = colour[(size_t)position[x - g.left]];
            const double to[3] = {255.0 * (double)f[0], 255.0 * (double)f[1], 255.0 * (double)f[2]};
            blemish_mix(blemish_pixel(w->image, x, y), to, opacity * region_part(&g, x, y));
        }
    }
    free(line);
}
