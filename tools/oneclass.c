/* oneclass - tunes weights to the normal images of one product. See oneclass.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/setting.h"
#include "nn/precision_option.h"
#include "oneclass/tuner.h"
#include <stdlib.h>
#include <string.h>

static const char usage_head[] =
    "usage: oneclass --method panda|cutpaste -w WEIGHTS -o TUNED [-l LAYER] [options] [IMAGES ...]\n"
    "Tunes a network to normal images: until they look alike (panda; then featx and knn), or until it tells "
    "whole\n"
    "ones from those with a piece pasted elsewhere (cutpaste; then featx and gauss).\n";
static const char usage_end[] =
    "examples:\n"
    "  imgcat -s train bottle | oneclass --method panda -w net.safetensors -o tuned.safetensors\n"
    "  imgcat -s train bottle | featx -w tuned.safetensors -l avgpool | knn -o bottle.safetensors\n"
    "  imgcat -s train bottle | oneclass --method cutpaste -w net.safetensors -o tuned.safetensors\n"
    "  imgcat -s train bottle | featx -w tuned.safetensors -l avgpool | gauss -o bottle.safetensors\n";

struct opts {
    struct tuner_options tune;
    const char *method;
    const char *who; /* to follow, or NULL */
};

static const char *const methods[] = {"panda", "cutpaste", NULL};
static const char *const people[] = {"original", NULL};

/* clang-format off */
#define AT(field) offsetof(struct opts, tune.field)
/* Whose options they are; those of a method change the weights and are in by=. */
enum { CUTPASTE = 2, EITHER = 4, PANDA = 16 }; /* beside FITTING_USE, which is of the steps */
#define VALUES (PANDA | CUTPASTE)
static const struct setting table[] = {
    {"method", 0, SETTING_WORD, offsetof(struct opts, method), 0, 0, methods, "M", "how", VALUES, NULL},
    {"as", 0, SETTING_WORD, offsetof(struct opts, who), 0, 0, people, "WHO", "sets the options below as others have them", EITHER | SETTING_SILENT, NULL},
    {"weights", 'w', SETTING_TEXT, AT(net.weights), 0, 0, NULL, "WEIGHTS", "to begin with: a safetensors file, or random:SEED", EITHER, NULL},
    {"output", 'o', SETTING_TEXT, AT(out), 0, 0, NULL, "TUNED", "the weights, a safetensors file", EITHER, NULL},
    {"layer", 'l', SETTING_TEXT, AT(net.layers), 0, 0, NULL, "LAYER", "whose vector is tuned: avgpool, or layer3, whose mean it is", VALUES, NULL},
    {"arch", 'a', SETTING_TEXT, AT(net.arch), 0, 0, NULL, "ARCH", "the network (default: as the weights say)", EITHER, NULL},
    {"norm", 0, SETTING_TEXT, AT(net.norm), 0, 0, NULL, "NORM", "imagenet, none or MEAN/STD (default: as the weights say)", VALUES, NULL},
    {"precision", 0, SETTING_CHOICE, AT(precision), 0, 0, precision_names_of_training, "P", "of activations and products", VALUES, NULL},
    {"freeze", 0, SETTING_TEXT, AT(frozen), 0, 0, NULL, "NAMES", "stay as they are: beginnings of tensors' names; layer1 to layer4 with all before them", VALUES, NULL},
    FITTING_STEPS(struct opts, tune.fit),
    {"steps", 0, SETTING_SIZE, AT(steps), 0, 1e9, NULL, "N", "as many epochs as make so many steps, where -e doesn't say; 0: the method's", VALUES, NULL},
    {"momentum", 0, SETTING_REAL, AT(momentum), 0, 1, NULL, "M", "of SGD", VALUES, NULL},
    {"decay", 0, SETTING_REAL, AT(decay), 0, 1, NULL, "D", "weight decay", VALUES, NULL},
    {"clip", 0, SETTING_REAL, AT(clip), 0, 1e9, NULL, "N", "norm that gradients are cut to; 0: not cut", VALUES, NULL},
    {"ewc", 0, SETTING_TEXT, AT(ewc), 0, 0, NULL, "IMAGES", "labelled images of what the network was trained on: weights that matter to them stay", PANDA | SETTING_SILENT, NULL},
    {"pull", 0, SETTING_REAL, AT(pull), 0, 1e12, NULL, "L", "how strongly, with --ewc", PANDA, NULL},
    {"ways", 0, SETTING_SIZE, AT(ways), 2, 3, NULL, "N", "2: whole images, with a patch; 3: with a scar too", CUTPASTE, NULL},
    {"alone", 0, SETTING_SIZE, AT(alone), 0, 1e6, NULL, "N", "first steps, in which only the head learns", CUTPASTE, NULL},
    FITTING_FILES(struct opts, tune.fit, 0),
    {"mem", 0, SETTING_BYTES, AT(memory), 0, 0, NULL, "SIZE", "images held in memory before they are spooled", EITHER, NULL},
    SETTINGS_END};
