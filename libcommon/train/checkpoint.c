#include "train/checkpoint.h"
#include "base/err.h"
#include "base/mem.h"
#include "stream/safetensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format[] = "fern checkpoint 2";

void checkpoint_add(struct checkpoint_parts *parts, const char *name, enum dtype type, void *data, size_t n)
{
    struct checkpoint_part p = {.type = type, .data = data, .n = n};
    snprintf(p.name, sizeof p.name, "%s", name);
    parts->part = xgrow(parts->part, parts->n, &parts->capacity, sizeof *parts->part);
    parts->part[parts->n++] = p;
}

bool checkpoint_finite(const struct checkpoint_parts *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        const float *x = parts->part[i].data;
        bool finite = true;
        for (size_t j = 0; parts->part[i].type == DT_F32 && j < parts->part[i].n; j++)
            finite &= isfinite(x[j]) != 0;
        if (!finite)
            return false;
    }
    return true;
}

void checkpoint_parts_free(struct checkpoint_parts *parts)
{
    free(parts->part);
    *parts = (struct checkpoint_parts){0};
}

void checkpoint_write(const char *path, const struct checkpoint_parts *parts, const struct note *state)
{
    struct safetensors st = {0};
    for (size_t i = 0; i < parts->n; i++) {
        const struct checkpoint_part *p = &parts->part[i];
        const struct tensor t = {.type = p->type, .rank = 1, .dim = {p->n}, .data = p->data};
        safetensors_add(&st, p->name, &t);
    }
    note_set(&st.meta, "format", format);
    for (size_t i = 0; i < state->n; i++)
        note_set(&st.meta, state->pair[i].key, state->pair[i].value);
    safetensors_write(&st, path);
    safetensors_free(&st);
}

const char *checkpoint_word(const char *path, const struct note *state, const char *key)
{
    const char *value = note_get(state, key);
    if (!value)
        die("%s: is not a checkpoint of %s (no %s)", path, err_tool(), key);
    return value;
}

uint64_t checkpoint_count(const char *path, const struct note *state, const char *key)
{
    size_t value;
    checkpoint_word(path, state, key);
    if (!note_count(state, key, &value))
        die("%s: %s=%s is not a count", path, key, note_get(state, key));
    return value;
}

static void check_origin(const char *path, const struct note *state, const char *recipe)
{
    const char *theirs = checkpoint_word(path, state, "recipe");
    if (strcmp(checkpoint_word(path, state, "format"), format) != 0)
        die("%s: format '%s' is unknown", path, note_get(state, "format"));
    if (strcmp(theirs, recipe) != 0)
        die("%s: was made with other options: '%s', not '%s'", path, theirs, recipe);
}

void checkpoint_read(const char *path, const struct checkpoint_parts *parts, const char *recipe,
                     struct note *state)
{
    struct safetensors st = {0};
    safetensors_open(&st, path);
    check_origin(path, &st.meta, recipe);
    for (size_t i = 0; i < parts->n; i++) {
        const struct checkpoint_part *p = &parts->part[i];
        const struct tensor *t = safetensors_find(&st, p->name);
        if (!t || t->type != p->type || tensor_count(t) != p->n)
            die("%s: %s is missing or of another size", path, p->name);
        memcpy(p->data, t->data, tensor_bytes(t));
    }
    note_copy(state, &st.meta);
    safetensors_free(&st);
}
