/* bulbgen - labelled images of Mandelbulb variations, without end if wanted. See bulbgen.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/thread.h"
#include "bulb/forms.h"
#include "bulb/paint.h"
#include <stdlib.h>
#include <string.h>

static const char usage_head[] =
    "usage: bulbgen [-m MODE] [-c CLASSES] [-n PER_CLASS] [-z SIZE] [-e EPOCHS] [--planes FILE] [options]\n"
    "Labelled images of Mandelbulb variations as an image stream; each a function of seed, class, number and "
    "epoch.\n";
static const char usage_end[] =
    "examples:\n"
    "  bulbgen -c 125 -e 0 -z 96 --planes bulbs.planes | fractrain -c 125 --steps 2000 -o bulb.safetensors\n"
    "  bulbgen -m multi -c 8 -n 6 -z 256 --views 4 | imgsheet -g 8x6 -o bulbs.png\n";

enum { GENERATION = 1, SIDE_MIN = 16, SIDE_MAX = 8192, RENDER_MAX = 2048 };
static const char *const modes[] = {"single", "multi", NULL}, *const lights[] = {"fixed", "random", NULL};
/* In the order of enum bulb_ground. */
static const char *const grounds[] = {"white", "none", "diamond", "noise", "leaves", NULL};

/* clang-format off */
#define AT(field) offsetof(struct bulb_set, field)
enum { NAMED = 1 }; /* what stream= depends on */
static const struct setting table[] = {
    {"mode", 'm', SETTING_CHOICE, AT(mode), 0, 0, modes, "M", "one bulb an image, or several of a class", NAMED, NULL},
    {"classes", 'c', SETTING_SIZE, AT(classes), 1, 1e5, NULL, "N", "labels 0 .. N-1", NAMED, NULL},
    {"per-class", 'n', SETTING_SIZE, AT(per_class), 1, 1e9, NULL, "N", "images of a class in an epoch", NAMED, NULL},
    {"size", 'z', SETTING_SIZE, AT(side), SIDE_MIN, SIDE_MAX, NULL, "N", "side in pixels", NAMED, NULL},
    {"seed", 's', SETTING_U64, AT(seed), 0, 0, NULL, "N", "another seed, other forms and images", NAMED, NULL},
    {"planes", 0, SETTING_TEXT, AT(planes), 0, 0, NULL, "FILE", "where rendered views are kept; made where there is none", SETTING_SILENT, NULL},
    {"views", 0, SETTING_SIZE, AT(views), 1, 1e6, NULL, "N", "of each form", NAMED, NULL},
    {"render", 0, SETTING_SIZE, AT(render), SIDE_MIN, RENDER_MAX, NULL, "N", "side of a view in pixels", NAMED, NULL},
    {"systems", 0, SETTING_SIZE, AT(systems), 1, 1e5, NULL, "N", "forms, dealt to the classes in blocks (default: one a class)", NAMED, NULL},
    {"powers", 0, SETTING_SIZES, AT(powers), 2, BULB_POWER_MAX, NULL, "LO-HI", "of the forms", NAMED, NULL},
    {"coverage", 0, SETTING_REALS, AT(coverage), 0, 1, NULL, "LO-HI", "the part of a view that forms fill; 0-1: any", NAMED, NULL},
    {"codes", 0, SETTING_TEXT, AT(codes), 0, 0, NULL, "FILE", "forms from a table, as --print writes it", SETTING_SILENT, NULL},
    {"print", 0, SETTING_FLAG, AT(print), 0, 0, NULL, NULL, "write the forms as TSV instead of images", SETTING_SILENT, NULL},
    {"light", 0, SETTING_CHOICE, AT(light), 0, 0, lights, "L", "where the lamp is; random: without shadows", NAMED, NULL},
    {"background", 0, SETTING_CHOICE, AT(ground), 0, 0, grounds, "B", "(multi: none, which is black)", NAMED, NULL},
    {"objects", 0, SETTING_SIZES, AT(objects), 1, 1000, NULL, "LO-HI", "multi: bulbs of an image", NAMED, NULL},
    {"object-size", 0, SETTING_REALS, AT(sizes), 0.001, 4, NULL, "LO-HI", "multi: their sides, in sides of the image", NAMED, NULL},
    SETTINGS_END};
