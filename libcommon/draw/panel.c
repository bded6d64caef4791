#include "draw/panel.h"
#include "image/font.h"
#include "draw/overlay.h"
#include <string.h>

struct raster panel_join(const struct raster *picture, size_t n, const char *text)
{
    static const uint8_t ink[3] = {230, 230, 230};
    size_t height = picture[0].height, width = 0, scale = 1 + height / 400, gap = 2 * scale;
    size_t line = (FONT_HEIGHT + 6) * scale, at = 0;
    for (size_t i = 0; i < n; i++)
        width += picture[i].width + (i ? gap : 0);
    struct raster all = raster_new(width, height + line, 3, 255);
    memset(all.samples, 24, raster_bytes(&all));
    for (size_t i = 0; i < n; i++) {
        overlay_paste(&all, at, 0, picture + i);
        at += picture[i].width + gap;
    }
    font_draw(&all, 3 * scale, height + 3 * scale, scale, ink, text);
    return all;
}
