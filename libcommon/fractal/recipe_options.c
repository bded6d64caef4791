#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "fractal/recipe.h"
#include <stdlib.h>
#include <string.h>

enum kind { A_CHOICE, A_SWITCH, A_SIZE, A_U64, A_REAL, A_SIZE_RANGE, A_REAL_RANGE };

/* An option and the part of the recipe that it sets; a range sets the two numbers that lie there. */
static const struct field {
    const char *name;
    int letter;
    enum kind kind;
    size_t at;
    double lo, hi;
    const char *const *names;
} fields[] = {
#define AT(member) offsetof(struct recipe, member)
    {"mode", 'm', A_CHOICE, AT(mode), 0, 0, mode_names},
    {"sampler", 0, A_CHOICE, AT(source.sampler), 0, 0, sampler_names},
    {"classes", 'c', A_SIZE, AT(classes), 1, 1e7, NULL},
    {"per-class", 'n', A_SIZE, AT(per_class), 1, 1e9, NULL},
    {"size", 'z', A_SIZE, AT(side), SIDE_MIN, SIDE_MAX, NULL},
    {"seed", 's', A_U64, AT(seed), 0, 0, NULL},
    {"systems", 0, A_SIZE, AT(source.n), 1, 1e9, NULL},
    {"maps", 0, A_SIZE_RANGE, AT(source.range.maps_lo), 1, IFS_MAPS_MAX, NULL},
    {"alpha", 0, A_REAL_RANGE, AT(source.range.alpha_lo), 0, 3 * IFS_MAPS_MAX, NULL},
    {"translation", 0, A_REAL, AT(source.range.translation), 0, 1e3, NULL},
    {"fill", 0, A_REAL, AT(source.fill), 0, 1, NULL},
    {"delta", 0, A_REAL, AT(source.delta), 0, 1, NULL},
    {"points", 0, A_SIZE, AT(points), 1, POINTS_MAX, NULL},
    {"tone", 0, A_CHOICE, AT(tone), 0, 0, tone_names},
    {"colour", 0, A_CHOICE, AT(colour), 0, 0, colour_names},
    {"jitter", 0, A_CHOICE, AT(jitter), 0, 0, jitter_names},
    {"background", 0, A_CHOICE, AT(background), 0, 0, background_names},
    {"patch", 0, A_SWITCH, AT(patch), 0, 0, NULL},
    {"window", 0, A_SWITCH, AT(window), 0, 0, NULL},
    {"flip", 0, A_SWITCH, AT(flip), 0, 0, NULL},
    {"blur", 0, A_REAL, AT(blur), 0, 1, NULL},
    {"objects", 0, A_SIZE_RANGE, AT(objects_lo), 1, 1000, NULL},
    {"object-size", 0, A_REAL_RANGE, AT(size_lo), 0.001, 4, NULL},
    {"weight", 0, A_REAL, AT(weight), 0, 1, NULL},
#undef AT
};
enum { FIELDS = sizeof fields / sizeof *fields, MODE = 0, SAMPLER = 1 };
_Static_assert((int)FIELDS <= (int)RECIPE_OPTIONS, "a caller's table has room for all options");

size_t recipe_options(struct option *table, int first)
{
    for (int i = 0; i < FIELDS; i++)
        table[i] = (struct option){fields[i].name, required_argument, NULL,
                                   fields[i].letter ? fields[i].letter : first + i};
    return FIELDS;
}

ptrdiff_t recipe_option(int val, int first)
{
    for (int i = 0; i < FIELDS; i++)
        if (val == (fields[i].letter ? fields[i].letter : first + i))
            return i;
    return -1;
}

/* "LO-HI", or one number for both. */
static void set_range(const struct field *f, const char *option, const char *text, char *at)
{
    char *lo = xstrdup(text), *dash = strchr(lo, '-'), *hi = lo;
    if (dash) {
        *dash = 0;
        hi = dash + 1;
    }
    if (f->kind == A_SIZE_RANGE) {
        size_t n[2] = {opt_size(option, lo, (size_t)f->lo, (size_t)f->hi),
                       opt_size(option, hi, (size_t)f->lo, (size_t)f->hi)};
        if (n[0] > n[1])
            misuse("%s: %s begins above its end", option, text);
        memcpy(at, n, sizeof n);
    } else {
        double x[2] = {opt_real(option, lo, f->lo, f->hi), opt_real(option, hi, f->lo, f->hi)};
        if (x[0] > x[1])
            misuse("%s: %s begins above its end", option, text);
        memcpy(at, x, sizeof x);
    }
    free(lo);
}

static void set(struct recipe *r, const struct field *f, const char *text)
{
    static const char *const yes_no[] = {"no", "yes", NULL};
    char option[32], *at = (char *)r + f->at;
    snprintf(option, sizeof option, f->letter ? "-%s%c" : "--%s", f->letter ? "" : f->name, f->letter);
    switch (f->kind) {
    case A_CHOICE:
        *(unsigned *)(void *)at = (unsigned)opt_choice(option, text, f->names);
        break;
    case A_SWITCH:
        *(bool *)at = opt_choice(option, text, yes_no) == 1;
        break;
    case A_SIZE:
        *(size_t *)(void *)at = opt_size(option, text, (size_t)f->lo, (size_t)f->hi);
        break;
    case A_U64:
        *(uint64_t *)(void *)at = opt_u64(option, text);
        break;
    case A_REAL:
        *(double *)(void *)at = opt_real(option, text, f->lo, f->hi);
        break;
    case A_SIZE_RANGE:
    case A_REAL_RANGE:
        set_range(f, option, text, at);
        break;
    }
}

struct recipe recipe_parse(const char *const text[RECIPE_OPTIONS])
{
    struct recipe r = {.mode = MODE_SINGLE};
    if (text[MODE])
        set(&r, &fields[MODE], text[MODE]);
    r.source.sampler = r.mode == MODE_FRACTALDB ? SAMPLER_SEARCH : SAMPLER_SIGMA;
    if (text[SAMPLER])
        set(&r, &fields[SAMPLER], text[SAMPLER]);
    r = recipe_published(r.mode, r.source.sampler);
    for (int i = 0; i < FIELDS; i++)
        if (text[i])
            set(&r, &fields[i], text[i]);
    return r;
}
