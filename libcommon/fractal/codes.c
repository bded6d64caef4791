#include "fractal/codes.h"
#include "base/file.h"
#include "base/mem.h"
#include "stream/table.h"
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NUMBERS = 7, FILE_MAX = 1 << 30 };
static const char head[] = "system\tmap\ta\tb\tc\td\te\tf\tp";

void codes_free(struct codes *c)
{
    free(c->system);
    *c = (struct codes){0};
}

void codes_add(struct codes *c, const struct ifs *s)
{
    c->system = xgrow(c->system, c->n, &c->capacity, sizeof *c->system);
    c->system[c->n++] = *s;
}

/* A number that ends at a separator, a carriage return or the end of the line. */
static bool number(const char **at, const char *end, char separator, double *x)
{
    char word[64], *stop;
    size_t n = 0;
    while (*at + n < end && (*at)[n] != separator && (*at)[n] != '\r')
        n++;
    if (n == 0 || n >= sizeof word)
        return false;
    memcpy(word, *at, n);
    word[n] = 0;
    *x = strtod(word, &stop);
    if (*stop || !isfinite(*x) || fabs(*x) > 1e6)
        return false;
    *at += n;
    if (*at < end && **at == separator)
        ++*at;
    return true;
}

/* One line; `system` stays as it is for CSV. */
static bool parse_line(const char *at, const char *end, bool tsv, double *system, double v[NUMBERS],
                       struct err *e)
{
    double map;
    char separator = tsv ? '\t' : ',';
    if (tsv && (!number(&at, end, separator, system) || !number(&at, end, separator, &map)))
        return err_set(e, "no system and map number");
    for (int i = 0; i < NUMBERS; i++)
        if (!number(&at, end, separator, &v[i]))
            return err_set(e, "number %d of a b c d e f p is missing or not a number", i + 1);
    if (at < end && *at != '\r')
        return err_set(e, "more than %d numbers", tsv ? NUMBERS + 2 : NUMBERS);
    if (v[6] < 0)
        return err_set(e, "a probability below 0");
    return true;
}

static bool add_map(struct ifs *s, const double v[NUMBERS], struct err *e)
{
    if (s->n == IFS_MAPS_MAX)
        return err_set(e, "a system of more than %d maps", IFS_MAPS_MAX);
    s->map[s->n] = (struct ifs_map){v[0], v[1], v[2], v[3], v[4], v[5]};
    s->p[s->n++] = v[6];
    return true;
}

/* Probabilities that already sum to 1 within rounding stay as they are: what is written is read back. */
static bool finish(struct codes *c, struct ifs *s, struct err *e)
{
    double sum = 0;
    if (s->n == 0)
        return true;
    for (size_t i = 0; i < s->n; i++)
        sum += s->p[i];
    if (!(sum > 0))
        return err_set(e, "the probabilities of a system are all 0");
    for (size_t i = 0; i < s->n && fabs(sum - 1) > 1e-12; i++)
        s->p[i] /= sum;
    codes_add(c, s);
    *s = (struct ifs){0};
    return true;
}

static bool parse_lines(struct codes *c, const char *text, size_t n, size_t *line, struct err *e)
{
    size_t before = c->n;
    struct ifs s = {0};
    double system = 0, current = 0, v[NUMBERS];
    const char *end = text + n;
    text += text_mark(text, n);
    bool tsv = (size_t)(end - text) >= sizeof head - 1 && memcmp(text, head, sizeof head - 1) == 0;
    for (const char *at = text, *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        bool blank = stop == at || (stop == at + 1 && *at == '\r');
        if ((++*line == 1 && tsv) || blank)
            continue;
        if (!parse_line(at, stop, tsv, &system, v, e))
            return false;
        if (system != current && !finish(c, &s, e))
            return false;
        current = system;
        if (!add_map(&s, v, e))
            return false;
    }
    return finish(c, &s, e) && (c->n > before || err_set(e, "no system"));
}

bool codes_parse(struct codes *c, const char *text, size_t n, struct err *e)
{
    size_t line = 0;
    struct err reason;
    if (parse_lines(c, text, n, &line, &reason))
        return true;
    return err_set(e, "line %zu: %s", line, reason.text);
}

static int is_csv(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 4 && strcmp(d->d_name + n - 4, ".csv") == 0;
}

/* A pipe would be waited for, and a folder called x.csv, maybe a link to this one, is no file of codes. */
static void read_regular(struct codes *c, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        notice("%s: is no regular file: passed over", path);
    else
        codes_read(c, path);
}

static void read_folder(struct codes *c, const char *path)
{
    struct dirent **list;
    const size_t before = c->n;
    int n = scandir(path, &list, is_csv, alphasort);
    if (n < 0)
        die("%s:", path);
    for (int i = 0; i < n; i++) {
        char *file = xprintf("%s/%s", path, list[i]->d_name);
        read_regular(c, file);
        free(file);
        free(list[i]);
    }
    free(list);
    if (c->n == before)
        die("%s: no *.csv in this folder", path);
}

void codes_read(struct codes *c, const char *path)
{
    struct stat st;
    struct err e;
    unsigned char *data;
    size_t n;
    bool standard = strcmp(path, "-") == 0;
    if (!standard && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        read_folder(c, path);
        return;
    }
    if (!file_slurp(standard ? "/dev/stdin" : path, FILE_MAX, &data, &n, &e) ||
        !codes_parse(c, (const char *)data, n, &e))
        die("%s: %s", file_label(path), e.text);
    free(data);
}

void codes_write_head(FILE *f)
{
    fprintf(f, "%s\n", head);
}

void codes_write(FILE *f, size_t index, const struct ifs *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct ifs_map *m = &s->map[i];
        const double number_of[NUMBERS] = {m->a, m->b, m->c, m->d, m->e, m->f, s->p[i]};
        fprintf(f, "%zu\t%zu", index, i);
        for (int j = 0; j < NUMBERS; j++)
            fprintf(f, "\t%.17g", number_of[j]);
        fprintf(f, "\n");
    }
}
