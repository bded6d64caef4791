/* A program's settings as a table: what an option is called, where its value lies, what it may be, and what is said of it. From the
 * one table come the getopt rows, the checks, the lines of --help and the entry in by=, so that they can't part.
 *
 *     static const struct setting table[] = {
 *         {"ratio", 'r', SETTING_REAL, offsetof(struct options, ratio), 1e-9, 1, NULL, "RATIO", "of the patches ...", 0, NULL},
 *         SETTINGS_END};
 *     struct options o = defaults;
 *     struct settings s[] = {{table, &o, 0}};
 *     struct option *rows = settings_options(s, 1);
 *     while ((c = opt_next(argc, argv, rows, usage)) != -1)
 *         settings_take(s, 1, c, optarg);
 *
 * A table ends with SETTINGS_END and has at most 64 rows. Values lie in the program's own struct, which owns them; texts are the
 * command line's. */
#ifndef BASE_SETTING_H
#define BASE_SETTING_H
#include "base/err.h"
#include "base/opt.h"
#include <stdbool.h>
#include <stdio.h>

/* clang-format off */
enum setting_kind { /*   its value        what it takes */
    SETTING_SIZE,   /*   size_t           a whole number in low..high; words of `choices` mean SIZE_MAX, SIZE_MAX - 1, ... */
    SETTING_U64,    /*   uint64_t         a whole number */
    SETTING_REAL,   /*   double           a number in low..high */
    SETTING_BYTES,  /*   size_t           512M, 4G */
    SETTING_CHOICE, /*   an enum          one of `choices`: its index */
    SETTING_SWITCH, /*   bool             one of two `choices`; the second is true */
    SETTING_FLAG,   /*   bool             nothing: it is true when given */
    SETTING_WORD,   /*   const char *     one of `choices` */
    SETTING_TEXT,   /*   const char *     anything; NULL where not given */
    SETTING_EXTENT, /*   size_t[2]        WxH, or one number for both; each in low..high */
    SETTING_SIZES,  /*   size_t[2]        LO-HI, or one number for both; each in low..high */
    SETTING_REALS,  /*   double[2]        the same */
    SETTING_OWN,    /*   anything         as `own` reads it */
};
/* clang-format on */

/* How a SETTING_OWN is read (false with a reason) and printed, so that what is printed would be read. */
struct setting_own {
    bool (*read)(void *value, const char *text, struct err *e);
    void (*print)(FILE *f, const void *value);
};

struct setting {
    const char *name; /* long, without dashes; NULL ends a table */
    int letter;       /* or 0 */
    enum setting_kind kind;
    size_t offset; /* of its value */
    double low, high;
    const char *const *choices; /* ended by NULL */
    const char *value;          /* what --help calls its value: "RATIO"; NULL for a flag */
    const char *help; /* choices and the default are said behind it, but not the words of a SETTING_SIZE */
    unsigned use;     /* bits of the program's own, to choose settings by; and SETTING_SILENT */
    const struct setting_own *own;
};
/* clang-format off */
#define SETTINGS_END {NULL, 0, SETTING_FLAG, 0, 0, 0, NULL, NULL, NULL, 0, NULL}
/* clang-format on */
/* It changes no result: not in by=. */
#define SETTING_SILENT (1u << 31)

/* What messages call an option: "-r", or "--start" where there is no letter. */
struct setting_name {
    char text[40];
};
struct setting_name setting_name(const struct setting *s);

/* Reads a value into its place. False with a reason ("7 is not in 1..5"). */
bool setting_parse(void *values, const struct setting *s, const char *text, struct err *e);
/* Or misuse(), with the option named. */
void setting_read(void *values, const struct setting *s, const char *text);
/* As setting_read takes it; nothing for a flag or for a text that is NULL. */
void setting_print(FILE *f, const void *values, const struct setting *s);
char *setting_text(const void *values, const struct setting *s); /* the same in memory: free() it */
/* False for a flag that is false and a text or word that is NULL: there is nothing to print. */
bool setting_is_set(const void *values, const struct setting *s);
/* The value of one struct into another of its kind; a text stays whose it was. */
void setting_copy(void *to, const void *from, const struct setting *s);
bool setting_equal(const void *a, const void *b, const struct setting *s);

/* A table, the struct that it fills, and which of its rows the command line had (bit i: row i). */
struct settings {
    const struct setting *table;
    void *values;
    uint64_t given;
};
/* getopt's rows: the common options, -j where `threads`, and the settings of n tables; free() them. */
struct option *settings_options(const struct settings *set, size_t n, bool threads);
/* The setting that a value of getopt stands for, and in *which table; NULL for none. */
const struct setting *settings_find(const struct settings *set, size_t n, int c, size_t *which);
/* Reads it and marks it as given; false where c is none of them. */
bool settings_take(struct settings *set, size_t n, int c, const char *text);
/* The first setting given that has none of the bits, or NULL. */
const struct setting *settings_without(const struct settings *set, unsigned use);

/* " -r 0.1 --start 1" of the settings with one of the bits, but silent ones and those that aren't set; free() it. */
char *settings_by(const void *values, const struct setting *table, unsigned use);

/* The lines of --help; the texts begin at column SETTINGS_COLUMN and go on below themselves. */
enum { SETTINGS_COLUMN = 22, SETTINGS_WIDTH = 110 };
void settings_usage(FILE *f, const void *defaults, const struct setting *table);
/* Lines such as USAGE_COMMON's, their texts moved to that column. */
void settings_usage_text(FILE *f, const char *lines);
/* A whole --help for a program with threads: head, the n tables with what stands in their structs as the defaults, the common options,
 * end. heading: a line before each table, or NULL; NULL: none at all. free() it. */
char *settings_page(const char *head, const struct settings *set, size_t n, const char *const *heading,
                    const char *end);
#endif
