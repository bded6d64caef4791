/* ifsgen - labelled images of fractals, without end if wanted. See ifsgen.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/thread.h"
#include "fractal/picture.h"
#include "fractal/press.h"
#include <stdlib.h>

static const char usage[] =
    "usage: ifsgen [-m MODE] [-c CLASSES] [-n PER_CLASS] [-z SIZE] [-e EPOCHS] [-s SEED] [options]\n"
    "Labelled images of IFS fractals as an image stream; each a function of seed, class, number and epoch.\n"
    "  -m, --mode M          single, multi or fractaldb (default single)\n"
    "  -c, --classes N       labels 0 .. N-1 (default 1000, or the systems of --codes)\n"
    "  -n, --per-class N     images of a class in an epoch (default 1)\n"
    "  -z, --size N          side in pixels (default 512; fractaldb 362)\n"
    "  -e, --epochs N        times through the set, new variations each time; 0: without end (default 1)\n"
    "  -s, --seed N          (default 0)\n"
    "      --shard K/N       only the images whose id is K modulo N\n"
    "      --start I         only the images from id I on\n"
    "systems:\n"
    "      --systems N       how many, dealt to the classes in blocks (default 50 a class; searched ones 1)\n"
    "      --sampler S       sigma, search or one (default sigma; fractaldb search)\n"
    "      --maps LO-HI      affine maps of a system, up to 8 (default 2-4; search 2-7, one 2)\n"
    "      --alpha LO-HI     sigma-factor (default (5+n)/2 to (6+n)/2 for n maps; one 3.4-3.6)\n"
    "      --translation B   translations lie in -B..B (default 1)\n"
    "      --fill F          the least filled part that search and one accept (default .2, one .05)\n"
    "      --delta D         one: numbers are multiplied by 1-D .. 1+D (default .1)\n"
    "      --codes FILE      read systems: TSV, FractalDB's CSV or a folder of them; may be repeated\n"
    "      --print           write the systems as TSV instead of images\n"
    "images:\n"
    "      --points N        points of a fractal (default 100000; fractaldb 200000)\n"
    "      --tone T          linear, log or binary (default linear)\n"
    "      --colour C        hue, palette, map or none (default hue; fractaldb none)\n"
    "      --jitter J        none, basic, svd, sval, fractaldb-1 .. fractaldb-4 (default basic)\n"
    "      --background B    none, diamond, noise or leaves (default none)\n"
    "      --patch yes|no    every point is a random 3 x 3 patch (default no; multi yes)\n"
    "      --window yes|no   show a random window (default yes; multi no)\n"
    "      --flip yes|no     one of the square's eight symmetries (default yes)\n"
    "      --blur P          probability of the last blur (default .5)\n"
    "      --objects LO-HI   multi: fractals of an image (default 4-10)\n"
    "      --object-size LO-HI  multi: their sides, in sides of the image (default .15-.6)\n"
    "      --weight W        fractaldb: numbers times 1-2W, 1-W, 1, 1+W, 1+2W (default .4)\n" USAGE_THREADS
        USAGE_COMMON "examples:\n"
    "  ifsgen -c 1000 -e 0 | fractrain -a resnet18 --recipe ofdb --steps 20000 -o fractal.safetensors\n"
    "  ifsgen -m multi -c 8 -n 6 --tone log | imgsheet -g 8x6 -o multi.png\n";

/* Without a letter; those of the recipe come after. */
enum { SHARD = OPT_LONG, START, CODES, PRINT, RECIPE };

struct opts {
    struct recipe recipe;
    char stream[32]; /* stream=, the name of what comes out */
    struct press_options press;
    bool print;
};

/* What needs the whole command line: systems, classes, the identity. */
static void complete(struct opts *o, const char *const text[RECIPE_OPTIONS], struct codes codes)
{
    o->recipe = recipe_parse(text);
    o->recipe.source.seed = o->recipe.seed;
    o->recipe.source.codes = codes;
    recipe_deal(&o->recipe);
    recipe_identity(o->stream, &o->recipe, &codes);
}

static struct opts parse(int argc, char **argv)
{
    struct option table[RECIPE_OPTIONS + 16] = {OPT_COMMON,
                                                OPT_THREADS,
                                                {"epochs", required_argument, NULL, 'e'},
                                                {"shard", required_argument, NULL, SHARD},
                                                {"start", required_argument, NULL, START},
                                                {"codes", required_argument, NULL, CODES},
                                                {"print", no_argument, NULL, PRINT}};
    const char *text[RECIPE_OPTIONS] = {NULL};
    struct codes codes = {0};
    struct opts o = {.press = press_defaults};
    size_t own = 0;
    int c;
    while (table[own].name)
        own++;
    recipe_options(table + own, RECIPE);
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        switch (c) {
        case 'e':
            o.press.epochs = opt_size("-e", optarg, 0, 1u << 31);
            break;
        case SHARD:
            press_parse_shard(o.press.shard, optarg);
            break;
        case START:
            o.press.start = opt_size("--start", optarg, 0, (size_t)1 << 60);
            break;
        case CODES:
            codes_read(&codes, optarg);
            break;
        case PRINT:
            o.print = true;
            break;
        default:
            text[recipe_option(c, RECIPE)] = optarg;
        }
    if (optind < argc)
        misuse("'%s': no operand is expected (see ifsgen --help)", argv[optind]);
    complete(&o, text, codes);
    return o;
}

static void print_systems(const struct ifs_source *source)
{
    struct ifs ifs;
    codes_write_head(stdout);
    for (size_t i = 0; i < source->n; i++) {
        source_system(source, i, &ifs);
        codes_write(stdout, i, &ifs);
    }
}

struct painter {
    const struct recipe *recipe;
    struct studio *studio; /* of each thread */
};

static void paint(void *arg, struct raster *out, const struct order_item *item, size_t worker)
{
    struct painter *p = arg;
    picture_paint(out->samples, p->recipe, &p->studio[worker], item->class, item->k, item->epoch);
}

static void run(struct press press, const struct recipe *recipe)
{
    struct painter p = {recipe, xcalloc(pool_size(), sizeof *p.studio)};
    mem_need(pool_size() * studio_bytes(recipe), "painting");
    for (size_t i = 0; i < pool_size(); i++)
        p.studio[i] = studio_new(recipe);
    press.arg = &p;
    press_run(&press);
    for (size_t i = 0; i < pool_size(); i++)
        studio_free(&p.studio[i]);
    free(p.studio);
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    const struct recipe *r = &o.recipe;
    struct press press = {.options = o.press,
                          .seed = r->seed,
                          .classes = r->classes,
                          .per_class = r->per_class,
                          .side = r->side,
                          .channels = 3,
                          .stream = o.stream,
                          .paint = paint};
    press_check(&press);
    source_prepare(&o.recipe.source);
    if (o.print)
        print_systems(&r->source);
    else
        run(press, r);
    codes_free(&o.recipe.source.codes);
    return out_close();
}
