#include "page/html.h"
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

enum { ARGUMENTS_MAX = 9 };

void html_put(FILE *f, const char *fmt, ...)
{
    va_list list;
    va_start(list, fmt);
    vfprintf(f, fmt, list);
    va_end(list);
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(FILE *f, const char *text)
{
    for (const char *p = text; *p; p++) {
        const char *name = entity(*p);
        if (name)
            fputs(name, f);
        else
            putc((unsigned char)*p < ' ' || *p == 127 ? ' ' : *p, f);
    }
}

/* The argument that `p` begins to name, from 1; 0: none. */
static size_t place(const char *p)
{
    return p[0] == '{' && p[1] >= '1' && p[1] <= '9' && p[2] == '}' ? (size_t)(p[1] - '0') : 0;
}

static void fill(FILE *f, const char *text, const char *const *argument)
{
    for (const char *p = text; *p; p++) {
        const size_t i = place(p);
        if (i) {
            html_text(f, argument[i - 1]);
            p += 2;
        } else {
            putc(*p, f);
        }
    }
}

void html_say(FILE *f, const char *english, const char *japanese, ...)
{
    const char *argument[ARGUMENTS_MAX];
    size_t n = 0;
    va_list list;
    for (const char *p = english; *p; p++)
        n = place(p) > n ? place(p) : n;
    va_start(list, japanese);
    for (size_t i = 0; i < n; i++)
        argument[i] = va_arg(list, const char *);
    va_end(list);
    fputs("<span lang=\"en\">", f);
    fill(f, english, argument);
    fputs("</span><span lang=\"ja\">", f);
    fill(f, japanese, argument);
    fputs("</span>", f);
}

void html_block(FILE *f, const char *tag, const char *kind, const char *english, const char *japanese)
{
    if (kind)
        html_put(f, "<%s class=\"%s\">", tag, kind);
    else
        html_put(f, "<%s>", tag);
    html_say(f, english, japanese);
    html_put(f, "</%s>\n", tag);
}

void html_source(FILE *f, const char *type, const unsigned char *data, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    html_put(f, "src=\"data:%s;base64,", type);
    for (size_t i = 0; i < n; i += 3) {
        const size_t left = n - i;
        const uint32_t v = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                           (left > 2 ? data[i + 2] : 0);
        putc(digit[v >> 18], f);
        putc(digit[v >> 12 & 63], f);
        putc(left > 1 ? digit[v >> 6 & 63] : '=', f);
        putc(left > 2 ? digit[v & 63] : '=', f);
    }
    putc('"', f);
}
