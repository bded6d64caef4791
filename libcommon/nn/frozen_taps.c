#include "nn/frozen_taps.h"
#include "base/mem.h"
#include "nn/networks.h"
#include <stdlib.h>
#include <string.h>

/* What the image is brought to 1/part of its size for, in taps' names. */
static const struct scale {
    size_t part;
    const char *prefix;
} scales[] = {{2, "half:"}, {4, "quarter:"}};
enum { SCALES = sizeof scales / sizeof *scales };

static const char *after(const char *name, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

/* The network once more; the names of its taps begin with the scale. */
static void append_network(struct frozen_taps *t, struct graph *g, const struct scale *scale)
{
    const size_t end = g->n;
    char arch[sizeof g->arch];
    memcpy(arch, g->arch, sizeof arch);
    network_build(g, arch, 0);
    for (size_t i = end; i < g->n; i++)
        if (g->node[i].tap[0]) {
            char *name = xprintf("%s%s", scale->prefix, g->node[i].tap);
            graph_tap(g, i, name);
            free(name);
        }
    t->part[t->inputs++] = scale->part;
}

/* "half:layer1"; -1 where there is none. */
static ptrdiff_t find_scaled(struct frozen_taps *t, struct graph *g, const char *name)
{
    const ptrdiff_t there = graph_find_tap(g, name);
    for (size_t s = 0; there < 0 && s < SCALES; s++) {
        const char *layer = after(name, scales[s].prefix);
        if (layer && graph_find_tap(g, layer) >= 0) {
            append_network(t, g, &scales[s]);
            return graph_find_tap(g, name);
        }
    }
    return there;
}

static ptrdiff_t find_tap(struct frozen_taps *t, struct graph *g, const char *name)
{
    const char *pooled = after(name, "pool:");
    const ptrdiff_t tap = find_scaled(t, g, pooled ? pooled : name);
    if (tap < 0 || !pooled)
        return tap;
    const size_t mean = graph_meanpool(g, (size_t)tap);
    graph_tap(g, mean, name);
    return (ptrdiff_t)mean;
}

bool frozen_taps_find(struct frozen_taps *t, struct graph *g, const char *list, struct err *e)
{
    char *names = xstrdup(list), *save = NULL;
    bool good = true;
    *t = (struct frozen_taps){.part = {1}, .inputs = 1};
    for (char *name = strtok_r(names, ",", &save); name && good; name = strtok_r(NULL, ",", &save)) {
        const ptrdiff_t found = find_tap(t, g, name);
        if (found < 0)
            good = err_set(e,
                           "'%s' is not one of layer1, layer2, layer3, layer4, avgpool, half:layer1, "
                           "quarter:layer1, or pool:layer3",
                           name);
        else if (t->n == FROZEN_TAPS_MAX)
            good = err_set(e, "more than %d layers", FROZEN_TAPS_MAX);
        else
            t->node[t->n++] = (size_t)found;
    }
    free(names);
    return good && (t->n || err_set(e, "no layers"));
}

bool frozen_taps_are(const char *arch, const char *list, struct err *e)
{
    struct graph g = {0};
    struct frozen_taps t;
    if (!network_build(&g, arch, 0))
        return err_set(e, "'%s' is not a network that fern knows", arch);
    const bool good = frozen_taps_find(&t, &g, list, e);
    graph_free(&g);
    return good;
}

bool frozen_tap_is_part(const char *name)
{
    bool part = false;
    for (size_t s = 0; s < SCALES; s++)
        part |= after(name, scales[s].prefix) != NULL;
    return part;
}
