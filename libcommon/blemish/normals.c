#include "blemish/normals.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "blemish/alter.h"
#include "image/colour.h"
#include <stdlib.h>
#include <string.h>

struct blemish_normals blemish_normals_new(size_t memory)
{
    return (struct blemish_normals){.set = held_set_new(memory)};
}

static void add_image(struct blemish_normals *s, const struct image_reader *r, const struct image *im)
{
    const char *label = note_get(&im->note, "label");
    if (label && strcmp(label, "0") != 0)
        image_reader_die(r, "label=%s: only normal images (label=0) are altered", label);
    if (im->raster.width < BLEMISH_SIDE_MIN || im->raster.height < BLEMISH_SIDE_MIN)
        image_reader_die(r, "%zux%zu pixels: both sides must have %d at least", im->raster.width,
                         im->raster.height, BLEMISH_SIDE_MIN);
    struct feed_sample sample = {.raster = colour_rgb(&im->raster), .label = {0}, .labels = 1};
    held_set_add(s->set, &sample);
    s->largest = size_most(s->largest, raster_bytes(&sample.raster));
    raster_free(&sample.raster);
    s->note = xgrow(s->note, s->n, &s->capacity, sizeof *s->note);
    s->note[s->n] = (struct note){0};
    note_copy(&s->note[s->n++], &im->note);
}

void blemish_normals_read(struct blemish_normals *s, const char *name)
{
    FILE *f = file_open(name);
    struct image_reader *r = image_reader_new(f, file_label(name));
    struct image im = {0};
    while (image_read(r, &im))
        add_image(s, r, &im);
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

void blemish_normals_free(struct blemish_normals *s)
{
    for (size_t i = 0; i < s->n; i++)
        note_clear(&s->note[i]);
    free(s->note);
    held_set_free(s->set);
    *s = (struct blemish_normals){0};
}
