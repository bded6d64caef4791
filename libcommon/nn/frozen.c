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

static void find_taps(struct frozen *net, const char *asked, const char *option)
{
    const char *recommended = note_get(&net->weights.meta, "taps");
    struct err e;
    net->layers = xstrdup(asked ? asked : recommended ? recommended : FROZEN_LAYERS);
    if (frozen_taps_find(&net->taps, &net->graph, net->layers, &e))
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
    size_t side[FROZEN_INPUTS_MAX][2];
    for (size_t i = 0; i < net->taps.inputs; i++) {
        side[i][0] = (h + net->taps.part[i] - 1) / net->taps.part[i];
        side[i][1] = (w + net->taps.part[i] - 1) / net->taps.part[i];
    }
    const struct infer_plan plan = {.wanted = net->taps.node,
                                    .wanted_n = net->taps.n,
                                    .n = n,
                                    .side = (const size_t(*)[2])side,
                                    .precision = precision};
    struct infer *x = infer_new(&net->graph, &net->weights, net->file, &plan);
    bool *needed = xcalloc(net->graph.n, sizeof *needed);
    graph_needed(&net->graph, net->taps.node, net->taps.n, needed);
    weights_exact(&net->weights, net->file, &net->graph, needed);
    safetensors_free(&net->weights);
    free(needed);
    net->height = h;
    net->width = w;
    return x;
}

void frozen_take(const struct frozen *net, const struct infer *x, size_t image, const struct raster *r)
{
    for (size_t i = 0; i < net->taps.inputs; i++) {
        const struct view in = infer_input(x, i);
        if (in.data)
            normalise_part(&in, image, r, net->taps.part[i], &net->norm);
    }
}

void frozen_free(struct frozen *net)
{
    safetensors_free(&net->weights);
    graph_free(&net->graph);
    free(net->layers);
}
