/* List files: TSV with the columns path and, at will, label, mask, defect, split, name. */
#include "base/file.h"
#include "base/mem.h"
#include "dataset/layouts.h"
#include "dataset/walk.h"
#include "stream/table.h"
#include <stdlib.h>
#include <string.h>

/* Where the columns are; -1 where absent. */
struct columns {
    ptrdiff_t path, label, mask, defect, split, name;
};

static struct columns find_columns(const struct table *t)
{
    return (struct columns){table_column(t, "path"),   table_column(t, "label"), table_column(t, "mask"),
                            table_column(t, "defect"), table_column(t, "split"), table_column(t, "name")};
}

/* The cell, or "". */
static const char *cell(const struct table *t, size_t row, ptrdiff_t column)
{
    return column < 0 ? "" : t->cell[row][column];
}

/* Paths are relative to the list's folder; a pipe has none. */
static char *beside(const char *list, const char *path)
{
    const char *slash = is_regular(list) ? strrchr(list, '/') : NULL;
    return slash && path[0] != '/' ? xprintf("%.*s%s", (int)(slash + 1 - list), list, path) : xstrdup(path);
}

/* "3" or "3,17" */
static bool class_numbers(const char *label)
{
    for (const char *p = label;; p++) {
        size_t digits = strspn(p, "0123456789");
        p += digits;
        if (digits == 0 || *p == 0)
            return digits != 0;
        if (*p != ',')
            return false;
    }
}

static void set_label(struct dataset_entry *en, const char *label, const char *defect, bool has_mask_column,
                      const struct dataset_options *o)
{
    if (*label && !class_numbers(label))
        entry_set_kind(en, label, o->normal);
    else if (*label)
        en->label = xstrdup(label);
    else if (*defect)
        entry_set_kind(en, defect, o->normal);
    else if (has_mask_column)
        en->label = xstrdup(en->masks ? "1" : "0");
    if (*defect) {
        free(en->defect);
        en->defect = xstrdup(normal_name(defect, o->normal) ? "good" : defect);
    }
}

static bool set_split(struct dataset_entry *en, const char *split, struct err *e)
{
    if (*split == 0)
        return err_set(e, "no split");
    for (enum dataset_split s = SPLIT_TRAIN; split_names[s]; s++)
        if (strcmp(split, split_names[s]) == 0) {
            en->split = s;
            return true;
        }
    return err_set(e, "split '%s' is not train, validation or test", split);
}

static bool add_row(struct dataset *d, const char *list, const struct table *t, const struct columns *c,
                    size_t row, const struct dataset_options *o, struct err *e)
{
    const char *image = cell(t, row, c->path), *mask = cell(t, row, c->mask), *name = cell(t, row, c->name);
    if (*image == 0)
        return err_set(e, "no path");
    char *path = beside(list, image);
    struct dataset_entry *en = dataset_add(d, path, *name ? name : image);
    free(path);
    if (*mask) {
        path = beside(list, mask);
        entry_add_mask(en, path);
        free(path);
    }
    set_label(en, cell(t, row, c->label), cell(t, row, c->defect), c->mask >= 0, o);
    return c->split < 0 || set_split(en, cell(t, row, c->split), e);
}

static bool add_rows(struct dataset *d, const char *list, const struct table *t,
                     const struct dataset_options *o, struct err *e)
{
    struct columns c = find_columns(t);
    struct err row;
    if (c.path < 0)
        return err_set(e, "no column 'path' in its header");
    for (size_t i = 0; i < t->rows; i++)
        if (!add_row(d, list, t, &c, i, o, &row))
            return err_set(e, "line %zu: %s", i + 2, row.text);
    return true;
}

bool dataset_read_list(struct dataset *d, FILE *f, const char *path, const struct dataset_options *o,
                       struct err *e)
{
    struct table t;
    d->layout = LAYOUT_LIST;
    table_read_from(&t, f, file_label(path));
    bool done = add_rows(d, path, &t, o, e);
    table_free(&t);
    return done;
}

bool dataset_read_row(struct dataset *d, const char *header, const char *line, size_t n,
                      const struct dataset_options *o, struct err *e)
{
    struct table t;
    struct err why;
    if (strlen(line) < n)
        return err_set(e, "a NUL byte");
    char *text = xprintf("%s\n%s", header, line);
    d->layout = LAYOUT_LIST;
    const bool parsed = table_parse(&t, text, strlen(text), &why);
    const bool done = parsed && add_rows(d, "-", &t, o, &why);
    if (!done)
        err_set(e, "%s", strncmp(why.text, "line 2: ", 8) == 0 ? why.text + 8 : why.text);
    if (parsed)
        table_free(&t);
    free(text);
    return done;
}

bool dataset_read_header(const char *header, size_t n, bool *alone, struct err *e)
{
    struct table t;
    if (!table_parse(&t, header, n, e))
        return false;
    const struct columns c = find_columns(&t);
    table_free(&t);
    *alone = c.mask < 0 && c.split < 0;
    return c.path >= 0 || err_set(e, "no column 'path' in its header");
}

/* The first line is enough to tell: text without NUL, one of whose cells is `path`. */
bool dataset_is_list(const char *path)
{
    char line[4096];
    FILE *f = fopen(path, "rbe");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (char *rest = line + text_mark(line, n), *head; (head = strsep(&rest, "\t"));)
        if (strcmp(head, "path") == 0)
            return true;
    return false;
}
