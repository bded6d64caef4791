#include "fractal/recipe.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

/* Goes into the identity of a stream: raise it whenever the same settings give other bytes than before. */
enum { GENERATION = 1 };

const char *const mode_names[] = {"single", "multi", "fractaldb", NULL};

static struct ifs_source published_source(enum sampler sampler)
{
    struct ifs_source s = {.sampler = sampler, .range = {2, 4, 1, 0, 1}, .points = 100000};
    if (sampler == SAMPLER_SEARCH) {
        s.range.maps_hi = 7;
        s.fill = 0.2;
    } else if (sampler == SAMPLER_ONE) {
        s.range = (struct ifs_range){2, 2, 3.4, 3.6, 1};
        s.fill = 0.05;
        s.delta = 0.1;
    }
    return s;
}

struct recipe recipe_published(enum recipe_mode mode, enum sampler sampler)
{
    struct recipe r = {.mode = mode,
                       .side = 512,
                       .points = 100000,
                       .per_class = 1,
                       .jitter = JITTER_BASIC,
                       .window = mode == MODE_SINGLE,
                       .patch = mode == MODE_MULTI,
                       .flip = true,
                       .blur = 0.5,
                       .objects_lo = 4,
                       .objects_hi = 10,
                       .size_lo = 0.15,
                       .size_hi = 0.6,
                       .weight = 0.4,
                       .source = published_source(sampler)};
    if (mode == MODE_FRACTALDB) {
        r.side = 362;
        r.points = 200000;
        r.colour = COLOUR_NONE;
    }
    return r;
}

void recipe_deal(struct recipe *r)
{
    struct ifs_source *s = &r->source;
    size_t most = s->codes.n ? s->codes.n : SIZE_MAX;
    if (r->classes == 0)
        r->classes = s->codes.n ? s->codes.n : 1000;
    if (s->n == 0)
        s->n = s->codes.n ? s->codes.n : r->classes * (s->sampler == SAMPLER_SIGMA ? 50 : 1);
    if (s->n > most)
        misuse("--systems: %zu of only %zu in the files", s->n, most);
    if (s->n < r->classes)
        misuse("%zu systems for %zu classes: every class needs one (-c, --systems)", s->n, r->classes);
}

size_t recipe_block(const struct recipe *recipe)
{
    return recipe->source.n / recipe->classes;
}

size_t recipe_system(const struct recipe *recipe, size_t class, size_t k)
{
    size_t block = recipe_block(recipe);
    return class * block + (size_t)((unsigned __int128)(k % recipe->per_class) * block / recipe->per_class);
}

void recipe_identity(char out[32], const struct recipe *r, const struct codes *codes)
{
    const struct ifs_source *s = &r->source;
    struct hash h;
    char digits[17];
    hash_init(&h);
    char *text = xprintf(
        "%d %d %llu %zu %zu %zu %zu %d %d %d %d %d%d%d %a %zu %zu %a %a %a | %d %zu %zu %a %a %a %a %a "
        "%zu %zu",
        GENERATION, (int)r->mode, (unsigned long long)r->seed, r->side, r->points, r->classes, r->per_class,
        (int)r->tone, (int)r->colour, (int)r->jitter, (int)r->background, r->patch, r->window, r->flip,
        r->blur, r->objects_lo, r->objects_hi, r->size_lo, r->size_hi, r->weight, (int)s->sampler,
        s->range.maps_lo, s->range.maps_hi, s->range.alpha_lo, s->range.alpha_hi, s->range.translation,
        s->fill, s->delta, s->points, s->n);
    hash_add(&h, text, strlen(text));
    free(text);
    for (size_t i = 0; codes && i < codes->n; i++)
        hash_add(&h, &codes->system[i], sizeof codes->system[i]);
    hash_text(digits, hash_value(&h));
    strcpy(stpcpy(out, "ifsgen:"), digits);
}
