#include "stream/alike.h"
#include "stream/identity.h"

bool images_same_size(size_t height, size_t width, const struct image *im, struct err *e)
{
    const struct raster *r = &im->raster;
    if (r->height == height && r->width == width)
        return true;
    return err_set(e, "image is %zux%zu, those before are %zux%zu (imgcat -r makes them equal)", r->width,
                   r->height, width, height);
}

bool images_same_making(struct note *known, const struct image *im, struct err *e)
{
    struct identity_difference d;
    if (identity_differs(&d, known, NULL, &im->note))
        return err_set(e, "%s=%s, those before have %s=%s (%s)", d.key, d.here, d.key, d.known, d.mend);
    identity_copy(known, NULL, &im->note);
    return true;
}
