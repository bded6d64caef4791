/* Messages and the way out. One line on stderr: "tool: file: record N (name): reason".
 *
 * Tools and the stream readers die; parsers and decoders return false with a reason in a struct err, so that
 * they can be fuzzed and a caller may skip a file. Nothing here owns memory. */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include <stdbool.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSE = 2 };

/* A reason, without the names of tool and file. */
struct err {
    char text[400];
};

/* Sets the name that messages begin with: the last part of argv[0]. */
void err_init(const char *argv0);
const char *err_tool(void);

/* -1: -q, errors only; 0: warnings; 1: -v, notices too. */
extern int err_verbosity;

/* Called with the line before it is printed and the process exits. A fuzzer or a unit test sets one that does
 * not return (longjmp); when it returns, things go on as if there were none. */
extern void (*err_hook)(int status, const char *line);

/* A message ending in ':' gets strerror(errno). */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same for a wrong command line: status 2. */
_Noreturn void misuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes the reason and returns false, so that a parser can say `return err_set(e, "...")`. ':' as in die(). */
bool err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
