#include "stream/identity.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum place { OPENING, ARRAYS, RECORD };

/* In the order in which differences are told: resize= before input=, as the advice for it brings both. */
static const struct key {
    const char *name;
    enum place place;
    const char *option; /* what makes such streams: "PROGRAM OPTION" */
} keys[] = {
    {"weights", OPENING, "featx -w"},  {"arch", OPENING, "featx -a"},
    {"layers", ARRAYS, "featx -l"},    {"precision", OPENING, "featx --precision"},
    {"norm", OPENING, "featx --norm"}, {"resize", RECORD, "imgcat -r"},
    {"input", RECORD, "imgcat -r"},
};
enum { KEYS = sizeof keys / sizeof *keys };

static const char *get(const struct note *note, const char *key)
{
    return note ? note_get(note, key) : NULL;
}

static const char *value_of(const struct key *k, const struct note *opening, const struct note *record)
{
    switch (k->place) {
    case OPENING:
        return get(opening, k->name);
    case RECORD:
        return get(record, k->name);
    case ARRAYS: {
        const char *arrays = get(record, "arrays");
        return arrays ? arrays : get(opening, k->name);
    }
    }
    return NULL;
}

void identity_copy(struct note *known, const struct note *opening, const struct note *record)
{
    for (size_t i = 0; i < KEYS; i++) {
        const char *value = value_of(&keys[i], opening, record);
        if (value && !note_get(known, keys[i].name))
            note_add(known, keys[i].name, value);
    }
}

bool identity_has(const char *key)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, key) == 0)
            return true;
    return false;
}

/* What follows the last ':' of NAME:HASH. */
static const char *hash_part(const char *weights)
{
    const char *colon = strrchr(weights, ':');
    return colon ? colon + 1 : weights;
}

static bool same(const struct key *k, const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (k == keys && strcmp(hash_part(a), hash_part(b)) == 0);
}

/* One imgcat for each step of "R,C+R/S": imgcat -r R -c C | imgcat -r R --tiles S */
static void mend_resize(char mend[200], const char *steps)
{
    static const char *const options = "+,/";
    static const char *const named[] = {"imgcat -r", "-c", "--tiles"};
    size_t used = 0;
    for (const char *p = steps, *option = options; *p && used < 150;) {
        const size_t length = strcspn(p, options);
        const char *before = !used ? "" : *option == '+' ? " | " : " ";
        used += (size_t)snprintf(mend + used, 200 - used, "%s%s %.*s", before, named[option - options],
                                 (int)(length < 20 ? length : 20), p);
        p += length;
        option = *p ? strchr(options, *p++) : options;
    }
}

/* Only what is square can be made by imgcat -r. */
static void mend_input(char mend[200], const struct note *known)
{
    size_t width, height;
    if (note_size(known, "input", &width, &height) && width == height)
        snprintf(mend, 200, "imgcat -r %zu", width);
    else
        snprintf(mend, 200, "images of %.40s", note_get(known, "input"));
}

static void advise(struct identity_difference *d, const struct key *k, const struct note *known)
{
    if (strcmp(k->name, "resize") == 0)
        mend_resize(d->mend, d->known);
    else if (strcmp(k->name, "input") == 0)
        mend_input(d->mend, known);
    else if (strncmp(d->known, "random-", 7) == 0)
        snprintf(d->mend, sizeof d->mend, "%s random:%.*s", k->option, (int)strcspn(d->known + 7, ":"),
                 d->known + 7);
    else if (strcmp(k->name, "weights") == 0)
        snprintf(d->mend, sizeof d->mend, "%s %.*s", k->option, (int)strcspn(d->known, ":"), d->known);
    else
        snprintf(d->mend, sizeof d->mend, "%s %s", k->option, d->known);
}

bool identity_differs(struct identity_difference *d, const struct note *known, const struct note *opening,
                      const struct note *record)
{
    for (size_t i = 0; i < KEYS; i++) {
        d->key = keys[i].name;
        d->known = note_get(known, keys[i].name);
        d->here = value_of(&keys[i], opening, record);
        if (d->known && d->here && !same(&keys[i], d->known, d->here)) {
            advise(d, &keys[i], known);
            return true;
        }
    }
    return false;
}
