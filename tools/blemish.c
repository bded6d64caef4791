/* blemish - normal images, and altered copies of them with masks, as a labelled stream. See blemish.1. */
#include "base/ahead.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/setting.h"
#include "base/thread.h"
#include "blemish/alter.h"
#include "blemish/normals.h"
#include "train/order.h"
#include <stdlib.h>
#include <string.h>

static const char usage_head[] =
    "usage: blemish [-e EPOCHS] [-s SEED] [-k KINDS] [-M] [options] [IMAGES ...]\n"
    "Passes normal images on with label=0, each followed by copies that are altered at a place, one of each "
    "kind:\n"
    "label=1 to 6. A copy is a function of seed, kind, epoch and the image's number, and of the images.\n";
static const char usage_end[] =
    "examples:\n"
    "  imgcat -s train bottle | blemish -e 0 | fractrain -c 7 --init net.safetensors --freeze layer1 --steps "
    "300 -o "
    "bottle.safetensors\n"
    "  imgcat -s train bottle | blemish -b | featx -w net.safetensors | patchcore -m bottle.model |\n"
    "    auroc -M <(imgcat -s train bottle | blemish -b -M)\n";

enum { GENERATION = 1 }; /* of the bytes that the same options give */

struct kind_list {
    size_t n;
    unsigned char kind[BLEMISH_KINDS];
};

struct opts {
    size_t epochs, start, memory;
    uint64_t seed;
    struct kind_list kinds;
    bool masks, binary;
};

static bool read_kinds(void *value, const char *text, struct err *e)
{
    struct kind_list *l = value, read;
    bool good = opt_parse_choices(&read.n, read.kind, BLEMISH_KINDS, text, blemish_names, e);
    for (size_t i = 1; good && i < read.n; i++)
        if (memchr(read.kind, read.kind[i], i))
            good = err_set(e, "%s is named twice", blemish_names[read.kind[i]]);
    if (good)
        *l = read;
    return good;
}

static void print_kinds(FILE *f, const void *value)
{
    const struct kind_list *l = value;
    opt_print_choices(f, l->n, l->kind, blemish_names);
}

/* clang-format off */
static const struct setting_own kinds = {read_kinds, print_kinds};
#define AT(field) offsetof(struct opts, field)
enum { NAMED = 1 }; /* what stream= depends on */
static const struct setting table[] = {
    {"epochs", 'e', SETTING_SIZE, AT(epochs), 0, 2147483648.0, NULL, "N", "times through the images, altered otherwise each time; 0: without end", SETTING_SILENT, NULL},
    {"seed", 's', SETTING_U64, AT(seed), 0, 0, NULL, "N", "another seed, other alterations", NAMED, NULL},
    {"kinds", 'k', SETTING_OWN, AT(kinds), 0, 0, NULL, "LIST", "of alterations, in the order of their labels", NAMED, &kinds},
    {"masks", 'M', SETTING_FLAG, AT(masks), 0, 0, NULL, NULL, "write the masks instead of the images: 255 where a copy is altered", NAMED, NULL},
    {"binary", 'b', SETTING_FLAG, AT(binary), 0, 0, NULL, NULL, "label=1 for all that is altered, as auroc wants it", NAMED, NULL},
    {"start", 0, SETTING_SIZE, AT(start), 0, 0x1p60, NULL, "I", "only the images from id I on", SETTING_SILENT, NULL},
    {"mem", 0, SETTING_BYTES, AT(memory), 0, 0, NULL, "SIZE", "images held in memory before they are spooled", SETTING_SILENT, NULL},
    SETTINGS_END};
/* clang-format on */

/* A copy on its way. */
struct sheet {
    uint64_t id, epoch;
    size_t index, way; /* of the image; 0: as it is, else of the kind before that in the list */
    struct feed_sample whole, donor;
    struct raster image, mask;
    bool shown;
};

struct job {
    const struct opts *o;
    struct blemish_normals normals;
    struct blemish_world world;
    struct epoch_order order;
    struct sheet *sheet; /* of each slot */
    struct image_writer *out;
    char stream[32];
    struct progress progress;
};

static enum blemish_kind kind_of(const struct job *j, const struct sheet *s)
{
    return (enum blemish_kind)j->o->kinds.kind[s->way - 1];
}

/* In the first epoch the images come as they came in, then in an order of each epoch's own. Another image lends, where there is one. */
static void begin_sheet(void *arg, size_t i, size_t slot)
{
    struct job *j = arg;
    struct sheet *s = &j->sheet[slot];
    const size_t ways = 1 + j->o->kinds.n, n = j->normals.n;
    s->id = j->o->start + i;
    s->way = (size_t)(s->id % ways);
    s->epoch = s->id / ways / n;
    s->index = (size_t)(s->id / ways % n);
    if (s->epoch)
        s->index = epoch_order_of(&j->order, s->epoch)[s->index];
    const size_t donor = s->way ? blemish_donor(j->o->seed, kind_of(j, s), s->epoch, s->index, n) : s->index;
    held_set_get(j->normals.set, s->index, &s->whole);
    held_set_get(j->normals.set, donor, &s->donor);
}

