#include "metric/components.h"

/* Union-find inside the label array: label[i] is 1 + the index of a pixel of the same component, not after i;
 * a root, the component's first pixel, names itself. */
static uint32_t root(uint32_t *label, uint32_t i)
{
    while (label[i] != i + 1) {
        label[i] = label[label[i] - 1]; /* path halving */
        i = label[i] - 1;
    }
    return i;
}

static void unite(uint32_t *label, uint32_t a, uint32_t b)
{
    a = root(label, a);
    b = root(label, b);
    if (a < b)
        label[b] = a + 1;
    else
        label[a] = b + 1;
}

/* Joins pixel i with its neighbours that come before it: left, and the three above. */
static void join(uint32_t *label, size_t i, size_t x, size_t y, size_t width)
{
    label[i] = (uint32_t)i + 1;
    if (x > 0 && label[i - 1])
        unite(label, (uint32_t)i, (uint32_t)(i - 1));
    if (y == 0)
        return;
    size_t above = i - width;
    size_t first = x > 0 ? above - 1 : above, last = x + 1 < width ? above + 1 : above;
    for (size_t j = first; j <= last; j++)
        if (label[j])
            unite(label, (uint32_t)i, (uint32_t)j);
}

uint32_t components_label(uint32_t *label, const unsigned char *mask, size_t height, size_t width)
{
    uint32_t n = 0;
    for (size_t y = 0, i = 0; y < height; y++)
        for (size_t x = 0; x < width; x++, i++) {
            label[i] = 0;
            if (mask[i])
                join(label, i, x, y, width);
        }
    /* What a pixel points to comes before it, so it has its number already. */
    for (size_t i = 0; i < height * width; i++)
        if (label[i])
            label[i] = label[i] == i + 1 ? ++n : label[label[i] - 1];
    return n;
}
