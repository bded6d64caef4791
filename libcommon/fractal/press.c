#include "fractal/press.h"
#include "base/ahead.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/setting.h"
#include "base/thread.h"
#include "stream/image.h"
#include <stdlib.h>
#include <string.h>

enum { SHARDS_MAX = 1 << 20 };
const struct press_options press_defaults = {1, 0, {0, 1}};

static bool read_shard(void *value, const char *text, struct err *e)
{
    size_t k, n, *shard = value;
    const char *slash = strchr(text, '/');
    char *first = xstrndup(text, slash ? (size_t)(slash - text) : 0);
    const bool good = opt_parse_size(&n, slash ? slash + 1 : text, 1, SHARDS_MAX, e) &&
                      opt_parse_size(&k, first, 0, n - 1, e);
    free(first);
    if (good)
        shard[0] = k, shard[1] = n;
    return good;
}

static void print_shard(FILE *f, const void *value)
{
    const size_t *shard = value;
    fprintf(f, "%zu/%zu", shard[0], shard[1]);
}

/* clang-format off */
static const struct setting_own shard = {read_shard, print_shard};
#define AT(field) offsetof(struct press_options, field)
const struct setting press_settings[] = {
    {"epochs", 'e', SETTING_SIZE, AT(epochs), 0, 2147483648.0, NULL, "N", "times through the set, new variations each time; 0: without end", SETTING_SILENT, NULL},
    {"shard", 0, SETTING_OWN, AT(shard), 0, 0, NULL, "K/N", "only the images whose id is K modulo N", SETTING_SILENT, &shard},
    {"start", 0, SETTING_SIZE, AT(start), 0, 0x1p60, NULL, "I", "only the images from id I on", SETTING_SILENT, NULL},
    SETTINGS_END};
/* clang-format on */

void press_parse_shard(size_t out[2], const char *text)
{
    struct err e;
    if (!read_shard(out, text, &e))
        misuse("--shard: %s", e.text);
}

struct sheet {
    struct order_item item;
    struct raster raster;
};

/* The line: one sheet for each slot. */
struct line {
    const struct press *p;
    uint64_t from; /* the id of the first */
    struct image_writer *out;
    struct fractal_order order;
    struct sheet *sheet;
    struct progress progress;
};

/* In order: within a round the order is a shuffle that is made once. */
static void begin_sheet(void *arg, size_t i, size_t slot)
{
    struct line *l = arg;
    l->sheet[slot].item = order_item(&l->order, l->from + i * l->p->options.shard[1]);
}

static void paint_sheet(void *arg, size_t i, size_t slot, size_t worker)
{
    (void)i;
    struct line *l = arg;
    l->p->paint(l->p->arg, &l->sheet[slot].raster, &l->sheet[slot].item, worker);
}

static void write_sheet(void *arg, size_t i, size_t slot)
{
    (void)i;
    struct line *l = arg;
    const struct order_item *item = &l->sheet[slot].item;
    struct image im = {.raster = l->sheet[slot].raster};
    note_setf(&im.note, "name", "%zu/%llu-%zu", item->class, (unsigned long long)item->epoch, item->k);
    note_setf(&im.note, "label", "%zu", item->class);
    note_setf(&im.note, "id", "%llu", (unsigned long long)item->id);
    note_set(&im.note, "stream", l->p->stream);
    image_write(l->out, &im);
    note_clear(&im.note);
    progress_add(&l->progress, 1);
}

/* The first id that is written, and the end of all ids. */
static uint64_t range(const struct press *p, uint64_t *end)
{
    const struct press_options *o = &p->options;
    const size_t k = o->shard[0], n = o->shard[1];
    size_t last = SIZE_MAX - n, set;
    if (!mem_mul(p->classes, p->per_class, &set) || (o->epochs && !mem_mul(set, o->epochs, &last)))
        misuse("-c, -n, -e: more images than can be counted");
    const uint64_t from = o->start + (k + n - o->start % n) % n;
    if (from >= last)
        misuse("--start, --shard: none of the %zu images is left", last);
    *end = last;
    return from;
}

void press_check(const struct press *p)
{
    uint64_t end;
    range(p, &end);
}

void press_run(const struct press *p)
{
    uint64_t end;
    struct line l = {.p = p, .from = range(p, &end)};
    const size_t shards = p->options.shard[1], n = (size_t)((end - l.from - 1) / shards + 1);
    const size_t sheets = 4 * pool_size();
    mem_need(sheets * p->channels * p->side * p->side, "painting");
    l.out = image_writer_new(out_binary(), "stdout");
    l.order = order_new(p->seed, p->classes, p->per_class);
    l.sheet = xcalloc(sheets, sizeof *l.sheet);
    for (size_t i = 0; i < sheets; i++)
        l.sheet[i].raster = raster_new(p->side, p->side, p->channels, 255);
    const struct ahead line = {n, sheets, begin_sheet, paint_sheet, write_sheet, &l};
    l.progress = progress_start("images", p->options.epochs ? n : 0);
    ahead_run(&line);
    image_writer_end(l.out);
    progress_end(&l.progress);
    for (size_t i = 0; i < sheets; i++)
        raster_free(&l.sheet[i].raster);
    free(l.sheet);
    order_free(&l.order);
}
