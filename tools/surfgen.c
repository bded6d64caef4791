/* surfgen - labelled images of lit, textured, overlapping surfaces, without end if wanted. See surfgen.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/thread.h"
#include "stream/table.h"
#include "surface/paint.h"
#include <stdlib.h>
#include <string.h>

static const char usage_head[] =
    "usage: surfgen [-c CLASSES] [-n PER_CLASS] [-z SIZE] [-e EPOCHS] [-s SEED] [options]\n"
    "Labelled images of lit, textured, overlapping surfaces as an image stream; each a function of seed, "
    "class, "
    "number\nand epoch.\n";
static const char usage_end[] =
    "examples:\n"
    "  surfgen -c 250 -e 0 -z 144 | fractrain -c 250 -z 96 --steps 2000 -o surface.safetensors\n"
    "  surfgen -c 48 -z 256 --scenes plain | imgsheet -g 8x6 -o textures.png\n";

enum { GENERATION = 1, SIDE_MIN = 16, SIDE_MAX = 4096 };
static const char *const scene_names[] = {"plain", "shape", "leaves", NULL}, *const yes_no[] = {"no", "yes",
                                                                                                NULL};

static bool read_programs(void *value, const char *text, struct err *e)
{
    struct program_list *l = value, read;
    const bool good = opt_parse_choices(&read.n, read.program, PROGRAM_LIST, text, program_names, e);
    if (good)
        *l = read;
    return good;
}

static void print_programs(FILE *f, const void *value)
{
    const struct program_list *l = value;
    opt_print_choices(f, l->n, l->program, program_names);
}

static bool read_scenes(void *value, const char *text, struct err *e)
{
    struct scene_list *l = value, read;
    const bool good = opt_parse_choices(&read.n, read.scene, SCENE_LIST, text, scene_names, e);
    if (good)
        *l = read;
    return good;
}

static void print_scenes(FILE *f, const void *value)
{
    const struct scene_list *l = value;
    opt_print_choices(f, l->n, l->scene, scene_names);
}

/* clang-format off */
static const struct setting_own programs = {read_programs, print_programs}, scenes = {read_scenes, print_scenes};
#define AT(field) offsetof(struct surface_set, field)
enum { NAMED = 1 }; /* what stream= depends on */
static const struct setting table[] = {
    {"classes", 'c', SETTING_SIZE, AT(classes), 1, 1e5, NULL, "N", "labels 0 .. N-1", NAMED, NULL},
    {"per-class", 'n', SETTING_SIZE, AT(per_class), 1, 1e9, NULL, "N", "images of a class in an epoch", NAMED, NULL},
    {"size", 'z', SETTING_SIZE, AT(side), SIDE_MIN, SIDE_MAX, NULL, "N", "side in pixels", NAMED, NULL},
    {"seed", 's', SETTING_U64, AT(seed), 0, 0, NULL, "N", "another seed, other textures and images", NAMED, NULL},
    {"textures", 't', SETTING_OWN, AT(programs), 0, 0, NULL, "LIST", "families that classes are drawn from; one named twice is drawn twice as often", NAMED, &programs},
    {"scenes", 0, SETTING_OWN, AT(scenes), 0, 0, NULL, "LIST", "what images are drawn from: plain, shape, leaves", NAMED, &scenes},
    {"light", 0, SETTING_SWITCH, AT(light), 0, 0, yes_no, "Y", "slopes, highlights and shadows; else colours as they are", NAMED, NULL},
    {"camera", 0, SETTING_SWITCH, AT(camera), 0, 0, yes_no, "Y", "blur, exposure, white balance, vignette, gamma, noise", NAMED, NULL},
    {"labels", 'l', SETTING_FLAG, AT(labels), 0, 0, NULL, NULL, "a fourth channel: the class of each pixel, plus 1", NAMED, NULL},
    {"print", 0, SETTING_FLAG, AT(print), 0, 0, NULL, NULL, "write a table of the classes instead of images", SETTING_SILENT, NULL},
    SETTINGS_END};
/* clang-format on */
enum { TABLES = 2 };

static struct surface_set defaults(void)
{
    struct surface_set o = {.side = 144,
                            .classes = 250,
                            .per_class = 1,
                            .scenes = {4, {SCENE_PLAIN, SCENE_SHAPE, SCENE_LEAVES, SCENE_LEAVES}},
                            .light = true,
                            .camera = true,
                            .press = press_defaults};
    for (; o.programs.n < PROGRAMS; o.programs.n++)
        o.programs.program[o.programs.n] = (unsigned char)o.programs.n;
    return o;
}

static struct surface_set parse(int argc, char **argv)
{
    struct surface_set o = defaults();
    struct settings set[TABLES] = {{table, &o, 0}, {press_settings, &o.press, 0}};
    struct option *rows = settings_options(set, TABLES, true);
    char *usage = settings_page(usage_head, set, TABLES, NULL, usage_end);
    for (int c; (c = opt_next(argc, argv, rows, usage)) != -1;)
        settings_take(set, TABLES, c, optarg);
    if (optind < argc)
        misuse("'%s': no operand is expected (see surfgen --help)", argv[optind]);
    if (o.labels && o.classes > SURFACE_LABELS_MAX)
        misuse("--labels: %zu classes and none do not fit a byte (-c, at most %d)", o.classes,
               SURFACE_LABELS_MAX);
    free(rows);
    free(usage);
    return o;
}

/* "surfgen:" and a hash of all that the bytes depend on. */
static void name_stream(char out[32], const struct surface_set *o)
{
    char digits[17];
    char *by = settings_by(o, table, NAMED), *text = xprintf("%d%s", GENERATION, by);
    hash_text(digits, hash_bytes(text, strlen(text)));
    strcpy(stpcpy(out, "surfgen:"), digits);
    free(by);
    free(text);
}

static void print_classes(const struct surface_set *o)
{
    table_write(stdout, "stdout", 3, (const char *const[]){"class", "texture", "colours"});
    for (size_t i = 0; i < o->classes; i++) {
        const struct texture t = texture_draw(o->seed, i, &o->programs);
        char *class = xprintf("%zu", i), *colours = xprintf("%zu", t.knots);
        table_write(stdout, "stdout", 3, (const char *const[]){class, program_names[t.program], colours});
        free(class);
        free(colours);
    }
}

struct painter {
    struct surface_world world;
    struct surface_studio *studio; /* of each thread */
};

static void paint(void *arg, struct raster *out, const struct order_item *item, size_t worker)
{
    struct painter *p = arg;
    surface_paint(out, &p->world, &p->studio[worker], item);
}

static void run(struct press press, const struct surface_set *o)
{
    struct painter p = {surface_world_new(o), xcalloc(pool_size(), sizeof *p.studio)};
    mem_need(pool_size() * surface_studio_bytes(o), "painting");
    for (size_t i = 0; i < pool_size(); i++)
        p.studio[i] = surface_studio_new(o);
    press.arg = &p;
    press_run(&press);
    for (size_t i = 0; i < pool_size(); i++)
        surface_studio_free(&p.studio[i]);
    free(p.studio);
    surface_world_free(&p.world);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct surface_set o = parse(argc, argv);
    char stream[32];
    name_stream(stream, &o);
    struct press press = {.options = o.press,
                          .seed = o.seed,
                          .classes = o.classes,
                          .per_class = o.per_class,
                          .side = o.side,
                          .channels = o.labels ? 4 : 3,
                          .stream = stream,
                          .paint = paint};
    press_check(&press);
    if (o.print)
        print_classes(&o);
    else
        run(press, &o);
    return out_close();
}
