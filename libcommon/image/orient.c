#include "image/orient.h"
#include <stdbool.h>
#include <string.h>

/* EXIF 2.3, table 6: where the stored rows and columns run in the picture that is seen. */
static const struct turn {
    bool exchanged;     /* stored rows are columns of the picture */
    bool right_to_left; /* then columns are counted from the right, */
    bool bottom_to_top; /* and rows from below */
} turns[] = {{false, false, false}, {false, true, false}, {false, true, true}, {false, false, true},
             {true, false, false},  {true, true, false},  {true, true, true},  {true, false, true}};

struct raster orient(const struct raster *in, unsigned orientation)
{
    const struct turn *t = &turns[orientation - 1];
    size_t pixel = in->channels * raster_depth(in);
    struct raster out = raster_new(t->exchanged ? in->height : in->width,
                                   t->exchanged ? in->width : in->height, in->channels, in->maxval);
    const unsigned char *from = in->samples;
    unsigned char *to = out.samples;
    for (size_t y = 0; y < in->height; y++)
        for (size_t x = 0; x < in->width; x++, from += pixel) {
            size_t column = t->exchanged ? y : x, row = t->exchanged ? x : y;
            column = t->right_to_left ? out.width - 1 - column : column;
            row = t->bottom_to_top ? out.height - 1 - row : row;
            memcpy(to + (row * out.width + column) * pixel, from, pixel);
        }
    return out;
}
