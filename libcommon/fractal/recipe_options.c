#include "base/setting.h"
#include "fractal/recipe.h"
#include <stddef.h>

/* clang-format off */
static const char *const yes_no[] = {"no", "yes", NULL};

/* Without the words of --help: ifsgen has them, since most defaults depend on the mode. */
#define ROW(name, letter, kind, member, low, high, choices)                                                                        \
    {name, letter, kind, offsetof(struct recipe, member), low, high, choices, NULL, NULL, 0, NULL}
static const struct setting table[] = {
    ROW("mode", 'm', SETTING_CHOICE, mode, 0, 0, mode_names),
    ROW("sampler", 0, SETTING_CHOICE, source.sampler, 0, 0, sampler_names),
    ROW("classes", 'c', SETTING_SIZE, classes, 1, 1e7, NULL),
    ROW("per-class", 'n', SETTING_SIZE, per_class, 1, 1e9, NULL),
    ROW("size", 'z', SETTING_SIZE, side, SIDE_MIN, SIDE_MAX, NULL),
    ROW("seed", 's', SETTING_U64, seed, 0, 0, NULL),
    ROW("systems", 0, SETTING_SIZE, source.n, 1, 1e9, NULL),
    ROW("maps", 0, SETTING_SIZES, source.range.maps_lo, 1, IFS_MAPS_MAX, NULL),
    ROW("alpha", 0, SETTING_REALS, source.range.alpha_lo, 0, 3 * IFS_MAPS_MAX, NULL),
    ROW("translation", 0, SETTING_REAL, source.range.translation, 0, 1e3, NULL),
    ROW("fill", 0, SETTING_REAL, source.fill, 0, 1, NULL),
    ROW("delta", 0, SETTING_REAL, source.delta, 0, 1, NULL),
    ROW("points", 0, SETTING_SIZE, points, 1, POINTS_MAX, NULL),
    ROW("tone", 0, SETTING_CHOICE, tone, 0, 0, tone_names),
    ROW("colour", 0, SETTING_CHOICE, colour, 0, 0, colour_names),
    ROW("jitter", 0, SETTING_CHOICE, jitter, 0, 0, jitter_names),
    ROW("background", 0, SETTING_CHOICE, background, 0, 0, background_names),
    ROW("patch", 0, SETTING_SWITCH, patch, 0, 0, yes_no),
    ROW("window", 0, SETTING_SWITCH, window, 0, 0, yes_no),
    ROW("flip", 0, SETTING_SWITCH, flip, 0, 0, yes_no),
    ROW("blur", 0, SETTING_REAL, blur, 0, 1, NULL),
    ROW("objects", 0, SETTING_SIZES, objects_lo, 1, 1000, NULL),
    ROW("object-size", 0, SETTING_REALS, size_lo, 0.001, 4, NULL),
    ROW("weight", 0, SETTING_REAL, weight, 0, 1, NULL),
    SETTINGS_END,
};
#undef ROW
/* clang-format on */
enum { ROWS = sizeof table / sizeof *table - 1, MODE = 0, SAMPLER = 1 };
_Static_assert((int)ROWS <= (int)RECIPE_OPTIONS, "a caller's table has room for all options");

size_t recipe_options(struct option *rows, int first)
{
    for (int i = 0; i < ROWS; i++)
        rows[i] = (struct option){table[i].name, required_argument, NULL,
                                  table[i].letter ? table[i].letter : first + i};
    return ROWS;
}

ptrdiff_t recipe_option(int val, int first)
{
    for (int i = 0; i < ROWS; i++)
        if (val == (table[i].letter ? table[i].letter : first + i))
            return i;
    return -1;
}

struct recipe recipe_parse(const char *const text[RECIPE_OPTIONS])
{
    struct recipe r = {.mode = MODE_SINGLE};
    if (text[MODE])
        setting_read(&r, &table[MODE], text[MODE]);
    r.source.sampler = r.mode == MODE_FRACTALDB ? SAMPLER_SEARCH : SAMPLER_SIGMA;
    if (text[SAMPLER])
        setting_read(&r, &table[SAMPLER], text[SAMPLER]);
    r = recipe_published(r.mode, r.source.sampler);
    for (int i = 0; i < ROWS; i++)
        if (text[i])
            setting_read(&r, &table[i], text[i]);
    return r;
}
