#include "base/places.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A path that has been given, by its hash. */
struct place {
    uint64_t path;
    size_t number; /* the last that was tried behind it, 1 at first; 0: the slot is free */
};

struct places {
    const char *folder, *ending;
    struct place *place; /* `room` slots, a power of two, at most half of them taken */
    size_t n, room;
};

struct places *places_new(const char *folder, const char *ending)
{
    struct places *p = xcalloc(1, sizeof *p);
    *p = (struct places){folder, ending, xcalloc(64, sizeof *p->place), 0, 64};
    return p;
}

void places_free(struct places *p)
{
    if (p)
        free(p->place);
    free(p);
}

static struct place *slot_of(const struct places *p, uint64_t path)
{
    size_t i = (size_t)path & (p->room - 1);
    while (p->place[i].number && p->place[i].path != path)
        i = (i + 1) & (p->room - 1);
    return &p->place[i];
}

static void grow(struct places *p)
{
    struct places larger = *p;
    larger.room = 2 * p->room;
    larger.place = xcalloc(larger.room, sizeof *larger.place);
    for (size_t i = 0; i < p->room; i++)
        if (p->place[i].number)
            *slot_of(&larger, p->place[i].path) = p->place[i];
    free(p->place);
    *p = larger;
}

/* Its place; new, with number 0, where the path has not been given. */
static struct place *place_of(struct places *p, const char *path)
{
    if (2 * p->n >= p->room)
        grow(p);
    const uint64_t key = hash_bytes(path, strlen(path));
    struct place *place = slot_of(p, key);
    p->n += place->number == 0;
    place->path = key;
    return place;
}

/* Takes `path`, or frees it and returns NULL where it has been given. */
static char *claim(struct places *p, char *path)
{
    struct place *place = place_of(p, path);
    if (place->number) {
        free(path);
        return NULL;
    }
    place->number = 1;
    return path;
}

/* What of the name lies below the folder. */
static const char *inside(const char *name)
{
    const char *start = name;
    for (const char *part = name; *part; part += strspn(part, "/")) {
        size_t length = strcspn(part, "/");
        bool up = length == 2 && strncmp(part, "..", 2) == 0, here = length == 1 && *part == '.';
        part += length;
        if (up || ((here || length == 0) && start == part - length))
            start = part + strspn(part, "/");
    }
    return start;
}

/* Bytes of the name before an ending that says an image. */
static size_t stem(const char *name)
{
    static const char *const images[] = {".png", ".jpg", ".jpeg", ".bmp", ".pam",
                                         ".ppm", ".pgm", ".pbm",  ".pnm"};
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        const size_t n = strlen(images[i]);
        if (length > n && name[length - n - 1] != '/' && strcasecmp(name + length - n, images[i]) == 0)
            return length - n;
    }
    return length;
}

char *places_take(struct places *p, const char *name, struct err *e)
{
    const char *rest = inside(name);
    const size_t length = strlen(rest);
    if (length == 0 || rest[length - 1] == '/') {
        err_set(e, "the name '%s' is of no file below %s", name, p->folder);
        return NULL;
    }
    char *path = claim(p, xprintf("%s/%.*s.%s", p->folder, (int)stem(rest), rest, p->ending));
    if (!path)
        path = claim(p, xprintf("%s/%s.%s", p->folder, rest, p->ending));
    char *whole = path ? NULL : xprintf("%s/%s.%s", p->folder, rest, p->ending);
    while (!path)
        path = claim(p, xprintf("%s/%s.%zu.%s", p->folder, rest, ++place_of(p, whole)->number, p->ending));
    free(whole);
    return path;
}
