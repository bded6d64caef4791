/* The lines of --help of setting.h. */
#include "base/mem.h"
#include "base/setting.h"
#include <stdlib.h>
#include <string.h>

/* Words of a text from column SETTINGS_COLUMN on, after `left`. */
static void put_line(FILE *f, const char *left, const char *text)
{
    size_t column = (size_t)fprintf(f, "%-*s", SETTINGS_COLUMN, left);
    bool first = true;
    while (*text) {
        const size_t word = strcspn(text, " ");
        if (!first && column + 1 + word > SETTINGS_WIDTH) {
            fprintf(f, "\n%*s", SETTINGS_COLUMN, "");
            column = SETTINGS_COLUMN;
            first = true;
        }
        column += (size_t)fprintf(f, "%s%.*s", first ? "" : " ", (int)word, text);
        first = false;
        text += word + (text[word] == ' ');
    }
    fputc('\n', f);
}

/* Help, its choices as ": a, b or c", and "(default X)" but for flags, what is empty and a 0 that nobody could give;
 * free() it. */
static char *text_of(const void *defaults, const struct setting *s)
{
    const void *at = (const char *)defaults + s->offset;
    const bool sizes =
        s->kind == SETTING_BYTES || s->kind == SETTING_EXTENT || (s->kind == SETTING_SIZE && s->low > 0);
    char *text = xstrdup(s->help),
         *value = sizes && !*(const size_t *)at ? xstrdup("") : setting_text(defaults, s);
    for (size_t i = 0; s->kind != SETTING_SIZE && s->choices && s->choices[i]; i++) {
        const char *between = i == 0 ? ": " : s->choices[i + 1] ? ", " : " or ";
        char *longer = xprintf("%s%s%s", text, between, s->choices[i]);
        free(text);
        text = longer;
    }
    if (*value) {
        char *longer = xprintf("%s (default %s)", text, value);
        free(text);
        text = longer;
    }
    free(value);
    return text;
}

void settings_usage(FILE *f, const void *defaults, const struct setting *table)
{
    for (const struct setting *s = table; s->name; s++) {
        char left[80], letter[8] = "   ", *text = text_of(defaults, s);
        if (s->letter)
            snprintf(letter, sizeof letter, "-%c,", s->letter);
        snprintf(left, sizeof left, "  %s --%s%s%s  ", letter, s->name, s->value ? " " : "",
                 s->value ? s->value : "");
        put_line(f, left, text);
        free(text);
    }
}

void settings_usage_text(FILE *f, const char *lines)
{
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        const char *text = lines + strspn(lines, " ");
        while (text < lines + length && strncmp(text, "  ", 2) != 0)
            text++;
        char *left = xstrndup(lines, (size_t)(text - lines));
        text += strspn(text, " ");
        char *right = xstrndup(text, (size_t)(lines + length - text));
        put_line(f, left, right);
        free(left);
        free(right);
        lines += length + (lines[length] == '\n');
    }
}
