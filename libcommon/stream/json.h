/* A strict pull parser for the JSON that safetensors headers use: objects, arrays, strings, whole numbers.
 * Each function reads one token after white space; false: it isn't there, and nothing of it is consumed but
 * that space. */
#ifndef STREAM_JSON_H
#define STREAM_JSON_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json {
    const char *p, *end;
};

/* One of { } [ ] : , */
bool json_mark(struct json *j, char mark);
/* A string, unescaped, in new memory. Refused: raw control characters, NUL, lone surrogates. */
bool json_string(struct json *j, char **out);
/* A whole number without sign, point or leading zero, that fits. */
bool json_size(struct json *j, size_t *out);
/* Nothing but white space is left. */
bool json_end(struct json *j);
/* Writes s as a JSON string. */
void json_put_string(FILE *f, const char *s);
#endif
