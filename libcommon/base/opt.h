/* The options that mean the same in every program, and checked numbers.
 *
 * A tool lists its own options in a struct option table that begins with OPT_COMMON; `val` is the letter, or
 * a value from OPT_LONG on for an option without one. Short options are derived from the table. */
#ifndef BASE_OPT_H
#define BASE_OPT_H
#include "base/err.h"
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* clang-format off */
#define OPT_COMMON                                                                                                 \
    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {"verbose", no_argument, NULL, 'v'},    \
    {"quiet", no_argument, NULL, 'q'}
#define OPT_THREADS {"threads", required_argument, NULL, 'j'}
#define OPT_END {NULL, 0, NULL, 0}
enum { OPT_LONG = 256 };
/* The lines of a usage text for them. */
#define USAGE_THREADS "  -j, --threads N   threads to use (default: all processors); never changes a result\n"
#define USAGE_COMMON                                                                                               \
    "  -v, --verbose     notices and progress on stderr\n"                                                         \
    "  -q, --quiet       errors only\n"                                                                            \
    "  -h, --help        this text\n"                                                                              \
    "  -V, --version     the version\n"
/* clang-format on */

/* getopt_long, with the common options done here: -h and -V print and exit 0; -v, -q and -j are obeyed (-j
 * starts the pool). Returns a tool's own option, its argument in optarg, or -1 at the end. Anything unknown,
 * or an argument missing: misuse(). */
int opt_next(int argc, char **argv, const struct option *table, const char *usage);

/* Numbers out of text; anything else, or out of range: misuse() naming the option. */
size_t opt_size(const char *option, const char *text, size_t min, size_t max);
uint64_t opt_u64(const char *option, const char *text);
double opt_real(const char *option, const char *text, double min, double max);
/* Bytes with a suffix: 512M, 4G (powers of 1024). */
size_t opt_bytes(const char *option, const char *text);
/* The index of text in names (ended by NULL); misuse() lists the names. */
size_t opt_choice(const char *option, const char *text, const char *const *names);

/* The same for text that is no command line's: false with a reason; *out stays as it was. */
bool opt_parse_size(size_t *out, const char *text, size_t min, size_t max, struct err *e);
bool opt_parse_u64(uint64_t *out, const char *text, struct err *e);
bool opt_parse_real(double *out, const char *text, double min, double max, struct err *e);
bool opt_parse_bytes(size_t *out, const char *text, struct err *e);
bool opt_parse_choice(size_t *index, const char *text, const char *const *names, struct err *e);
/* Names joined by commas, as their indices: n of them, at most `most`. On an error the list is undefined. */
bool opt_parse_choices(size_t *n, unsigned char *list, size_t most, const char *text,
                       const char *const *names, struct err *e);
/* They, as that reads them. */
void opt_print_choices(FILE *f, size_t n, const unsigned char *list, const char *const *names);
#endif
