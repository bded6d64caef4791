#include "stream/note.h"
#include "base/mem.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct note_pair *find(const struct note *note, const char *key)
{
    for (size_t i = 0; i < note->n; i++)
        if (strcmp(note->pair[i].key, key) == 0)
            return &note->pair[i];
    return NULL;
}

const char *note_get(const struct note *note, const char *key)
{
    const struct note_pair *p = find(note, key);
    return p ? p->value : NULL;
}

/* Takes both strings. */
static void append(struct note *note, char *key, char *value)
{
    note->pair = xgrow(note->pair, note->n, &note->capacity, sizeof *note->pair);
    note->pair[note->n++] = (struct note_pair){key, value};
}

void note_add(struct note *note, const char *key, const char *value)
{
    append(note, xstrdup(key), xstrdup(value));
}

void note_set(struct note *note, const char *key, const char *value)
{
    struct note_pair *p = find(note, key);
    if (!p) {
        note_add(note, key, value);
        return;
    }
    char *copy = xstrdup(value); /* value may be p's own */
    free(p->value);
    p->value = copy;
}

void note_setf(struct note *note, const char *key, const char *fmt, ...)
{
    char *value;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&value, fmt, ap);
    va_end(ap);
    if (n < 0)
        die("out of memory in a note");
    note_set(note, key, value);
    free(value);
}

void note_remove(struct note *note, const char *key)
{
    size_t kept = 0;
    for (size_t i = 0; i < note->n; i++) {
        struct note_pair p = note->pair[i];
        if (strcmp(p.key, key) == 0) {
            free(p.key);
            free(p.value);
        } else {
            note->pair[kept++] = p;
        }
    }
    note->n = kept;
}

void note_clear(struct note *note)
{
    for (size_t i = 0; i < note->n; i++) {
        free(note->pair[i].key);
        free(note->pair[i].value);
    }
    free(note->pair);
    *note = (struct note){0};
}

void note_copy(struct note *to, const struct note *from)
{
    note_clear(to);
    for (size_t i = 0; i < from->n; i++)
        note_add(to, from->pair[i].key, from->pair[i].value);
}

char *note_escape(const char *value)
{
    char *out = xmalloc(2 * strlen(value) + 1, 1), *o = out;
    for (const char *s = value; *s; s++) {
        bool special = *s == '\t' || *s == '\n' || *s == '\\';
        if (special)
            *o++ = '\\';
        *o++ = (char)(!special ? *s : *s == '\t' ? 't' : *s == '\n' ? 'n' : '\\');
    }
    *o = 0;
    return out;
}

char *note_unescape(const char *text, size_t len)
{
    char *out = xmalloc(len + 1, 1), *o = out;
    for (size_t i = 0; i < len; i++) {
        char next = i + 1 < len ? text[i + 1] : 0;
        if (text[i] == '\\' && (next == 't' || next == 'n' || next == '\\')) {
            *o++ = (char)(next == 't' ? '\t' : next == 'n' ? '\n' : '\\');
            i++;
        } else {
            *o++ = text[i];
        }
    }
    *o = 0;
    return out;
}

char *note_format(const struct note *note)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("out of memory in a note");
    for (size_t i = 0; i < note->n; i++) {
        char *value = note_escape(note->pair[i].value);
        fprintf(f, "%s%s=%s", i ? "\t" : "", note->pair[i].key, value);
        free(value);
    }
    if (fclose(f))
        die("out of memory in a note");
    return text;
}

bool note_parse(struct note *note, const char *text, size_t len, struct err *e)
{
    note_clear(note);
    if (len == 0)
        return err_set(e, "an empty note");
    if (memchr(text, 0, len))
        return err_set(e, "a note with a NUL byte");
    for (const char *p = text, *end = text + len; p <= end;) {
        const char *tab = memchr(p, '\t', (size_t)(end - p));
        const char *stop = tab ? tab : end;
        const char *equals = memchr(p, '=', (size_t)(stop - p));
        if (!equals || equals == p)
            return err_set(e, "a note without key=value: '%.*s'", (int)(stop - p > 60 ? 60 : stop - p), p);
        append(note, xstrndup(p, (size_t)(equals - p)),
               note_unescape(equals + 1, (size_t)(stop - equals - 1)));
        p = stop + 1;
    }
    return true;
}

/* A whole number at *text, which moves behind it. */
static bool whole(const char **text, size_t *value)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(*text, &end, 10);
    if (!isdigit((unsigned char)**text) || errno || n > SIZE_MAX)
        return false;
    *text = end;
    *value = (size_t)n;
    return true;
}

bool note_count(const struct note *note, const char *key, size_t *value)
{
    const char *text = note_get(note, key);
    size_t n;
    if (!text || !whole(&text, &n) || *text)
        return false;
    *value = n;
    return true;
}

bool note_size(const struct note *note, const char *key, size_t *width, size_t *height)
{
    const char *text = note_get(note, key);
    size_t w, h;
    if (!text || !whole(&text, &w) || *text++ != 'x' || !whole(&text, &h) || *text)
        return false;
    *width = w;
    *height = h;
    return true;
}
