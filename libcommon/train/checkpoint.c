#include "train/checkpoint.h"
#include "base/err.h"
#include "base/mem.h"
#include "stream/safetensors.h"
#include <stdlib.h>
#include <string.h>

/* The arrays by name; the average may be absent. */
struct part {
    const char *name;
    float *data;
    size_t n;
};

static size_t list_parts(struct part out[4], const struct checkpoint *c)
{
    size_t n = 0;
    out[n++] = (struct part){"values", c->values, c->parameters};
    out[n++] = (struct part){"velocity", c->velocity, c->parameters};
    out[n++] = (struct part){"statistics", c->statistics, c->statistics_n};
    if (c->average)
        out[n++] = (struct part){"average", c->average, c->parameters};
    return n;
}

void checkpoint_write(const char *path, const struct checkpoint *c)
{
    struct safetensors st = {0};
    struct part part[4];
    const size_t parts = list_parts(part, c);
    for (size_t i = 0; i < parts; i++) {
        struct tensor t = {.type = DT_F32, .rank = 1, .dim = {part[i].n}, .data = part[i].data};
        safetensors_add(&st, part[i].name, &t);
    }
    note_set(&st.meta, "format", "fern checkpoint 2");
    note_set(&st.meta, "recipe", c->recipe);
    note_set(&st.meta, "identity", c->identity);
    note_setf(&st.meta, "step", "%llu", (unsigned long long)c->step);
    note_setf(&st.meta, "position", "%llu", (unsigned long long)c->position);
    note_setf(&st.meta, "seconds", "%.3f", c->seconds);
    safetensors_write(&st, path);
    safetensors_free(&st);
}

static const char *need(const struct safetensors *st, const char *path, const char *key)
{
    const char *value = note_get(&st->meta, key);
    if (!value)
        die("%s: is not a checkpoint of fractrain (no %s)", path, key);
    return value;
}

void checkpoint_read(const char *path, struct checkpoint *c)
{
    struct safetensors st = {0};
    struct part part[4];
    safetensors_open(&st, path);
    const char *recipe = need(&st, path, "recipe");
    if (strcmp(need(&st, path, "format"), "fern checkpoint 2") != 0)
        die("%s: format '%s' is unknown", path, note_get(&st.meta, "format"));
    if (strcmp(recipe, c->recipe) != 0)
        die("%s: was made with other options: '%s', not '%s'", path, recipe, c->recipe);
    const size_t parts = list_parts(part, c);
    for (size_t i = 0; i < parts; i++) {
        const struct tensor *t = safetensors_find(&st, part[i].name);
        if (!t || t->type != DT_F32 || tensor_count(t) != part[i].n)
            die("%s: %s is missing or of another size", path, part[i].name);
        memcpy(part[i].data, t->data, part[i].n * sizeof(float));
    }
    c->step = strtoull(need(&st, path, "step"), NULL, 10);
    c->position = strtoull(need(&st, path, "position"), NULL, 10);
    c->seconds = strtod(need(&st, path, "seconds"), NULL);
    c->identity = xstrdup(need(&st, path, "identity"));
    safetensors_free(&st);
}
