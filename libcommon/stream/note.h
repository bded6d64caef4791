/* key=value lists: the comments of an image, the notes of a tensor stream. Order is kept; unknown keys pass
 * through. */
#ifndef STREAM_NOTE_H
#define STREAM_NOTE_H
#include "base/err.h"
#include <stddef.h>

struct note_pair {
    char *key, *value;
};

struct note {
    struct note_pair *pair;
    size_t n, capacity;
}; /* {0} is empty; owns its strings */

/* The value, or NULL. A key may occur more than once (by=): the first. */
const char *note_get(const struct note *note, const char *key);
/* Replaces the first value of key, or appends. */
void note_set(struct note *note, const char *key, const char *value);
void note_setf(struct note *note, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends, also when the key is there. */
void note_add(struct note *note, const char *key, const char *value);
void note_remove(struct note *note, const char *key);
void note_copy(struct note *to, const struct note *from); /* to is cleared first */
void note_clear(struct note *note);                       /* keeps nothing */

/* Text of a tensor note: pairs joined by tabs; tab, newline and backslash in values as \t \n \\. free() it. */
char *note_format(const struct note *note);
bool note_parse(struct note *note, const char *text, size_t len, struct err *e);
/* One value so escaped, and back (a backslash before anything else stands for itself). free() them. */
char *note_escape(const char *value);
char *note_unescape(const char *text, size_t len);

/* A whole number; false when absent or malformed. */
bool note_count(const struct note *note, const char *key, size_t *value);
/* "WxH" of keys such as size=; false when absent or malformed. */
bool note_size(const struct note *note, const char *key, size_t *width, size_t *height);
#endif
