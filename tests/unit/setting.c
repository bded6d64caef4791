/* base/setting: every kind is read, refused, printed as it was read, and told in --help; by= has what it must. */
#include "base/setting.h"
#include "tap.h"
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum colour { RED, GREEN };
struct values {
    size_t count, room, extent[2], many[2];
    uint64_t seed;
    double ratio, span[2];
    enum colour colour;
    bool squared, half;
    const char *word, *text;
    int own;
};

static bool read_own(void *value, const char *text, struct err *e)
{
    if (strcmp(text, "one") != 0)
        return err_set(e, "'%s' is not one", text);
    *(int *)value = 1;
    return true;
}

static void print_own(FILE *f, const void *value)
{
    fputs(*(const int *)value == 1 ? "one" : "none", f);
}

static const struct setting_own own = {read_own, print_own};
static const char *const autos[] = {"auto", "all", NULL}, *const colours[] = {"red", "green", NULL};
static const char *const distances[] = {"euclidean", "squared", NULL}, *const words[] = {"here", "there",
                                                                                         "nowhere", NULL};
enum { FIT = 1, SCORE = 2 };
#define AT(field) offsetof(struct values, field)
static const struct setting table[] = {
    {"count", 'c', SETTING_SIZE, AT(count), 1, 9, autos, "N", "how many, auto or all", FIT, NULL},
    {"seed", 's', SETTING_U64, AT(seed), 0, 0, NULL, "N", "of the draw", FIT, NULL},
    {"ratio", 0, SETTING_REAL, AT(ratio), 0.25, 1, NULL, "R", "of the whole", FIT | SCORE, NULL},
    {"room", 0, SETTING_BYTES, AT(room), 0, 0, NULL, "BYTES", "to take", FIT, NULL},
    {"colour", 0, SETTING_CHOICE, AT(colour), 0, 0, colours, "C", "of it", SCORE, NULL},
    {"distance", 0, SETTING_SWITCH, AT(squared), 0, 0, distances, "D", "between them", FIT, NULL},
    {"half", 0, SETTING_FLAG, AT(half), 0, 0, NULL, NULL, "only half", FIT, NULL},
    {"word", 0, SETTING_WORD, AT(word), 0, 0, words, "W", "where", FIT, NULL},
    {"text", 0, SETTING_TEXT, AT(text), 0, 0, NULL, "FILE", "a file", FIT | SETTING_SILENT, NULL},
    {"extent", 0, SETTING_EXTENT, AT(extent), 1, 100, NULL, "WxH", "sides", FIT, NULL},
    {"many", 0, SETTING_SIZES, AT(many), 1, 9, NULL, "N-M", "from and to", FIT, NULL},
    {"span", 0, SETTING_REALS, AT(span), 0, 1, NULL, "A-B", "from and to", FIT, NULL},
    {"own", 0, SETTING_OWN, AT(own), 0, 0, NULL, "X", "a thing of its own", FIT, &own},
    SETTINGS_END,
};
static const struct values defaults = {
    .count = SIZE_MAX, .ratio = 0.5, .word = "here", .many = {2, 2}, .span = {0, 1}};

static const struct setting *named(const char *name)
{
    const struct setting *s = table;
    while (strcmp(s->name, name) != 0)
        s++;
    return s;
}

/* Read, and printed again. */
static void there_and_back(const char *name, const char *text, const char *printed)
{
    struct values v = defaults;
    struct err e = {""};
    const bool good = setting_parse(&v, named(name), text, &e);
    char *again = setting_text(&v, named(name));
    ok(good && strcmp(again, printed) == 0, "--%s %s is printed as %s%s", name, text, again, e.text);
    free(again);
}

static void refused(const char *name, const char *text, const char *why)
{
    struct values v = defaults;
    struct err e = {""};
    ok(!setting_parse(&v, named(name), text, &e) && strcmp(e.text, why) == 0, "--%s %s: %s", name, text,
       e.text);
}

static void kinds(void)
{
    static const char *const fine[][3] = {
        {"count", "9", "9"},
        {"count", "auto", "auto"},
        {"count", "all", "all"},
        {"seed", "18446744073709551615", "18446744073709551615"},
        {"ratio", "0.25", "0.25"},
        {"room", "2K", "2048"},
        {"colour", "green", "green"},
        {"distance", "squared", "squared"},
        {"distance", "euclidean", "euclidean"},
        {"word", "nowhere", "nowhere"},
        {"text", "any thing", "any thing"},
        {"extent", "7x9", "7x9"},
        {"extent", "8", "8x8"},
        {"many", "3-5", "3-5"},
        {"many", "4", "4"},
        {"span", "0.25-0.5", "0.25-0.5"},
        {"span", "0.5", "0.5"},
        {"own", "one", "one"},
    };
    static const char *const bad[][3] = {
        {"count", "0", "0 is not in 1..9"},
        {"count", "10", "10 is not in 1..9"},
        {"count", "x", "'x' is not a whole number"},
        {"seed", "-1", "'-1' is not a whole number"},
        {"ratio", "0.24", "0.24 is not in 0.25..1"},
        {"ratio", "nan", "nan is not in 0.25..1"},
        {"ratio", "1x", "'1x' is not a number"},
        {"room", "x", "'x' is not a size (such as 512M or 4G)"},
        {"colour", "blue", "'blue' is not one of red, green"},
        {"distance", "", "'' is not one of euclidean, squared"},
        {"word", "her", "'her' is not one of here, there, nowhere"},
        {"extent", "7x101", "101 is not in 1..100"},
        {"extent", "x7", "'' is not a whole number"},
        {"many", "5-3", "5-3 begins above its end"},
        {"many", "1-10", "10 is not in 1..9"},
        {"span", "0.5-0.25", "0.5-0.25 begins above its end"},
        {"own", "two", "'two' is not one"},
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        there_and_back(fine[i][0], fine[i][1], fine[i][2]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i][0], bad[i][1], bad[i][2]);
}