/* clang-format on */

static struct opts defaults(void)
{
    return (struct opts){.tune = {.net = {.layers = "avgpool"},
                                  .frozen = "conv1,bn1,layer1,layer2",
                                  .fit = FITTING_DEFAULTS(32, 0.01),
                                  .momentum = 0.9,
                                  .decay = 5e-5,
                                  .clip = 1e-3,
                                  .pull = 1e4,
                                  .ways = 3,
                                  .alone = 20,
                                  .precision = 2,
                                  .memory = (size_t)1 << 30}};
}

/* What CutPaste does otherwise, where the command line doesn't say. The authors: 256 epochs of 256 steps, of 32 images three times (methods
 * 10). PANDA's defaults are its authors'. */
static void default_to_cutpaste(struct opts *o, const struct settings *set)
{
    struct opts c = defaults();
    c.tune.frozen = "";
    c.tune.fit.batch = 8; /* with 200 images 92 steps, as many epochs of 32 had but 24 */
    c.tune.fit.rate = 0.03;
    c.tune.decay = 3e-5;
    c.tune.clip = 0;
    if (o->who) {
        c.tune.fit.batch = 32;
        c.tune.steps = 256 * 256;
    }
    for (size_t i = 0; table[i].name; i++)
        if (!(set->given >> i & 1) && table[i].use & (CUTPASTE | FITTING_ROW))
            setting_copy(o, &c, &table[i]);
}

/* Where CutPaste's defaults are its own, as --help says it. */
static void print_own_defaults(FILE *f, const struct opts *usual)
{
    struct opts c = *usual;
    struct setting own[sizeof table / sizeof *table];
    size_t n = 0;
    default_to_cutpaste(&c, &(struct settings){table, &c, 0});
    for (const struct setting *s = table; s->name; s++)
        if (s->use & (CUTPASTE | FITTING_ROW) && !setting_equal(usual, &c, s))
            own[n++] = *s;
    own[n] = (struct setting)SETTINGS_END;
    char *by = settings_by(&c, own, CUTPASTE | FITTING_ROW);
    fprintf(f, "cutpaste's own defaults:%s\n", by);
    free(by);
}

/* free() it */
static char *usage_text(const struct opts *o)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory for --help");
    fputs(usage_head, f);
    settings_usage(f, o, table);
    settings_usage_text(f, USAGE_THREADS USAGE_COMMON);
    print_own_defaults(f, o);
    fputs(usage_end, f);
    fclose(f);
    return text;
}

static bool is_cutpaste(const struct opts *o)
{
    return o->method && strcmp(o->method, "cutpaste") == 0;
}

static struct opts parse(int argc, char **argv)
{
    struct opts o = defaults();
    struct settings set = {table, &o, 0};
    char *usage = usage_text(&o);
    struct option *rows = settings_options(&set, 1, true);
    int c;
    while ((c = opt_next(argc, argv, rows, usage)) != -1)
        settings_take(&set, 1, c, optarg);
    if (!o.method || !o.tune.net.weights || !o.tune.out)
        misuse("--method, -w WEIGHTS and -o TUNED are needed (see oneclass --help)");
    const struct setting *other =
        settings_without(&set, (is_cutpaste(&o) ? CUTPASTE : PANDA) | EITHER | FITTING_ROW);
    if (other)
        misuse("%s: not with --method %s", setting_name(other).text, o.method);
    if (is_cutpaste(&o))
        default_to_cutpaste(&o, &set);
    o.tune.method = tuner_method(o.method);
    o.tune.precision = precision_settled(o.tune.precision);
    free(rows);
    free(usage);
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    const unsigned its = is_cutpaste(&o) ? CUTPASTE : PANDA;
    char *recipe = settings_by(&o, table, its);
    struct tuner *t = tuner_train(&o.tune, recipe, argv + optind, (size_t)(argc - optind));
    char *with = settings_by(&o, table, its | FITTING_ROW); /* now the epochs are known */
    char *by = xprintf("oneclass " FERN_VERSION "%s", with);
    tuner_write(t, by);
    free(recipe);
    free(with);
    free(by);
    return out_close();
}
