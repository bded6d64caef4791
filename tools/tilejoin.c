/* tilejoin - the maps of a picture's tiles as one map of the picture. See tilejoin.1.
 *
 * A tile's way:
 *
 *   run           a record of the stream; its keys say which picture it is of and where it lies (stream/tile)
 *   take_tile     its map waits, copied, with those of the same picture; its score counts
 *   finish        as soon as all are there: one map, blended where they overlap (image/tile), one score, the picture's keys */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "image/tile.h"
#include "method/image_score.h"
#include "method/model.h"
#include "stream/npys.h"
#include "stream/tile.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: tilejoin [-vq] [--score RULE] [MAPS ...]\n"
    "Puts the maps of tiles (imgcat --tiles) together: a map stream of whole pictures.\n"
    "      --score RULE  a picture's score: tiles, the largest of its tiles' (default), map-max, the largest\n"
    "                    value of its map, or top:SHARE, the mean of the largest SHARE of its map\n"
    USAGE_COMMON
    "examples:\n"
    "  imgcat --tiles 512+64 -s test boards | featx -w W | patchcore -m M | tilejoin > boards.maps\n"
    "  heatmap -i <(imgcat -r 0 -s test boards) -O overlays < boards.maps\n";
/* clang-format on */

enum { SCORE = OPT_LONG };

struct opts {
    bool of_tiles;            /* else: */
    struct image_score score; /* of the map */
};

/* The picture whose tiles are coming. */
struct whole {
    struct note note;  /* of its first tile */
    struct tile first; /* the keys of that */
    double score;      /* the largest so far */
    bool maps;
    struct tile_map *tile; /* those that have come; values are owned */
    size_t n, capacity;
};

struct run {
    const struct opts *o;
    struct npys_reader *r;
    struct npys_writer *out;
    struct whole whole;
    size_t tiles, untiled; /* records so far */
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *picture(const struct note *note)
{
    const char *of = note_get(note, "tile_of");
    return of ? of : "a picture without a name";
}

static void check_complete(const struct run *run)
{
    const struct whole *w = &run->whole;
    if (w->n)
        npys_reader_die(run->r, "%s has only %zu of its %zu tiles", picture(&w->note), w->n, w->first.tiles);
}

/* Whether the record is one more tile of the picture that is coming. */
static bool belongs(const struct whole *w, const struct note *note, const struct tile *t)
{
    return same_text(note_get(&w->note, "tile_of"), note_get(note, "tile_of")) &&
           w->first.whole_width == t->whole_width && w->first.whole_height == t->whole_height &&
           w->first.tiles == t->tiles;
}

static void begin_whole(struct whole *w, const struct npys_record *rec, const struct tile *t)
{
    w->first = *t;
    w->score = -INFINITY;
    w->maps = rec->n > 0;
    note_copy(&w->note, &rec->note);
}

static double score_of(const struct run *run, const struct note *note)
{
    const char *text = note_get(note, "score");
    char *end;
    const double score = text ? strtod(text, &end) : (double)NAN;
    if (!isfinite(score) || end == text || *end)
        npys_reader_die(run->r, "no score= that is a number");
    return score;
}

/* A copy of the record's map, f32. */
static float *copy_map(const struct run *run, const struct npys_record *rec, const struct tile *t)
{
    const struct tensor *map = &rec->array[0];
    char shape[128];
    if (rec->n != 1 || map->rank != 2 || (map->type != DT_F32 && map->type != DT_F16))
        npys_reader_die(run->r, "is no anomaly map: one array <f4 (height, width) is wanted");
    if (map->dim[0] != t->height || map->dim[1] != t->width)
        npys_reader_die(run->r, "its map is %s, its tile %zux%zu", tensor_shape_text(map, shape), t->height,
                        t->width);
    const size_t n = t->height * t->width;
    mem_need(n * sizeof(float), "the map of a tile");
    float *value = xmalloc(n, sizeof *value);
    tensor_to_f32(value, map);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(value[i]))
            npys_reader_die(run->r, "the map has a value that is not finite");
    return value;
}

static void take_tile(struct run *run, const struct npys_record *rec, const struct tile *t)
{
    struct whole *w = &run->whole;
    if (w->n && !belongs(w, &rec->note, t))
        check_complete(run);
    if (w->n == 0)
        begin_whole(w, rec, t);
    if (w->maps != (rec->n > 0))
        npys_reader_die(run->r, "tiles with and without maps");
    for (size_t i = 0; i < w->n; i++)
        if (w->tile[i].place.x == t->x && w->tile[i].place.y == t->y)
            npys_reader_die(run->r, "the tile at %zu,%zu has come before", t->x, t->y);
    w->score = fmax(w->score, score_of(run, &rec->note));
    w->tile = xgrow(w->tile, w->n, &w->capacity, sizeof *w->tile);
    w->tile[w->n++] = (struct tile_map){.place = {t->x, t->y, t->width, t->height},
                                        .value = w->maps ? copy_map(run, rec, t) : NULL};
}

