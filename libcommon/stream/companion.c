#include "stream/companion.h"
#include "base/file.h"
#include <string.h>

struct companion companion_open(const char *name, const char *what)
{
    struct companion c = {.what = what};
    if (!name)
        return c;
    c.label = file_label(name);
    c.file = file_open(name);
    c.reader = image_reader_new(c.file, c.label);
    return c;
}

const struct image *companion_next(struct companion *c, const struct npys_reader *r,
                                   const struct note *record)
{
    if (!c->reader)
        return NULL;
    if (!image_read(c->reader, &c->image))
        npys_reader_die(r, "there is no %s for it: %s has only %zu", c->what, c->label,
                        image_reader_count(c->reader));
    const char *name = note_get(record, "name"), *its = image_name(&c->image);
    if (name && *name && *its && strcmp(its, name) != 0)
        npys_reader_die(r, "its %s, record %zu of %s, is of another image, %s", c->what,
                        image_reader_count(c->reader), c->label, its);
    return &c->image;
}

void companion_close(struct companion *c)
{
    if (!c->reader)
        return;
    if (image_read(c->reader, &c->image))
        image_reader_die(c->reader, "there is no map for it");
    image_free(&c->image);
    image_reader_free(c->reader);
    file_close(c->file);
}
