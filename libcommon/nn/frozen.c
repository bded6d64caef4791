#include "nn/frozen.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/opt.h"
#include "nn/networks.h"
#include "nn/weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "layer3", or "pool:layer3": its mean over all pixels, a node more. -1 where there is none. */
static ptrdiff_t find_tap(struct graph *g, const char *name)
{
    const bool pooled = strncmp(name, "pool:", 5) == 0;
    const ptrdiff_t tap = graph_find_tap(g, pooled ? name + 5 : name);
    if (tap < 0 || !pooled)
        return tap;
    const size_t mean = graph_meanpool(g, (size_t)tap);
    graph_tap(g, mean, name);
    return (ptrdiff_t)mean;
}

/* The taps of a list of them; false with a reason. */
static bool list_taps(size_t tap[FROZEN_TAPS_MAX], size_t *taps, struct graph *g, const char *layers,
                      struct err *e)
{
    char *list = xstrdup(layers), *save = NULL;
    bool good = true;
    *taps = 0;
    for (char *name = strtok_r(list, ",", &save); name && good; name = strtok_r(NULL, ",", &save)) {
        const ptrdiff_t found = find_tap(g, name);
        if (found < 0)
            good = err_set(e, "'%s' is not one of layer1, layer2, layer3, layer4, avgpool, or pool:layer3",
                           name);
        else if (*taps == FROZEN_TAPS_MAX)
            good = err_set(e, "more than %d layers", FROZEN_TAPS_MAX);
        else
            tap[(*taps)++] = (size_t)found;
    }
    free(list);
    return good && (*taps || err_set(e, "no layers"));
}

bool frozen_layers_are(const char *arch, const char *layers, struct err *e)
{
    struct graph g = {0};
    size_t tap[FROZEN_TAPS_MAX], taps;
    if (!network_build(&g, arch, 0))
        return err_set(e, "'%s' is not a network that fern knows", arch);
    const bool good = list_taps(tap, &taps, &g, layers, e);
    graph_free(&g);
    return good;
}

static void find_taps(struct frozen *net, const char *asked, const char *option)
{
    const char *recommended = note_get(&net->weights.meta, "taps");
    struct err e;
    net->layers = xstrdup(asked ? asked : recommended ? recommended : FROZEN_LAYERS);
    if (list_taps(net->tap, &net->taps, &net->graph, net->layers, &e))
        return;
    if (asked || !recommended)
        misuse("%s: %s", option, e.text);
    die("%s: taps=%s: %s: choose layers by %s", net->file, recommended, e.text, option);
}

static void choose_norm(struct frozen *net, const char *norm, const char *option)
{
    struct err e;
    net->norm = normalisation_imagenet;
    if (!norm) {
        if (!normalisation_from_note(&net->norm, &net->weights.meta, &e) && e.text[0])
            die("%s: %s", net->file, e.text);
    } else if (strcmp(norm, "none") == 0) {
        net->norm = (struct normalisation){{0, 0, 0}, {1, 1, 1}};
    } else if (strcmp(norm, "imagenet") != 0) {
        char *mean = xstrdup(norm), *std = strchr(mean, '/');
        if (std)
            *std++ = 0;
        if (!std || !normalisation_parse(net->norm.mean, mean) || !normalisation_parse(net->norm.std, std) ||
            !(net->norm.std[0] > 0 && net->norm.std[1] > 0 && net->norm.std[2] > 0))
            misuse("%s: '%s' is not imagenet, none or r,g,b/r,g,b", option, norm);
        free(mean);
    }
}

static void build(struct frozen *net, const char *arch, const char *option)
{
    if (!network_build(&net->graph, arch, 0))
        misuse("%s: '%s' is not a network that fern knows (see %s --help)", option, arch, err_tool());
}

static void open_random(struct frozen *net, const char *seed, const char *arch,
                        const struct frozen_names *names)
{
    char option[64];
    snprintf(option, sizeof option, "%s random", names->weights);
    build(net, arch ? arch : "resnet18", names->arch);
    weights_random(&net->weights, &net->graph, "", opt_u64(option, seed));
}

static void open_file(struct frozen *net, const char *file, const char *arch,
                      const struct frozen_names *names)
{
    safetensors_open(&net->weights, file);
    const char *known = arch ? arch : network_guess(&net->weights);
    if (!known && note_get(&net->weights.meta, "arch"))
        die("%s: arch=%s is not a network that fern knows", file, note_get(&net->weights.meta, "arch"));
    if (!known)
        die("%s: which network these weights are for can't be told; say it with %s", file, names->arch);
    build(net, known, names->arch);
}

void frozen_open(struct frozen *net, const struct frozen_options *o, const struct frozen_names *names)
{
    *net = (struct frozen){.file = o->weights};
    const char *name = strrchr(o->weights, '/');
    char hash[17];
    if (strncmp(o->weights, "random:", 7) == 0)
        open_random(net, o->weights + 7, o->arch, names);
    else
        open_file(net, o->weights, o->arch, names);
    find_taps(net, o->layers, names->layers);
    choose_norm(net, o->norm, names->norm);
    hash_text(hash, safetensors_hash(&net->weights));
    snprintf(net->identity, sizeof net->identity, "%s:%s", name ? name + 1 : o->weights, hash);
    for (char *p = net->identity; *p && strrchr(net->identity, ':') > p; p++)
        if (*p == ':')
            *p = '-'; /* random:7 */
}

struct infer *frozen_compile(struct frozen *net, size_t n, size_t h, size_t w, enum dtype precision)
{
    const struct infer_plan plan = {
        .wanted = net->tap, .wanted_n = net->taps, .n = n, .h = h, .w = w, .precision = precision};
    struct infer *x = infer_new(&net->graph, &net->weights, net->file, &plan);
    bool *needed = xcalloc(net->graph.n, sizeof *needed);
    graph_needed(&net->graph, net->tap, net->taps, needed);
    weights_exact(&net->weights, net->file, &net->graph, needed);
    safetensors_free(&net->weights);
    free(needed);
    return x;
}

void frozen_free(struct frozen *net)
{
    safetensors_free(&net->weights);
    graph_free(&net->graph);
    free(net->layers);
}
