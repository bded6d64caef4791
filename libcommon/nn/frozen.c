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

static void find_taps(struct frozen *net, const char *layers)
{
    char *list = xstrdup(layers), *save = NULL;
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        const ptrdiff_t tap = graph_find_tap(&net->graph, name);
        if (tap < 0)
            misuse("-l: '%s' is not one of layer1, layer2, layer3, layer4, avgpool", name);
        if (net->taps == FROZEN_TAPS_MAX)
            misuse("-l: more than %d layers", FROZEN_TAPS_MAX);
        net->tap[net->taps++] = (size_t)tap;
    }
    if (net->taps == 0)
        misuse("-l: no layers");
    free(list);
}

static void choose_norm(struct frozen *net, const char *norm, const char *file)
{
    struct err e;
    net->norm = normalisation_imagenet;
    if (!norm) {
        if (!normalisation_from_note(&net->norm, &net->weights.meta, &e) && e.text[0])
            die("%s: %s", file, e.text);
    } else if (strcmp(norm, "none") == 0) {
        net->norm = (struct normalisation){{0, 0, 0}, {1, 1, 1}};
    } else if (strcmp(norm, "imagenet") != 0) {
        char *mean = xstrdup(norm), *std = strchr(mean, '/');
        if (std)
            *std++ = 0;
        if (!std || !normalisation_parse(net->norm.mean, mean) || !normalisation_parse(net->norm.std, std) ||
            !(net->norm.std[0] > 0 && net->norm.std[1] > 0 && net->norm.std[2] > 0))
            misuse("--norm: '%s' is not imagenet, none or r,g,b/r,g,b", norm);
        free(mean);
    }
}

static void open_random(struct frozen *net, const char *seed, const char *arch)
{
    if (!network_build(&net->graph, arch ? arch : "resnet18", 0))
        misuse("-a: '%s' is not a network that fern knows (see featx --help)", arch);
    weights_random(&net->weights, &net->graph, opt_u64("-w random", seed));
}

static void open_file(struct frozen *net, const char *file, const char *arch)
{
    safetensors_open(&net->weights, file);
    const char *known = arch ? arch : network_guess(&net->weights);
    if (!known && note_get(&net->weights.meta, "arch"))
        die("%s: arch=%s is not a network that fern knows", file, note_get(&net->weights.meta, "arch"));
    if (!known)
        die("%s: which network these weights are for can't be told; say it with -a", file);
    if (!network_build(&net->graph, known, 0))
        misuse("-a: '%s' is not a network that fern knows (see featx --help)", known);
}

void frozen_open(struct frozen *net, const struct frozen_options *o)
{
    *net = (struct frozen){.file = o->weights};
    const char *name = strrchr(o->weights, '/');
    char hash[17];
    if (strncmp(o->weights, "random:", 7) == 0)
        open_random(net, o->weights + 7, o->arch);
    else
        open_file(net, o->weights, o->arch);
    find_taps(net, o->layers);
    choose_norm(net, o->norm, o->weights);
    hash_text(hash, safetensors_hash(&net->weights));
    snprintf(net->identity, sizeof net->identity, "%s:%s", name ? name + 1 : o->weights, hash);
    for (char *p = net->identity; *p && strrchr(net->identity, ':') > p; p++)
        if (*p == ':')
            *p = '-'; /* random:7 */
}

struct infer *frozen_compile(struct frozen *net, size_t n, size_t h, size_t w, enum dtype precision)
{
    const struct infer_plan plan = {net->tap, net->taps, n, h, w, precision};
    struct infer *x = infer_new(&net->graph, &net->weights, net->file, &plan);
    safetensors_free(&net->weights);
    return x;
}

void frozen_free(struct frozen *net)
{
    safetensors_free(&net->weights);
    graph_free(&net->graph);
}