static jmp_buf escape;
static char said[500];
static int status_said;
static void hook(int status, const char *line)
{
    status_said = status;
    snprintf(said, sizeof said, "%s", line);
    longjmp(escape, 1);
}

static void command_line(void)
{
    struct values v = defaults;
    struct settings set[] = {{table, &v, 0}};
    char *argv[] = {"test", "-c", "3", "--half", "--colour", "green", "--text=f", "operand", NULL};
    struct option *rows = settings_options(set, 1, true);
    int c, strange = 0;
    optind = 0;
    while ((c = opt_next(8, argv, rows, "")) != -1)
        strange += !settings_take(set, 1, c, optarg);
    ok(v.count == 3 && v.half && v.colour == GREEN && strcmp(v.text, "f") == 0 && !strange,
       "a command line is taken");
    ok(optind == 7, "operands stay");
    const struct setting *s = settings_without(set, FIT);
    ok(s && strcmp(s->name, "colour") == 0, "the first given that is not of a use");
    ok(settings_without(set, FIT | SCORE) == NULL, "none but of two");
    char *by = settings_by(&v, table, FIT);
    ok(strcmp(by, " -c 3 -s 0 --ratio 0.5 --room 0 --distance euclidean --half --word here --extent 0x0 "
                  "--many 2 --span 0-1 --own none") == 0,
       "by=:%s", by);
    free(by);
    by = settings_by(&defaults, table, SCORE);
    ok(strcmp(by, " --ratio 0.5 --colour red") == 0, "by= of another use:%s", by);
    free(by);
    err_hook = hook;
    if (setjmp(escape) == 0)
        settings_take(set, 1, 'c', "12");
    ok(status_said == EXIT_MISUSE && strstr(said, "-c: 12 is not in 1..9"), "misuse names the option: %s",
       said);
    if (setjmp(escape) == 0)
        setting_read(&v, named("ratio"), "2");
    ok(strstr(said, "--ratio: 2 is not in 0.25..1") != NULL, "by its long name where it has no letter: %s",
       said);
    err_hook = NULL;
    ok(setting_equal(&v, &defaults, named("ratio")) && !setting_equal(&v, &defaults, named("count")) &&
           !setting_equal(&v, &defaults, named("half")),
       "equal and different values");
    struct values copy = defaults;
    for (size_t i = 0; table[i].name; i++)
        if (set->given >> i & 1)
            setting_copy(&copy, &v, &table[i]);
    ok(copy.count == 3 && copy.half && copy.colour == GREEN && copy.text == v.text && copy.word == v.word,
       "copies; a text stays the same");
    free(rows);
}

static void help(void)
{
    static const char want[] = "  -c, --count N       how many, auto or all (default auto)\n"
                               "  -s, --seed N        of the draw (default 0)\n";
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    settings_usage(f, &defaults, table);
    settings_usage_text(f, "  -v, --verbose     notices\n");
    fclose(f);
    ok(strncmp(text, want, sizeof want - 1) == 0, "the lines of --help begin so");
    ok(strstr(text, "      --colour C      of it: red or green (default red)\n") != NULL, "two choices");
    ok(strstr(text, "where: here, there or nowhere (default here)\n") != NULL, "three choices");
    ok(strstr(text, "      --half          only half\n") != NULL &&
           strstr(text, "--room BYTES    to take\n") && strstr(text, "--text FILE     a file\n"),
       "no default where there is none");
    ok(strstr(text, "  -v, --verbose       notices\n") != NULL, "other lines are moved to the column");
    free(text);
}

static void long_help(void)
{
    static const struct setting one[] = {{"x", 'x', SETTING_FLAG, AT(half), 0, 0, NULL, NULL,
                                          "a text that is so long that it does not fit into one line of a "
                                          "terminal, however wide that may be, so that it goes on",
                                          0, NULL},
                                         SETTINGS_END};
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    settings_usage(f, &defaults, one);
    fclose(f);
    const char *second = strchr(text, '\n');
    ok(second && second - text <= SETTINGS_WIDTH && strspn(second + 1, " ") == SETTINGS_COLUMN &&
           strstr(text, "it goes on\n"),
       "a long text goes on below itself");
    free(text);
}

int main(void)
{
    err_init("test");
    kinds();
    command_line();
    help();
    long_help();
    return done();
}