static float *join_maps(const struct run *run)
{
    const struct whole *w = &run->whole;
    const size_t width = w->first.whole_width, height = w->first.whole_height;
    size_t x, y;
    mem_need(width * height * sizeof(float), "the map of a picture");
    float *map = xmalloc(width * height, sizeof *map);
    if (!tiles_join(map, height, width, w->tile, w->n, &x, &y))
        npys_reader_die(run->r, "%s: no tile holds the pixel %zu,%zu", picture(&w->note), x, y);
    return map;
}

static double map_score(const struct image_score *score, const float *map, size_t n)
{
    return score->form == SCORE_TOP ? mean_of_largest(map, n, score->share) : largest_of(map, n);
}

/* The picture, whose tiles are all there. */
static void finish(struct run *run)
{
    struct whole *w = &run->whole;
    const size_t width = w->first.whole_width, height = w->first.whole_height;
    struct npys_record out = {.n = w->maps ? 1 : 0, .note = w->note};
    float *map = w->maps ? join_maps(run) : NULL;
    if (!run->o->of_tiles && !map)
        npys_reader_die(run->r, "--score: there is no map");
    const double score = run->o->of_tiles ? w->score : map_score(&run->o->score, map, width * height);
    tile_note_whole(&out.note, &w->first);
    note_setf(&out.note, "score", "%.9g", score);
    out.array[0] = (struct tensor){.type = DT_F32, .rank = 2, .dim = {height, width}, .data = map};
    npys_write(run->out, &out, map ? "map" : "");
    note_clear(&out.note);
    for (size_t i = 0; i < w->n; i++)
        free((void *)(uintptr_t)w->tile[i].value);
    free(map);
    w->note = (struct note){0};
    w->n = 0;
}

/* What a threshold of tiles says of pictures: one of many tiles reaches it sooner. So of tiles' scores the largest that a normal
 * one had counts; of other scores none does. */
static void set_threshold(struct note *opening, const struct opts *o, const char *label)
{
    const struct normal_scores normal = model_scores(opening, label);
    if (!note_get(opening, "threshold"))
        return;
    if (!o->of_tiles)
        note_remove(opening, "threshold");
    else if (normal.n)
        note_setf(opening, "threshold", "%.9g", (double)normal.value[normal.n - 1]);
    else
        warning("%s: no scores= of normal tiles: the threshold is that of a single tile", label);
    note_remove(opening, "scores");
}

/* The opening note, when it is known whether there are tiles. */
static void begin(struct run *run, const char *label, bool tiled)
{
    struct note opening = {0};
    note_copy(&opening, npys_opening(run->r));
    const char *kind = note_get(&opening, "stream");
    if (kind && strcmp(kind, "maps") != 0)
        die("%s: is a stream of %s, not of maps", label, kind);
    if (tiled)
        set_threshold(&opening, run->o, label);
    char score[64] = "";
    if (!run->o->of_tiles && run->o->score.form == SCORE_TOP)
        snprintf(score, sizeof score, " --score top:%.9g", run->o->score.share);
    else if (!run->o->of_tiles)
        snprintf(score, sizeof score, " --score map-max");
    char *by = xprintf("tilejoin " FERN_VERSION "%s", score);
    run->out = npys_writer_new(out_binary(), "stdout", &opening, by);
    free(by);
    note_clear(&opening);
}

/* What is no tile stays as it is. */
static void pass(struct run *run, const struct npys_record *rec)
{
    const char *arrays = note_get(&rec->note, "arrays");
    npys_write(run->out, rec, arrays ? arrays : "map");
}

static void one_stream(struct run *run, const char *file)
{
    FILE *f = file_open(file);
    struct npys_record rec = {0};
    struct tile tile;
    struct err e;
    run->r = npys_reader_new(f, file_label(file));
    while (npys_read(run->r, &rec)) {
        const int is_tile = tile_of_note(&tile, &rec.note, &e);
        if (is_tile < 0)
            npys_reader_die(run->r, "%s", e.text);
        run->tiles += is_tile > 0;
        run->untiled += is_tile == 0;
        if (run->tiles && run->untiled)
            npys_reader_die(run->r, "tiles and whole pictures together");
        if (!run->out)
            begin(run, file_label(file), is_tile);
        if (is_tile)
            take_tile(run, &rec, &tile);
        else
            pass(run, &rec);
        if (is_tile && run->whole.n == run->whole.first.tiles)
            finish(run);
    }
    check_complete(run);
    if (!run->out)
        begin(run, file_label(file), false);
    npys_record_free(&rec);
    npys_reader_free(run->r);
    file_close(f);
}

static void parse_score(struct opts *o, const char *text)
{
    struct err e;
    o->of_tiles = strcmp(text, "tiles") == 0;
    if (!o->of_tiles && !image_score_maps.read(&o->score, text, &e))
        misuse("--score: %s", e.text);
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON, {"score", required_argument, NULL, SCORE}, OPT_END};
    struct opts o = {.of_tiles = true};
    while (opt_next(argc, argv, table, usage) == SCORE)
        parse_score(&o, optarg);
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    const struct opts o = parse(argc, argv);
    struct run run = {.o = &o};
    if (optind == argc)
        one_stream(&run, NULL);
    for (int i = optind; i < argc; i++)
        one_stream(&run, argv[i]);
    npys_writer_end(run.out);
    notice("%zu tiles", run.tiles);
    free(run.whole.tile);
    return out_close();
}
