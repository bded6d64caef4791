/* Python pickles (protocols 2 to 5, as torch.save writes) as a tree of values. Nothing is executed: where
 * Python would call a class, the tree holds an object with the class's name, the arguments and the state.
 * Opcodes: CPython's Lib/pickletools.py.
 *
 * Values belong to the struct pickle; texts point into the pickle's bytes, which must outlive it. Memory is
 * bounded by the limits below, and neither loading nor freeing recurses. Lists and dictionaries may contain
 * themselves: whoever walks the tree must bound the depth. */
#ifndef CODEC_PICKLE_H
#define CODEC_PICKLE_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* What a pickle may hold at most: values, references between them, the stack and the memo, open marks. A
 * checkpoint of 1,000 tensors with its optimizer has about 60,000 values. */
enum {
    PICKLE_VALUES_MAX = 1 << 21,
    PICKLE_ITEMS_MAX = 1 << 24,
    PICKLE_STACK_MAX = 1 << 21,
    PICKLE_MARKS_MAX = 1 << 12,
    PICKLE_CLASS_MAX = 200 /* bytes of a class's name */
};

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_LONG, /* more than 64 bits: little-endian bytes of two's complement, in text */
    PICKLE_FLOAT,
    PICKLE_STRING, /* UTF-8, or Python 2's bytes */
    PICKLE_BYTES,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_SET,
    PICKLE_DICT,      /* items: key, value, key, value ... in the order of insertion; a key may occur again */
    PICKLE_CLASS,     /* a class or a function: its dotted name in text, with a NUL behind it */
    PICKLE_OBJECT,    /* what calling one would give */
    PICKLE_PERSISTENT /* items[0]: the id under which the data lie elsewhere */
};

struct pickle_value {
    enum pickle_kind kind;
    const char *text;
    size_t length;
    int64_t integer; /* of PICKLE_INT and PICKLE_BOOL */
    double real;
    struct pickle_value **items; /* of containers; of an object what was set in it, as in a list */
    size_t n, capacity;
    struct pickle_value *callable; /* of an object: a PICKLE_CLASS ... */
    struct pickle_value *args;     /* ... and a PICKLE_TUPLE */
    size_t tag;                    /* for whoever walks the tree; 0 at first */
};

struct pickle {
    struct pickle_value *root;
    size_t used;                      /* bytes up to and with STOP */
    struct pickle_value **persistent; /* each PICKLE_PERSISTENT, in order */
    size_t persistents, persistent_capacity;
    struct pickle_chunk *chunk; /* the storage of values */
    size_t values, items;
};

/* Whether a class or function of this dotted name may occur; e gets no reason when not: the caller names it. */
typedef bool pickle_allow(const char *class_name, void *arg);

/* Loads one pickle from the start of data; bytes may follow. False with "pickle: byte N: reason" when it is
 * damaged or cut, has an opcode that is unknown or not read, or a class that `allow` refuses, all told by
 * name; nothing is left to free then. */
bool pickle_load(struct pickle *p, const unsigned char *data, size_t n, pickle_allow *allow, void *arg,
                 struct err *e);
void pickle_free(struct pickle *p);

/* "int", "list", "dict", ..., for an object its class's name. */
const char *pickle_type(const struct pickle_value *v);
/* A string with just this text. */
bool pickle_is_string(const struct pickle_value *v, const char *text);
/* An object of this class. */
bool pickle_is_object(const struct pickle_value *v, const char *class_name);
#endif
