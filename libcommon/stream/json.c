#include "stream/json.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void skip_space(struct json *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
        j->p++;
}

bool json_mark(struct json *j, char mark)
{
    skip_space(j);
    if (j->p == j->end || *j->p != mark)
        return false;
    j->p++;
    return true;
}

/* Four hexadecimal digits at p. */
static bool hex4(const char *p, const char *end, uint32_t *out)
{
    uint32_t u = 0;
    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *d = memchr(digits, p[i], 32);
        if (!d)
            return false;
        u = u << 4 | (uint32_t)((d - digits) & 15);
    }
    *out = u;
    return true;
}

static char *put_utf8(char *o, uint32_t u)
{
    if (u < 0x80) {
        *o++ = (char)u;
    } else if (u < 0x800) {
        *o++ = (char)(0xc0 | u >> 6);
        *o++ = (char)(0x80 | (u & 63));
    } else if (u < 0x10000) {
        *o++ = (char)(0xe0 | u >> 12);
        *o++ = (char)(0x80 | (u >> 6 & 63));
        *o++ = (char)(0x80 | (u & 63));
    } else {
        *o++ = (char)(0xf0 | u >> 18);
        *o++ = (char)(0x80 | (u >> 12 & 63));
        *o++ = (char)(0x80 | (u >> 6 & 63));
        *o++ = (char)(0x80 | (u & 63));
    }
    return o;
}

/* \uXXXX, or two of them as a surrogate pair; *p is at the first digit. */
static bool unicode(const char **p, const char *end, uint32_t *out)
{
    uint32_t low;
    if (!hex4(*p, end, out) || *out == 0 || (*out >= 0xdc00 && *out < 0xe000))
        return false;
    *p += 4;
    if (*out < 0xd800 || *out >= 0xe000)
        return true;
    if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u' || !hex4(*p + 2, end, &low) || low < 0xdc00 ||
        low >= 0xe000)
        return false;
    *p += 6;
    *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* The text between quotes into out, which is long enough; where it ends, or NULL. */
static const char *unescape(const char *p, const char *end, char *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    while (p < end && *p != '"') {
        uint32_t u;
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        if (++p == end)
            return NULL;
        const char *letter = memchr(letters, *p, sizeof letters - 1);
        char c = *p++;
        if (letter)
            *out++ = meant[letter - letters];
        else if (c == 'u' && unicode(&p, end, &u))
            out = put_utf8(out, u);
        else
            return NULL;
    }
    *out = 0;
    return p < end ? p + 1 : NULL;
}

bool json_string(struct json *j, char **out)
{
    skip_space(j);
    if (j->p == j->end || *j->p != '"')
        return false;
    const char *stop = j->p + 1;
    while (stop < j->end && *stop != '"')
        stop += *stop == '\\' && stop + 1 < j->end ? 2 : 1;
    char *text = xmalloc((size_t)(stop - j->p), 1); /* escapes are never shorter than what they mean */
    const char *after = unescape(j->p + 1, j->end, text);
    if (!after) {
        free(text);
        return false;
    }
    j->p = after;
    *out = text;
    return true;
}

bool json_size(struct json *j, size_t *out)
{
    size_t n = 0;
    skip_space(j);
    const char *p = j->p;
    for (; p < j->end && *p >= '0' && *p <= '9'; p++)
        if (!mem_mul(n, 10, &n) || !mem_add(n, (size_t)(*p - '0'), &n))
            return false;
    if (p == j->p || (*j->p == '0' && p > j->p + 1))
        return false;
    j->p = p;
    *out = n;
    return true;
}

bool json_end(struct json *j)
{
    skip_space(j);
    return j->p == j->end;
}

void json_put_string(FILE *f, const char *s)
{
    putc('"', f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", f);
        else if ((unsigned char)*s < 0x20)
            fprintf(f, "\\u%04x", (unsigned)(unsigned char)*s);
        else
            putc(*s, f);
    }
    putc('"', f);
}
