/* Python's pickle machine: a stack of values, marks in it, a memo of values by number. Shared by the two
 * files that make up the loader; nobody else includes it. What fails sets the reason; values belong to the
 * pickle. */
#ifndef CODEC_PICKLE_MACHINE_H
#define CODEC_PICKLE_MACHINE_H
#include "codec/pickle.h"

struct pickle_machine {
    struct pickle *p;
    const unsigned char *data;
    size_t n, at;                /* at: behind the opcode, moves over its arguments */
    const struct opcode *opcode; /* the one that runs, and where it is */
    size_t opcode_at;
    struct pickle_value **stack, **memo;
    size_t depth, stack_capacity;
    size_t memos, memo_used;
    size_t mark[PICKLE_MARKS_MAX], marks;
    struct pickle_value *none, *truth[2];
    pickle_allow *allow;
    void *arg;
    bool stopped;
    struct err *e;
};

/* Sets the reason, with the opcode's place; false. */
bool machine_fail(struct pickle_machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A new value; NULL when there are too many. */
struct pickle_value *machine_value(struct pickle_machine *m, enum pickle_kind kind);
/* Appends an item to a container. */
bool machine_append(struct pickle_machine *m, struct pickle_value *to, struct pickle_value *item);

/* Pushes v; false for NULL, whose reason is set already. */
bool machine_push(struct pickle_machine *m, struct pickle_value *v);
/* The top value stays, or goes; NULL where there is none above the innermost mark. */
struct pickle_value *machine_top(struct pickle_machine *m);
struct pickle_value *machine_pop(struct pickle_machine *m);
/* The lowest place that belongs to the innermost open mark. */
size_t machine_floor(const struct pickle_machine *m);
/* Closes the mark: *first is where its values begin on the stack. */
bool machine_pop_mark(struct pickle_machine *m, size_t *first);

bool machine_get(struct pickle_machine *m, uint64_t number);
bool machine_put(struct pickle_machine *m, uint64_t number);

/* Arguments of opcodes: n bytes (NULL when they are not there), a little-endian number of `bytes` bytes, as
 * many bytes as such a number says, a line without its end. */
const unsigned char *machine_take(struct pickle_machine *m, uint64_t n);
bool machine_take_number(struct pickle_machine *m, size_t bytes, uint64_t *out);
const unsigned char *machine_take_counted(struct pickle_machine *m, size_t bytes, size_t *n);
bool machine_take_line(struct pickle_machine *m, const char **text, size_t *length);
#endif
