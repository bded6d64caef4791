#include "method/detector.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/raster.h"
#include "method/calibration.h"
#include "method/detector_parts.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct detector_run, field)
static const struct setting files[] = {
    {"output", 'o', SETTING_TEXT, AT(output), 0, 0, NULL, "MODEL", "fit, and write the model", DETECTOR_FIT,
     NULL},
    {"model", 'm', SETTING_TEXT, AT(model), 0, 0, NULL, "MODEL", "score with it: a stream of maps",
     DETECTOR_SCORE, NULL},
    SETTINGS_END,
};

/* The first two differ from program to program; some lack others. */
enum { METHODS, AS, ADD, LABEL, MERGE, NORMAL, QUANTILE, SIZE };
static const struct setting common[] = {
    [METHODS] = {"method", 0, SETTING_WORD, AT(method), 0, 0, NULL, "METHOD",
                 "which; the defaults above are the first's", DETECTOR_FIT, NULL},
    [AS] = {"as", 0, SETTING_WORD, AT(who), 0, 0, NULL, "WHO", "sets the options above as others have them",
            DETECTOR_FIT, NULL},
    [ADD] = {"add", 0, SETTING_TEXT, AT(add), 0, 0, NULL, "MODEL",
             "go on from this model: the images are more normal ones", DETECTOR_FIT, NULL},
    [LABEL] = {"label", 0, SETTING_TEXT, AT(label), 0, 0, NULL, "TEXT",
               "of these images in the model's list of who was added", DETECTOR_FIT, NULL},
    [MERGE] = {"merge", 0, SETTING_FLAG, AT(merge), 0, 0, NULL, NULL,
               "the operands are models, each of other normal images: make one of them", DETECTOR_FIT, NULL},
    [NORMAL] = {"normal", 0, SETTING_TEXT, AT(normal), 0, 0, NULL, "FEATURES",
                "of images that none of these has seen: they set the threshold", DETECTOR_FIT, NULL},
    [QUANTILE] = {"quantile", 0, SETTING_REAL, AT(quantile), 0, 1, NULL, "Q",
                  "of normal images' scores that is the threshold", DETECTOR_FIT, NULL},
    [SIZE] = {"size", 0, SETTING_EXTENT, AT(size), 1, RASTER_SIDE_MAX, NULL, "WxH",
              "of the maps (default: the network's input, as the stream says)", DETECTOR_BOTH, NULL},
    {"force", 0, SETTING_FLAG, AT(force), 0, 0, NULL, NULL,
     "features that don't fit the model, or each other, are warned of only", DETECTOR_BOTH, NULL},
    {"mem", 0, SETTING_BYTES, AT(mem), 0, 0, NULL, "BYTES",
     "keep within so much, or refuse; suffixes K, M, G", DETECTOR_BOTH, NULL},
    {"table", 't', SETTING_TEXT, AT(table), 0, 0, NULL, "FILE",
     "scores and verdicts as TSV; - for stdout instead of the maps", DETECTOR_SCORE, NULL},
    SETTINGS_END,
};
enum { FILES, METHOD, COMMON, SETS };

/* The lines that differ between fitting and scoring: " [-r RATIO] [-p DIMS]" of the settings that have a letter. */
static void put_letters(FILE *f, const struct setting *table, unsigned use)
{
    for (const struct setting *s = table; s->name; s++)
        if (s->letter && s->use & use)
            fprintf(f, " [-%c%s%s]", s->letter, s->value ? " " : "", s->value ? s->value : "");
}

static char *usage_of(const struct detector *d, const struct detector_text *text, const struct settings *set)
{
    const struct detector_run defaults = {.quantile = NORMALS_QUANTILE,
                                          .method = d->methods ? d->methods[0] : NULL};
    char *usage = NULL;
    size_t size;
    FILE *f = open_memstream(&usage, &size);
    if (!f)
        die("out of memory for the usage");
    fprintf(f, "usage: %s -o MODEL", d->name);
    put_letters(f, d->settings, DETECTOR_FIT);
    fprintf(f, " [OPTION ...] [FEATURES ...]\n       %s -m MODEL", d->name);
    put_letters(f, d->settings, DETECTOR_SCORE);
    put_letters(f, common, DETECTOR_SCORE);
    fprintf(f, " [OPTION ...] [FEATURES ...]\n");
    if (d->merge) {
        fprintf(f, "       %s --merge -o MODEL", d->name);
        put_letters(f, d->settings, DETECTOR_MERGED);
        fprintf(f, " [OPTION ...] MODEL ...\n");
    }
    fputs(text->does, f);
    settings_usage(f, &defaults, set[FILES].table);
    settings_usage(f, d->defaults, d->settings);
    settings_usage(f, &defaults, set[COMMON].table);
    settings_usage_text(f, USAGE_THREADS USAGE_COMMON);
    fprintf(f, "examples:\n%s", text->examples);
    fclose(f);
    return usage;
}

