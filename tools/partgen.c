/* partgen - a synthetic inspection set: parts, defects, exact masks. See partgen.1. */
#include "base/ahead.h"
#include "base/err.h"
#include "base/file.h"
#include "base/product.h"
#include "base/folder.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/progress.h"
#include "base/thread.h"
#include "codec/png.h"
#include "parts/part.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: partgen [-vq] [-k KIND,...] [-z SIZE] [-d easy|normal|hard] [-s SEED] [-j N] -o DIR\n"
    "       partgen --list\n"
    "Writes synthetic photographs of parts, good and defective, with exact masks, in the layout of MVTec AD:\n"
    "into DIR for one kind, into DIR/KIND for several (default: all).\n"
    "  -o, --output DIR  the folder to write; must be new or empty\n"
    "      --force       write into a folder that is not empty; files of the same name are replaced\n"
    "  -k, --kind LIST   kinds of part, joined by commas; all: every kind\n"
    "  -l, --list        a table of the kinds and their defects, on stdout\n"
    "      --train N     good parts to train on, of each kind (default 40)\n"
    "      --good N      good parts to test with, of each kind (default 12)\n"
    "      --defect N    defective parts of each kind and each of its defects (default 6)\n"
    "  -z, --size N      pixels a side, 32 to 4096 (default 256)\n"
    "  -d, --difficulty LEVEL\n"
    "                    easy, normal or hard: large and plain defects, or small and faint ones\n"
    "  -s, --seed N      another seed, other parts (default 1)\n"
    USAGE_THREADS
    USAGE_COMMON
    "examples:\n"
    "  partgen -k gear -o gear && imgcat -s train gear | featx -w random:1 | patchcore -o gear.safetensors\n"
    "  partgen -k gear,wood --train 100 -d hard -o parts && ls parts/wood/test\n";
/* clang-format on */

struct opts {
    const char *output, *kinds;
    size_t train, good, defect, size, difficulty;
    uint64_t seed;
    bool force, list;
};

/* A picture to be made, and its files when it is. */
struct job {
    struct part_request request;
    char *name, *path, *mask_path; /* mask_path: NULL for good parts */
    unsigned char *png, *mask;
    size_t png_bytes, mask_bytes;
};

struct jobs {
    struct job *job;
    size_t n, capacity;
    struct progress progress;
};

static void list_kinds(void)
{
    table_write(stdout, "stdout", 4, (const char *const[]){"kind", "sort", "defect", "about"});
    for (size_t i = 0; part_kinds[i]; i++)
        for (const struct flaw_recipe *f = part_kinds[i]->flaws; f->name; f++)
            table_write(stdout, "stdout", 4,
                        (const char *const[]){part_kinds[i]->name,
                                              part_kinds[i]->texture ? "texture" : "object", f->name,
                                              part_kinds[i]->about});
}

/* Appends n jobs, and makes their folders under root. flaw: NULL for good parts. */
static void plan(struct jobs *jobs, const struct opts *o, const char *root, const struct part_kind *kind,
                 const char *split, const struct flaw_recipe *flaw, size_t n)
{
    static const double ease[] = {1.0, 0.65, 0.25};
    const char *sort = flaw ? flaw->name : "good";
    char *folder = xprintf("%s/%s/%s", root, split, sort), *masks = xprintf("%s/ground_truth/%s", root, sort);
    if (n)
        folder_make(folder);
    if (n && flaw)
        folder_make(masks);
    for (size_t i = 0; i < n; i++) {
        char *name = xprintf("%s/%s/%s/%03zu", kind->name, split, sort, i);
        jobs->job = xgrow(jobs->job, jobs->n, &jobs->capacity, sizeof *jobs->job);
        jobs->job[jobs->n++] =
            (struct job){.request = {kind, flaw, ease[o->difficulty], o->size, o->seed, name},
                         .name = name,
                         .path = xprintf("%s/%03zu.png", folder, i),
                         .mask_path = flaw ? xprintf("%s/%03zu_mask.png", masks, i) : NULL};
    }
    free(folder);
    free(masks);
}

static void plan_kind(struct jobs *jobs, const struct opts *o, const char *root, const struct part_kind *kind)
{
    plan(jobs, o, root, kind, "train", NULL, o->train);
    plan(jobs, o, root, kind, "test", NULL, o->good);
    for (const struct flaw_recipe *f = kind->flaws; f->name; f++)
        plan(jobs, o, root, kind, "test", f, o->defect);
}

static bool wanted(const char *kinds, const char *name)
{
    size_t len = strlen(name);
    if (strcmp(kinds, "all") == 0)
        return true;
    for (const char *p = kinds; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, len) == 0 && (p[len] == ',' || p[len] == 0))
            return true;
    }
    return false;
}

