#include "train/freeze.h"
#include "base/err.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* From the input on. */
static const char *const below[] = {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4", NULL};
enum { STEM = 2 };

static void add(struct freeze *f, size_t *n, const char *name)
{
    if (*n == FREEZE_NAMES_MAX)
        misuse("--freeze: more than %d names", FREEZE_NAMES_MAX);
    f->name[(*n)++] = name;
}

/* Its place in `below` where it is a stage, else 0. */
static size_t stage(const char *name)
{
    for (size_t i = STEM; below[i]; i++)
        if (strcmp(name, below[i]) == 0)
            return i;
    return 0;
}

struct freeze freeze_new(const char *text)
{
    struct freeze f = {.list = text && *text ? xstrdup(text) : NULL};
    size_t n = 0;
    char *rest = f.list, *name;
    while ((name = strsep(&rest, ","))) {
        if (!*name)
            misuse("--freeze: '%s': a name is empty", text);
        for (size_t i = 0; i < stage(name); i++)
            add(&f, &n, below[i]);
        add(&f, &n, name);
    }
    return f;
}

void freeze_check(const struct freeze *f, const struct trainer *t)
{
    size_t n, learn = 0;
    const struct trainer_parameter *p = trainer_parameters(t, &n);
    for (const char *const *name = f->name; *name; name++) {
        size_t i = 0;
        while (i < n && strncmp(p[i].name, *name, strlen(*name)) != 0)
            i++;
        if (i == n)
            misuse("--freeze: no tensor's name begins with '%s'", *name);
    }
    for (size_t i = 0; i < n; i++)
        learn += p[i].trained;
    if (!learn)
        misuse("--freeze: nothing is left to learn");
}

void freeze_free(struct freeze *f)
{
    free(f->list);
    *f = (struct freeze){0};
}
