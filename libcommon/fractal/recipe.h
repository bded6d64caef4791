/* What a set of fractal images is made of.
 *   single:     one fractal on the whole canvas (Anderson & Farrell; "Fractals" of Ugwu et al. 2024)
 *   multi:      several of one class, each in its own size, place and colour ("MultiFractals", Multi-Formula)
 *   fractaldb:  Kataoka et al. 2020: image k is weight row (k / 4) % 25, masks k / 100, flips k % 4 */
#ifndef FRACTAL_RECIPE_H
#define FRACTAL_RECIPE_H
#include "fractal/background.h"
#include "fractal/colour.h"
#include "fractal/jitter.h"
#include "fractal/source.h"

enum recipe_mode { MODE_SINGLE, MODE_MULTI, MODE_FRACTALDB };
extern const char *const mode_names[];

/* Everything that an image depends on, but for its class, number and epoch. */
struct recipe {
    enum recipe_mode mode;
    uint64_t seed;
    size_t side, points; /* pixels of the square image; points of each fractal */
    size_t classes, per_class;
    enum tone tone;
    enum colour_kind colour;
    enum ifs_jitter jitter;
    enum background background;
    bool patch, window, flip;
    double blur; /* probability */
    size_t objects_lo, objects_hi;
    double size_lo, size_hi;  /* of an object, in sides */
    double weight;            /* FractalDB's w */
    struct ifs_source source; /* its systems are dealt to the classes in equal blocks */
};

enum { SIDE_MIN = 16, SIDE_MAX = 8192, POINTS_MAX = 1 << 26 };

/* The published settings of a mode, with the systems of a sampler; classes, seed and source.n are left 0. */
struct recipe recipe_published(enum recipe_mode mode, enum sampler sampler);

/* A recipe by options, for a program's command line. recipe_options appends their entries to a table (room
 * for RECIPE_OPTIONS, val from `first` where an option has no letter) and returns how many; recipe_option
 * says which of them `val` is (-1: none); recipe_parse takes the text given for each, NULL where none was.
 * Wrong values end in misuse(). classes stays 0 where it is not given. */
enum { RECIPE_OPTIONS = 32 };
struct option;
size_t recipe_options(struct option *table, int first);
ptrdiff_t recipe_option(int val, int first);
struct recipe recipe_parse(const char *const text[RECIPE_OPTIONS]);
/* Deals source.n systems, of files or to be made, to the classes; misuse() where there are fewer than
 * classes. classes 0: one for each system of the files, or 1000. source.n 0: all of the files', 50 sampled
 * ones a class (Ugwu et al.), one found one a class. */
void recipe_deal(struct recipe *recipe);

/* Systems of a class, source.n / classes. */
size_t recipe_block(const struct recipe *recipe);
/* The system that image k of a class shows (single and fractaldb): the class's systems share its images
 * evenly. */
size_t recipe_system(const struct recipe *recipe, size_t class, size_t k);

/* A name for the bytes that come out: "ifsgen:" and a hash of everything in the recipe. `codes` are those
 * from files, NULL where there are none. */
void recipe_identity(char out[32], const struct recipe *recipe, const struct codes *codes);
#endif