/* Every name in the list must be a kind. */
static void check_kinds(const char *kinds)
{
    char *list = xstrdup(kinds), *rest = list, *name;
    while (strcmp(kinds, "all") != 0 && (name = strsep(&rest, ",")))
        if (!part_find(name))
            misuse("--kind: '%s' is no kind of part (see partgen --list)", name);
    free(list);
}

static struct jobs plan_all(const struct opts *o)
{
    struct jobs jobs = {0};
    bool one = part_find(o->kinds) != NULL;
    for (size_t i = 0; part_kinds[i]; i++) {
        if (!wanted(o->kinds, part_kinds[i]->name))
            continue;
        char *root = one ? xstrdup(o->output) : xprintf("%s/%s", o->output, part_kinds[i]->name);
        plan_kind(&jobs, o, root, part_kinds[i]);
        free(root);
    }
    return jobs;
}

static void render_job(void *arg, size_t i, size_t slot, size_t worker)
{
    (void)slot;
    (void)worker;
    struct job *j = &((struct jobs *)arg)->job[i];
    struct raster image, mask;
    part_render(&image, &mask, NULL, &j->request);
    j->png = png_encode(&image, PNG_LEVEL_USUAL, &j->png_bytes);
    if (j->mask_path)
        j->mask = png_encode(&mask, PNG_LEVEL_USUAL, &j->mask_bytes);
    raster_free(&image);
    raster_free(&mask);
}

static void write_file(const char *path, const void *data, size_t n)
{
    struct product *p = product_open(path);
    file_write(data, n, product_file(p), path);
    product_commit(p);
}

static void write_job(void *arg, size_t i, size_t slot)
{
    (void)slot;
    struct jobs *jobs = arg;
    struct job *j = &jobs->job[i];
    write_file(j->path, j->png, j->png_bytes);
    if (j->mask_path)
        write_file(j->mask_path, j->mask, j->mask_bytes);
    free(j->png);
    free(j->mask);
    free(j->name);
    free(j->path);
    free(j->mask_path);
    progress_add(&jobs->progress, 1);
}

static void run(const struct opts *o)
{
    if (!o->force && !folder_empty(o->output))
        die("%s: is not empty (--force writes into it all the same)", o->output);
    folder_make(o->output);
    struct jobs jobs = plan_all(o);
    struct ahead line = {jobs.n, 4 * pool_size(), NULL, render_job, write_job, &jobs};
    /* a texel takes 28 bytes and a pixel four of them; the rest is small */
    mem_need(pool_size() * o->size * o->size * 180, "partgen");
    jobs.progress = progress_start("images", jobs.n);
    ahead_run(&line);
    progress_end(&jobs.progress);
    free(jobs.job);
}

static struct opts parse(int argc, char **argv)
{
    enum { FORCE = OPT_LONG, TRAIN, GOOD, DEFECT };
    static const struct option table[] = {OPT_COMMON,
                                          OPT_THREADS,
                                          {"output", required_argument, NULL, 'o'},
                                          {"force", no_argument, NULL, FORCE},
                                          {"kind", required_argument, NULL, 'k'},
                                          {"list", no_argument, NULL, 'l'},
                                          {"train", required_argument, NULL, TRAIN},
                                          {"good", required_argument, NULL, GOOD},
                                          {"defect", required_argument, NULL, DEFECT},
                                          {"size", required_argument, NULL, 'z'},
                                          {"difficulty", required_argument, NULL, 'd'},
                                          {"seed", required_argument, NULL, 's'},
                                          OPT_END};
    static const char *const levels[] = {"easy", "normal", "hard", NULL};
    struct opts o = {
        .kinds = "all", .train = 40, .good = 12, .defect = 6, .size = 256, .difficulty = 1, .seed = 1};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 'o':
            o.output = optarg;
            break;
        case FORCE:
            o.force = true;
            break;
        case 'k':
            o.kinds = optarg;
            break;
        case 'l':
            o.list = true;
            break;
        case TRAIN:
            o.train = opt_size("--train", optarg, 0, 1000000);
            break;
        case GOOD:
            o.good = opt_size("--good", optarg, 0, 1000000);
            break;
        case DEFECT:
            o.defect = opt_size("--defect", optarg, 0, 1000000);
            break;
        case 'z':
            o.size = opt_size("--size", optarg, PART_SIZE_MIN, PART_SIZE_MAX);
            break;
        case 'd':
            o.difficulty = opt_choice("--difficulty", optarg, levels);
            break;
        case 's':
            o.seed = opt_u64("--seed", optarg);
            break;
        }
    if (optind < argc)
        misuse("%s: no operand is read; the folder to write is -o DIR", argv[optind]);
    if (!o.list && (!o.output || !*o.output))
        misuse("-o DIR is needed: the folder to write");
    check_kinds(o.kinds);
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    if (o.list)
        list_kinds();
    else
        run(&o);
    return out_close();
}
