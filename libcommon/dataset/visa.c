/* Raw VisA: the images lie by Normal and Anomaly, a CSV file says which are for training. */
#include "base/file.h"
#include "base/mem.h"
#include "dataset/layouts.h"
#include "dataset/walk.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CSV_MAX = 1 << 28, COLUMNS = 5 };
enum { OBJECT, SPLIT, LABEL, IMAGE, MASK };

/* split_csv/1cls.csv beside the category, or one folder further up. */
static char *find_split_file(const char *root, struct err *e)
{
    static const char *const places[] = {"..", "../..", "."};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *above = path_join(root, places[i]), *file = path_join(above, "split_csv/1cls.csv");
        struct stat st;
        free(above);
        if (stat(file, &st) == 0)
            return file;
        free(file);
    }
    err_set(e, "no split_csv/1cls.csv above it; name the split file with --split");
    return NULL;
}

/* Cuts the line at *text into COLUMNS cells, and moves on to the next. False when there are not as many.
 * Quotes around a cell are taken off; VisA's own files hold no commas in cells. */
static bool cut_line(char *cell[COLUMNS], char **text)
{
    char *line = *text, *end = strchrnul(line, '\n');
    *text = *end ? end + 1 : end;
    *end = 0;
    line[strcspn(line, "\r")] = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        cell[i] = strsep(&line, ",");
        if (!cell[i])
            return false;
        size_t n = strlen(cell[i]);
        if (n >= 2 && cell[i][0] == '"' && cell[i][n - 1] == '"') {
            cell[i][n - 1] = 0;
            cell[i]++;
        }
    }
    return true;
}

/* Where the rows' paths begin, which name the category first. */
struct category {
    const char *root, *name;
};

/* "candle/Data/..." as candle lies on this disk, whatever that folder is called by now. */
static char *locate(const struct category *c, const char *object, const char *path)
{
    size_t n = strlen(object);
    return path_join(c->root, strncmp(path, object, n) == 0 && path[n] == '/' ? path + n + 1 : path);
}

static bool add_row(struct dataset *d, const struct category *c, char *const *cell, struct err *e)
{
    bool train = strcmp(cell[SPLIT], "train") == 0, normal = strcmp(cell[LABEL], "normal") == 0;
    if (!train && strcmp(cell[SPLIT], "test") != 0)
        return err_set(e, "split '%s' is neither train nor test", cell[SPLIT]);
    if (!normal && strcmp(cell[LABEL], "anomaly") != 0)
        return err_set(e, "label '%s' is neither normal nor anomaly", cell[LABEL]);
    char *image = locate(c, cell[OBJECT], cell[IMAGE]);
    struct dataset_entry *en = dataset_add(d, image, image + strlen(c->root));
    char *name = xstrdup(en->name + strspn(en->name, "/"));
    free(en->name);
    en->name = name;
    en->split = train ? SPLIT_TRAIN : SPLIT_TEST;
    entry_set_kind(en, normal ? "good" : "bad", NULL);
    if (cell[MASK][0]) {
        char *mask = locate(c, cell[OBJECT], cell[MASK]);
        entry_add_mask(en, mask);
        free(mask);
    }
    free(image);
    return true;
}

static bool read_rows(struct dataset *d, const struct category *c, char *text, struct err *e)
{
    static const char *const head[COLUMNS] = {"object", "split", "label", "image", "mask"};
    char *cell[COLUMNS];
    struct err row;
    if (!cut_line(cell, &text))
        return err_set(e, "line 1: not 'object,split,label,image,mask'");
    for (size_t i = 0; i < COLUMNS; i++)
        if (strcmp(cell[i], head[i]) != 0)
            return err_set(e, "line 1: not 'object,split,label,image,mask'");
    for (size_t line = 2; *text; line++) {
        if (*text == '\n' || *text == '\r') { /* an empty line */
            text = strchrnul(text, '\n');
            text += *text != 0;
            continue;
        }
        if (!cut_line(cell, &text))
            return err_set(e, "line %zu: fewer than %d cells", line, COLUMNS);
        if (strcmp(cell[OBJECT], c->name) == 0 && !add_row(d, c, cell, &row))
            return err_set(e, "line %zu: %s", line, row.text);
    }
    return d->n ? true : err_set(e, "has no rows for the category '%s'", c->name);
}

/* A category may be a link of any name to a folder that is called as the split file calls it. */
static bool read_category(struct dataset *d, const char *root, const char *text, struct err *e)
{
    char *name = path_last(root), *real = path_real_last(root), *copy = xstrdup(text);
    bool done = read_rows(d, &(struct category){root, name}, copy, e);
    free(copy);
    copy = xstrdup(text);
    if (!done && d->n == 0 && strcmp(name, real) != 0)
        done = read_rows(d, &(struct category){root, real}, copy, e);
    free(copy);
    free(real);
    free(name);
    return done;
}

bool dataset_read_visa(struct dataset *d, const char *root, const struct dataset_options *o, struct err *e)
{
    char *file = o->split_file ? xstrdup(o->split_file) : find_split_file(root, e);
    unsigned char *text = NULL;
    size_t n;
    struct err reason;
    d->layout = LAYOUT_VISA;
    bool done = file != NULL;
    if (done && !(file_slurp(file, CSV_MAX, &text, &n, &reason) &&
                  read_category(d, root, (char *)text + text_mark((char *)text, n), &reason)))
        done = err_set(e, "%s: %s", file, reason.text);
    free(text);
    free(file);
    return done;
}