static bool lacks(const struct detector *d, size_t row)
{
    return (row == METHODS && !d->methods) || (row == AS && !d->people) ||
           ((row == ADD || row == LABEL) && !d->resume) || ((row == MERGE || row == NORMAL) && !d->merge) ||
           (row == SIZE && !d->grid);
}

/* The frame's own rows for this program: without --method where there is one only, without --as where there is nobody to follow,
 * without --add where a fit can't go on, without --merge where models can't become one, without --size where there are no maps. */
static const struct setting *common_of(const struct detector *d,
                                       struct setting row[sizeof common / sizeof *common])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (lacks(d, i))
            continue;
        row[n] = common[i];
        row[n++].choices = i == METHODS ? d->methods : i == AS ? d->people : common[i].choices;
    }
    return row;
}

static size_t index_of(const char *const *list, const char *name)
{
    size_t i = 0;
    while (strcmp(list[i], name) != 0)
        i++;
    return i;
}

void detector_defaults(const struct detector_run *run)
{
    const struct detector *d = run->d;
    memcpy(run->options, d->defaults, d->options_size);
    if (d->methods)
        d->choose(run->options, index_of(d->methods, run->method));
}

/* What a model is fitted with stays as it is. */
static void check_add(const struct detector_run *run, const struct settings *own)
{
    if (run->add && (run->who || run->size.width))
        misuse("%s is of the first fit: %s keeps it", run->who ? "--as" : "--size", run->add);
    for (size_t i = 0; run->add && own->table[i].name; i++)
        if (own->given >> i & 1)
            misuse("%s is of the first fit: %s keeps it", setting_name(&own->table[i]).text, run->add);
    for (const char *c = run->label; c && *c; c++)
        if (*c == '|' || (unsigned char)*c < ' ')
            misuse("--label holds a bar or a control character");
}

/* The same of all that are merged, but for what may be chosen anew. */
static void check_merge(const struct detector_run *run, const struct settings *own)
{
    const char *wrong = run->add          ? "--add"
                        : run->label      ? "--label"
                        : run->who        ? "--as"
                        : run->size.width ? "--size"
                                          : NULL;
    if (run->normal && !run->merge)
        misuse("--normal is of --merge");
    if (!run->merge)
        return;
    if (wrong)
        misuse("%s is of a fit to images, not of --merge", wrong);
    for (size_t i = 0; own->table[i].name; i++)
        if (own->given >> i & 1 && !(own->table[i].use & DETECTOR_MERGED))
            misuse("%s is of the fits: their models keep it", setting_name(&own->table[i]).text);
}

static void check(const struct detector_run *run, const struct settings *set)
{
    if (!run->output == !run->model)
        misuse("one of -o MODEL (fit) and -m MODEL (score) is needed (see %s --help)", run->d->name);
    check_merge(run, &set[METHOD]);
    check_add(run, &set[METHOD]);
    for (size_t i = METHOD; i < SETS; i++) {
        const struct setting *wrong = settings_without(&set[i], run->model ? DETECTOR_SCORE : DETECTOR_FIT);
        if (!wrong)
            continue;
        if (run->model)
            misuse("%s is of the fit: the model keeps it", setting_name(wrong).text);
        misuse("%s needs -m MODEL: a fit gives no scores", setting_name(wrong).text);
    }
}

/* Twice: --method and --as set what other options change, wherever they stand. */
static void parse(struct detector_run *run, const struct detector_text *text, int argc, char **argv)
{
    struct setting row[sizeof common / sizeof *common];
    struct settings set[SETS] = {
        {files, run, 0}, {run->d->settings, run->options, 0}, {common_of(run->d, row), run, 0}};
    struct option *rows = settings_options(set, SETS, true);
    char *usage = usage_of(run->d, text, set);
    for (int pass = 0; pass < 2; pass++) {
        int c;
        optind = 0; /* glibc: from the beginning */
        while ((c = opt_next(argc, argv, rows, usage)) != -1)
            settings_take(set, SETS, c, optarg);
        if (pass == 0) {
            detector_defaults(run);
            if (run->who)
                run->d->follow(run->options, index_of(run->d->people, run->who));
        }
    }
    check(run, set);
    run->settings = set[METHOD];
    run->features = argv + optind;
    run->features_n = (size_t)(argc - optind);
    free(usage);
    free(rows);
}

int detector_main(const struct detector *d, const struct detector_text *text, int argc, char **argv)
{
    struct detector_run run = {.d = d,
                               .method = d->methods ? d->methods[0] : NULL,
                               .quantile = NAN,
                               .options = xcalloc(1, d->options_size)};
    err_init(argv[0]);
    parse(&run, text, argc, argv);
    mem_limit(run.mem);
    if (run.output && run.merge)
        detector_merge(&run);
    else if (run.output)
        detector_fit(&run);
    else
        detector_score(&run);
    free(run.options);
    return out_close();
}