/* clang-format on */
enum { TABLES = 2 };

static struct bulb_set defaults(void)
{
    return (struct bulb_set){.side = 160,
                             .classes = 125,
                             .per_class = 1,
                             .views = 24,
                             .render = 160,
                             .powers = {2, 12},
                             .coverage = {0.15, 0.7},
                             .objects = {4, 10},
                             .sizes = {0.15, 0.6},
                             .press = press_defaults};
}

static bool given(const struct settings *set, const char *name)
{
    for (size_t i = 0; table[i].name; i++)
        if (strcmp(table[i].name, name) == 0)
            return set->given >> i & 1;
    return false;
}

/* Forms of a file, and what else needs the whole command line. */
static void complete(struct bulb_set *o, const struct settings *set)
{
    size_t n = o->systems;
    if (o->mode == BULB_MULTI && !given(set, "background"))
        o->ground = BULB_BLACK;
    if (o->codes)
        o->form = bulb_forms_read(o->codes, &n);
    if (o->codes && o->systems > n)
        misuse("--systems: %zu of only %zu in the file", o->systems, n);
    if (o->codes && !given(set, "classes"))
        o->classes = o->systems ? o->systems : n;
    if (!o->systems)
        o->systems = o->codes ? n : o->classes;
    if (o->systems < o->classes)
        misuse("%zu systems for %zu classes: every class needs one (-c, --systems)", o->systems, o->classes);
    if (!o->codes && o->systems > (o->powers[1] - o->powers[0] + 1) * BULB_RULES)
        misuse("%zu systems: there are %zu forms (-c, --systems, --powers)", o->systems,
               (o->powers[1] - o->powers[0] + 1) * BULB_RULES);
}

static struct bulb_set parse(int argc, char **argv)
{
    struct bulb_set o = defaults();
    struct settings set[TABLES] = {{table, &o, 0}, {press_settings, &o.press, 0}};
    struct option *rows = settings_options(set, TABLES, true);
    char *usage = settings_page(usage_head, set, TABLES, NULL, usage_end);
    for (int c; (c = opt_next(argc, argv, rows, usage)) != -1;)
        settings_take(set, TABLES, c, optarg);
    if (optind < argc)
        misuse("'%s': no operand is expected (see bulbgen --help)", argv[optind]);
    free(rows);
    free(usage);
    complete(&o, set);
    return o;
}

/* "bulbgen:" and a hash of all that the bytes depend on. */
static void name_stream(char out[32], const struct bulb_set *o)
{
    char digits[17];
    char *by = settings_by(o, table, NAMED),
         *text = xprintf("%d %llu%s", GENERATION, (unsigned long long)planes_identity(o), by);
    hash_text(digits, hash_bytes(text, strlen(text)));
    strcpy(stpcpy(out, "bulbgen:"), digits);
    free(by);
    free(text);
}

struct painter {
    const struct bulb_set *set;
    const struct planes *planes;
    struct bulb_studio *studio; /* of each thread */
};

static void paint(void *arg, struct raster *out, const struct order_item *item, size_t worker)
{
    struct painter *p = arg;
    bulb_paint(out->samples, p->planes, p->set, &p->studio[worker], item);
}

static void run(struct press press, struct bulb_set *set)
{
    struct planes *planes = planes_open(set);
    struct painter p = {set, planes, xcalloc(pool_size(), sizeof *p.studio)};
    mem_need(pool_size() * bulb_studio_bytes(set), "painting");
    for (size_t i = 0; i < pool_size(); i++)
        p.studio[i] = bulb_studio_new(set);
    press.arg = &p;
    press_run(&press);
    for (size_t i = 0; i < pool_size(); i++)
        bulb_studio_free(&p.studio[i]);
    free(p.studio);
    planes_close(planes);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct bulb_set o = parse(argc, argv);
    char stream[32];
    name_stream(stream, &o);
    struct press press = {.options = o.press,
                          .seed = o.seed,
                          .classes = o.classes,
                          .per_class = o.per_class,
                          .side = o.side,
                          .channels = 3,
                          .stream = stream,
                          .paint = paint};
    press_check(&press);
    if (o.print) {
        planes_find_forms(&o);
        bulb_forms_write(stdout, o.form, o.systems);
    } else {
        run(press, &o);
    }
    free(o.form);
    return out_close();
}