static void make_sheet(void *arg, size_t i, size_t slot, size_t worker)
{
    (void)i;
    (void)worker;
    struct job *j = arg;
    struct sheet *s = &j->sheet[slot];
    const struct raster *whole = &s->whole.raster;
    s->shown = true;
    if (s->way) {
        const struct blemish_request q = {kind_of(j, s), s->epoch, s->index, whole, &s->donor.raster};
        s->shown = blemish(&s->image, &s->mask, &j->world, &q);
        return;
    }
    raster_copy(&s->image, whole);
    raster_free(&s->mask);
    s->mask = raster_new(whole->width, whole->height, 1, 255);
    memset(s->mask.samples, 0, raster_bytes(&s->mask));
}

/* NAME+KIND-EPOCH; what is not altered keeps its name. */
static void name_sheet(struct note *note, const struct sheet *s, const char *kind)
{
    const char *name = note_get(note, "name");
    char *copy = name && *name ? xstrdup(name) : xprintf("%zu", s->index);
    if (kind)
        note_setf(note, "name", "%s+%s-%llu", copy, kind, (unsigned long long)s->epoch);
    else
        note_set(note, "name", copy);
    free(copy);
}

static void write_sheet(void *arg, size_t i, size_t slot)
{
    (void)i;
    struct job *j = arg;
    struct sheet *s = &j->sheet[slot];
    const char *kind = s->way ? blemish_names[kind_of(j, s)] : NULL;
    struct image im = {.raster = j->o->masks ? s->mask : s->image};
    note_copy(&im.note, &j->normals.note[s->index]);
    name_sheet(&im.note, s, kind);
    if (!s->shown)
        die("%s: no %s is seen on it in %d attempts (--kinds leaves kinds out)", image_name(&im), kind,
            BLEMISH_ATTEMPTS);
    note_setf(&im.note, "label", "%zu", j->o->binary ? (size_t)(s->way > 0) : s->way);
    note_set(&im.note, "defect", kind ? kind : "good");
    note_setf(&im.note, "id", "%llu", (unsigned long long)s->id);
    note_set(&im.note, "stream", j->stream);
    image_write(j->out, &im);
    note_clear(&im.note);
    progress_add(&j->progress, 1);
}

/* "blemish:" and a hash of all that the bytes depend on. */
static void name_stream(struct job *j)
{
    char digits[17];
    char *by = settings_by(j->o, table, NAMED);
    char *text = xprintf("%d%s %llx", GENERATION, by, (unsigned long long)held_set_hash(j->normals.set));
    hash_text(digits, hash_bytes(text, strlen(text)));
    strcpy(stpcpy(j->stream, "blemish:"), digits);
    free(by);
    free(text);
}

/* Images that are written; as good as endless where there is no last epoch. */
static size_t count(const struct job *j)
{
    const struct opts *o = j->o;
    size_t n;
    if (!o->epochs)
        return SIZE_MAX - o->start;
    if (!mem_mul(j->normals.n, 1 + o->kinds.n, &n) || !mem_mul(n, o->epochs, &n))
        die("-e %zu: more images than can be counted", o->epochs);
    if (o->start >= n)
        die("--start %zu: there are %zu images", o->start, n);
    return n - o->start;
}

static void write_all(struct job *j)
{
    const struct ahead line = {count(j), 4 * pool_size(), begin_sheet, make_sheet, write_sheet, j};
    mem_need(line.window * j->normals.largest * 5,
             "blemishing"); /* two in, one out, a mask, and a copy on the way */
    j->sheet = xcalloc(line.window, sizeof *j->sheet);
    j->progress = progress_start("images", j->o->epochs ? line.n : 0);
    ahead_run(&line);
    progress_end(&j->progress);
    for (size_t i = 0; i < line.window; i++) {
        raster_free(&j->sheet[i].whole.raster);
        raster_free(&j->sheet[i].donor.raster);
        raster_free(&j->sheet[i].image);
        raster_free(&j->sheet[i].mask);
    }
    free(j->sheet);
}

static void run(char **inputs, size_t n, const struct opts *o)
{
    struct job j = {.o = o, .normals = blemish_normals_new(o->memory)};
    FILE *out = out_binary();
    for (size_t i = 0; i < n; i++)
        blemish_normals_read(&j.normals, inputs[i]);
    j.order = epoch_order_new(o->seed, j.normals.n);
    name_stream(&j);
    count(&j);
    j.world = blemish_world_new(o->seed, memchr(o->kinds.kind, BLEMISH_BLOB, o->kinds.n) != NULL);
    j.out = image_writer_new(out, "stdout");
    write_all(&j);
    image_writer_end(j.out);
    blemish_world_free(&j.world);
    epoch_order_free(&j.order);
    blemish_normals_free(&j.normals);
}

static struct opts parse(int argc, char **argv)
{
    struct opts o = {.epochs = 1, .memory = (size_t)1 << 30};
    for (; o.kinds.n < BLEMISH_KINDS; o.kinds.n++)
        o.kinds.kind[o.kinds.n] = (unsigned char)o.kinds.n;
    struct settings set[] = {{table, &o, 0}};
    struct option *rows = settings_options(set, 1, true);
    char *usage = settings_page(usage_head, set, 1, NULL, usage_end);
    for (int c; (c = opt_next(argc, argv, rows, usage)) != -1;)
        settings_take(set, 1, c, optarg);
    free(rows);
    free(usage);
    return o;
}

int main(int argc, char **argv)
{
    static char *from_stdin[] = {"-"};
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    const bool none = optind == argc;
    run(none ? from_stdin : argv + optind, none ? 1 : (size_t)(argc - optind), &o);
    return out_close();
}
