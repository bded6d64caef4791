#include "dataset/mask.h"
#include "dataset/decode.h"
#include "image/colour.h"
#include <string.h>

/* Both 8-bit grey and of one size: the larger value of each pixel. */
static void unite(struct raster *to, const struct raster *from)
{
    uint8_t *a = to->samples;
    const uint8_t *b = from->samples;
    size_t n = raster_bytes(to);
    for (size_t i = 0; i < n; i++)
        a[i] = a[i] > b[i] ? a[i] : b[i];
}

static size_t levels(const struct raster *mask)
{
    const uint8_t *sample = mask->samples;
    bool seen[256] = {false};
    size_t n = raster_bytes(mask), found = 0;
    for (size_t i = 0; i < n; i++)
        seen[sample[i]] = true;
    for (size_t i = 0; i < 256; i++)
        found += seen[i];
    return found;
}

static bool check_size(const struct raster *mask, const struct raster *image, unsigned orientation,
                       const char *path, struct err *e)
{
    if (mask->width == image->width && mask->height == image->height)
        return true;
    return err_set(e, "%s: a mask of %zu x %zu for an image of %zu x %zu%s", path, mask->width, mask->height,
                   image->width, image->height,
                   orientation != 1 ? "; EXIF would turn one of them, which is not done where there are masks"
                                    : "");
}

static bool add(struct raster *to, struct mask_doubts *doubts, const char *path, unsigned orientation,
                struct err *e)
{
    struct raster mask;
    struct codec_facts facts;
    struct err reason;
    if (!image_load(&mask, &facts, path, &reason))
        return err_set(e, "%s: %s", path, reason.text);
    bool fits = check_size(&mask, to, orientation != 1 ? orientation : facts.orientation, path, e);
    if (fits) {
        struct raster grey = colour_mask(&mask);
        doubts->lossy |= facts.lossy;
        doubts->grey |= !facts.lossy && levels(&grey) > 2;
        unite(to, &grey);
        raster_free(&grey);
    }
    raster_free(&mask);
    return fits;
}

bool mask_load(struct raster *r, struct mask_doubts *doubts, unsigned orientation,
               const struct dataset_entry *en, struct err *e)
{
    bool normal = en->label && strcmp(en->label, "0") == 0;
    *doubts = (struct mask_doubts){0};
    if (!normal && en->masks == 0)
        return err_set(e, "%s: %s", en->path,
                       en->label ? "shows a defect but has no mask" : "neither a label nor a mask is known");
    struct raster united = raster_new(r->width, r->height, 1, 255);
    memset(united.samples, 0, raster_bytes(&united));
    raster_free(r);
    *r = united;
    for (size_t i = 0; !normal && i < en->masks; i++)
        if (!add(r, doubts, en->mask[i], orientation, e))
            return false;
    return true;
}
