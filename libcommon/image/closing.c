#include "image/closing.h"
#include "base/mem.h"
#include <stdlib.h>

/* out: whether the value (255 or 0) is in the window of 2r + 1 about each element of a line of n, one every `step` bytes. */
static void line_spread(unsigned char *out, const unsigned char *in, size_t n, size_t step, size_t r,
                        unsigned char value)
{
    size_t last = 0; /* one more than the place where the value was seen last; 0: nowhere yet */
    for (size_t ahead = 0; ahead < n + r; ahead++) {
        if (ahead < n && in[ahead * step] == value)
            last = ahead + 1;
        if (ahead < r)
            continue;
        const size_t at = ahead - r, from = at < r ? 0 : at - r;
        out[at * step] = last > from ? value : (unsigned char)~value;
    }
}

static void spread(unsigned char *mask, unsigned char *work, size_t width, size_t height, size_t r,
                   unsigned char value)
{
    for (size_t y = 0; y < height; y++)
        line_spread(work + y * width, mask + y * width, width, 1, r, value);
    for (size_t x = 0; x < width; x++)
        line_spread(mask + x, work + x, height, width, r, value);
}

void mask_close(unsigned char *mask, size_t width, size_t height, size_t r)
{
    unsigned char *work = xmalloc(width * height, 1);
    spread(mask, work, width, height, r, 255);
    spread(mask, work, width, height, r, 0);
    free(work);
}
