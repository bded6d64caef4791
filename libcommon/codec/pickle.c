#include "codec/pickle.h"
#include "base/mem.h"
#include "codec/pickle_machine.h"
#include <stdlib.h>
#include <string.h>

/* What an opcode does; `kind` and `n` are for functions that serve several. */
struct opcode {
    const char *name;
    bool (*run)(struct pickle_machine *m);
    enum pickle_kind kind;
    size_t n;
};

/* --- numbers and text --------------------------------------------------------------------------------- */

static bool op_proto(struct pickle_machine *m)
{
    const unsigned char *p = machine_take(m, 1);
    return p && (*p <= 5 || machine_fail(m, "protocol %d is not read", *p));
}

static bool op_stop(struct pickle_machine *m)
{
    m->p->root = machine_pop(m);
    m->stopped = true;
    return m->p->root && ((!m->depth && !m->marks) || machine_fail(m, "STOP leaves values on the stack"));
}

/* Frames only tell how much to read ahead. */
static bool op_frame(struct pickle_machine *m)
{
    return machine_take(m, 8) != NULL;
}

static bool op_none(struct pickle_machine *m)
{
    return machine_push(m, m->none);
}

static bool op_bool(struct pickle_machine *m)
{
    return machine_push(m, m->truth[m->opcode->n]);
}

static bool push_integer(struct pickle_machine *m, int64_t x)
{
    struct pickle_value *v = machine_value(m, PICKLE_INT);
    if (v)
        v->integer = x;
    return machine_push(m, v);
}

/* One and two bytes are unsigned, four signed. */
static bool op_integer(struct pickle_machine *m)
{
    uint64_t x;
    if (!machine_take_number(m, m->opcode->n, &x))
        return false;
    return push_integer(m, m->opcode->n == 4 ? (int32_t)(uint32_t)x : (int64_t)x);
}

/* Bytes behind their length, which takes opcode->n bytes. */
static bool op_text(struct pickle_machine *m)
{
    size_t length;
    const unsigned char *p = machine_take_counted(m, m->opcode->n, &length);
    struct pickle_value *v = p ? machine_value(m, m->opcode->kind) : NULL;
    if (v) {
        v->text = (const char *)p;
        v->length = length;
    }
    return machine_push(m, v);
}

/* Two's complement of any length; beyond 64 bits the bytes are kept. */
static bool op_long(struct pickle_machine *m)
{
    size_t start = m->at, length;
    const unsigned char *p = machine_take_counted(m, m->opcode->n, &length);
    if (!p)
        return false;
    if (length > 8) {
        m->at = start;
        return op_text(m);
    }
    uint64_t x = length && p[length - 1] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = length; i-- > 0;)
        x = x << 8 | p[i];
    return push_integer(m, (int64_t)x);
}

/* The eight bytes are big-endian, alone in the format. */
static bool op_float(struct pickle_machine *m)
{
    const unsigned char *p = machine_take(m, 8);
    struct pickle_value *v = p ? machine_value(m, PICKLE_FLOAT) : NULL;
    uint64_t bits = 0;
    if (!v)
        return false;
    for (size_t i = 0; i < 8; i++)
        bits = bits << 8 | p[i];
    memcpy(&v->real, &bits, sizeof bits);
    return machine_push(m, v);
}

/* --- containers --------------------------------------------------------------------------------------- */

static bool op_mark(struct pickle_machine *m)
{
    if (m->marks == PICKLE_MARKS_MAX)
        return machine_fail(m, "marks nest deeper than %d", PICKLE_MARKS_MAX);
    m->mark[m->marks++] = m->depth;
    return true;
}

/* Right behind a MARK it takes the mark, as in Python. */
static bool op_pop(struct pickle_machine *m)
{
    if (m->marks && m->depth == machine_floor(m)) {
        m->marks--;
        return true;
    }
    return machine_pop(m) != NULL;
}

static bool op_pop_mark(struct pickle_machine *m)
{
    return machine_pop_mark(m, &m->depth);
}

static bool op_dup(struct pickle_machine *m)
{
    return machine_push(m, machine_top(m));
}

static bool op_empty(struct pickle_machine *m)
{
    return machine_push(m, machine_value(m, m->opcode->kind));
}

/* Moves what lies on the stack from `first` on into a container. */
static bool collect(struct pickle_machine *m, struct pickle_value *to, size_t first)
{
    if (m->opcode->kind == PICKLE_DICT && (m->depth - first) % 2)
        return machine_fail(m, "a key without a value");
    for (size_t i = first; i < m->depth; i++)
        if (!machine_append(m, to, m->stack[i]))
            return false;
    m->depth = first;
    return true;
}

static bool push_collected(struct pickle_machine *m, size_t first)
{
    struct pickle_value *v = machine_value(m, m->opcode->kind);
    return v && collect(m, v, first) && machine_push(m, v);
}

/* A container of all above the mark. */
static bool op_collect(struct pickle_machine *m)
{
    size_t first;
    return machine_pop_mark(m, &first) && push_collected(m, first);
}

/* A container of the opcode->n top values. */
static bool op_collect_n(struct pickle_machine *m)
{
    if (m->depth - machine_floor(m) < m->opcode->n)
        return machine_fail(m, "the stack is too short");
    return push_collected(m, m->depth - m->opcode->n);
}

/* Moves values from `first` on into the container below them. Objects take any; their class would know. */
static bool extend(struct pickle_machine *m, size_t first)
{
    if (first <= machine_floor(m))
        return machine_fail(m, "the stack has no container");
    struct pickle_value *to = m->stack[first - 1];
    if (to->kind != m->opcode->kind && to->kind != PICKLE_OBJECT)
        return machine_fail(m, "items are added to %s", pickle_type(to));
    return collect(m, to, first);
}

static bool op_extend(struct pickle_machine *m)
{
    size_t first;
    return machine_pop_mark(m, &first) && extend(m, first);
}

static bool op_extend_n(struct pickle_machine *m)
{
    if (m->depth - machine_floor(m) < m->opcode->n)
        return machine_fail(m, "the stack is too short");
    return extend(m, m->depth - m->opcode->n);
}

/* --- the memo ----------------------------------------------------------------------------------------- */

static bool op_get(struct pickle_machine *m)
{
    uint64_t number;
    return machine_take_number(m, m->opcode->n, &number) && machine_get(m, number);
}

static bool op_put(struct pickle_machine *m)
{
    uint64_t number;
    return machine_take_number(m, m->opcode->n, &number) && machine_put(m, number);
}

/* Numbers by what is in the memo. */
static bool op_memoize(struct pickle_machine *m)
{
    return machine_put(m, m->memo_used);
}

/* --- classes and objects ------------------------------------------------------------------------------ */

static bool push_class(struct pickle_machine *m, const char *module, size_t module_n, const char *name,
                       size_t name_n)
{
    if (module_n > PICKLE_CLASS_MAX || name_n > PICKLE_CLASS_MAX)
        return machine_fail(m, "a class's name is longer than %d bytes", PICKLE_CLASS_MAX);
    struct pickle_value *v = machine_value(m, PICKLE_CLASS);
    if (!v)
        return false;
    char *dotted = xprintf("%.*s.%.*s", (int)module_n, module, (int)name_n, name);
    v->text = dotted;
    v->length = strlen(dotted);
    if (!m->allow(dotted, m->arg))
        return machine_fail(m, "class %s is not allowed", dotted);
    return machine_push(m, v);
}

static bool op_global(struct pickle_machine *m)
{
    const char *module, *name;
    size_t module_n, name_n;
    return machine_take_line(m, &module, &module_n) && machine_take_line(m, &name, &name_n) &&
           push_class(m, module, module_n, name, name_n);
}

static bool op_stack_global(struct pickle_machine *m)
{
    struct pickle_value *name = machine_pop(m), *module = name ? machine_pop(m) : NULL;
    if (!module)
        return false;
    if (name->kind != PICKLE_STRING || module->kind != PICKLE_STRING)
        return machine_fail(m, "STACK_GLOBAL without two strings");
    return push_class(m, module->text, module->length, name->text, name->length);
}

/* REDUCE and NEWOBJ: a call by Python, here the record of one. */
static bool op_call(struct pickle_machine *m)
{
    struct pickle_value *args = machine_pop(m), *callable = args ? machine_pop(m) : NULL;
    if (!callable)
        return false;
    if (callable->kind != PICKLE_CLASS)
        return machine_fail(m, "%s is called, which is not a class", pickle_type(callable));
    if (args->kind != PICKLE_TUPLE)
        return machine_fail(m, "%s is called with %s, not a tuple", callable->text, pickle_type(args));
    struct pickle_value *v = machine_value(m, PICKLE_OBJECT);
    if (v) {
        v->callable = callable;
        v->args = args;
    }
    return machine_push(m, v);
}

/* Keyword arguments are not kept. */
static bool op_newobj_ex(struct pickle_machine *m)
{
    return machine_pop(m) && op_call(m);
}

/* An object's attributes are not kept: what checkpoints need is in its arguments and items. */
static bool op_build(struct pickle_machine *m)
{
    struct pickle_value *state = machine_pop(m), *to = state ? machine_top(m) : NULL;
    if (!to)
        return false;
    return to->kind == PICKLE_OBJECT ||
           machine_fail(m, "BUILD on %s, which is not an object", pickle_type(to));
}

static bool op_persistent(struct pickle_machine *m)
{
    struct pickle_value *id = machine_pop(m), *v = id ? machine_value(m, PICKLE_PERSISTENT) : NULL;
    struct pickle *p = m->p;
    if (!v || !machine_append(m, v, id))
        return false;
    p->persistent =
        xgrow(p->persistent, p->persistents, &p->persistent_capacity, sizeof(struct pickle_value *));
    p->persistent[p->persistents++] = v;
    return machine_push(m, v);
}

/* --- the table ---------------------------------------------------------------------------------------- */

/* Without a function: known by name and not read. Those of protocols 0 and 1, the extension registry and
 * out-of-band buffers never come out of torch.save. */
static const struct opcode opcodes[256] = {
    ['('] = {"MARK", op_mark, 0, 0},
    [')'] = {"EMPTY_TUPLE", op_empty, PICKLE_TUPLE, 0},
    ['.'] = {"STOP", op_stop, 0, 0},
    ['0'] = {"POP", op_pop, 0, 0},
    ['1'] = {"POP_MARK", op_pop_mark, 0, 0},
    ['2'] = {"DUP", op_dup, 0, 0},
    ['B'] = {"BINBYTES", op_text, PICKLE_BYTES, 4},
    ['C'] = {"SHORT_BINBYTES", op_text, PICKLE_BYTES, 1},
    ['F'] = {"FLOAT", NULL, 0, 0},
    ['G'] = {"BINFLOAT", op_float, 0, 0},
    ['I'] = {"INT", NULL, 0, 0},
    ['J'] = {"BININT", op_integer, 0, 4},
    ['K'] = {"BININT1", op_integer, 0, 1},
    ['L'] = {"LONG", NULL, 0, 0},
    ['M'] = {"BININT2", op_integer, 0, 2},
    ['N'] = {"NONE", op_none, 0, 0},
    ['P'] = {"PERSID", NULL, 0, 0},
    ['Q'] = {"BINPERSID", op_persistent, 0, 0},
    ['R'] = {"REDUCE", op_call, 0, 0},
    ['S'] = {"STRING", NULL, 0, 0},
    ['T'] = {"BINSTRING", op_text, PICKLE_STRING, 4},
    ['U'] = {"SHORT_BINSTRING", op_text, PICKLE_STRING, 1},
    ['V'] = {"UNICODE", NULL, 0, 0},
    ['X'] = {"BINUNICODE", op_text, PICKLE_STRING, 4},
    [']'] = {"EMPTY_LIST", op_empty, PICKLE_LIST, 0},
    ['a'] = {"APPEND", op_extend_n, PICKLE_LIST, 1},
    ['b'] = {"BUILD", op_build, 0, 0},
    ['c'] = {"GLOBAL", op_global, 0, 0},
    ['d'] = {"DICT", op_collect, PICKLE_DICT, 0},
    ['e'] = {"APPENDS", op_extend, PICKLE_LIST, 0},
    ['g'] = {"GET", NULL, 0, 0},
    ['h'] = {"BINGET", op_get, 0, 1},
    ['i'] = {"INST", NULL, 0, 0},
    ['j'] = {"LONG_BINGET", op_get, 0, 4},
    ['l'] = {"LIST", op_collect, PICKLE_LIST, 0},
    ['o'] = {"OBJ", NULL, 0, 0},
    ['p'] = {"PUT", NULL, 0, 0},
    ['q'] = {"BINPUT", op_put, 0, 1},
    ['r'] = {"LONG_BINPUT", op_put, 0, 4},
    ['s'] = {"SETITEM", op_extend_n, PICKLE_DICT, 2},
    ['t'] = {"TUPLE", op_collect, PICKLE_TUPLE, 0},
    ['u'] = {"SETITEMS", op_extend, PICKLE_DICT, 0},
    ['}'] = {"EMPTY_DICT", op_empty, PICKLE_DICT, 0},
    [0x80] = {"PROTO", op_proto, 0, 0},
    [0x81] = {"NEWOBJ", op_call, 0, 0},
    [0x82] = {"EXT1", NULL, 0, 0},
    [0x83] = {"EXT2", NULL, 0, 0},
    [0x84] = {"EXT4", NULL, 0, 0},
    [0x85] = {"TUPLE1", op_collect_n, PICKLE_TUPLE, 1},
    [0x86] = {"TUPLE2", op_collect_n, PICKLE_TUPLE, 2},
    [0x87] = {"TUPLE3", op_collect_n, PICKLE_TUPLE, 3},
    [0x88] = {"NEWTRUE", op_bool, 0, 1},
    [0x89] = {"NEWFALSE", op_bool, 0, 0},
    [0x8a] = {"LONG1", op_long, PICKLE_LONG, 1},
    [0x8b] = {"LONG4", op_long, PICKLE_LONG, 4},
    [0x8c] = {"SHORT_BINUNICODE", op_text, PICKLE_STRING, 1},
    [0x8d] = {"BINUNICODE8", op_text, PICKLE_STRING, 8},
    [0x8e] = {"BINBYTES8", op_text, PICKLE_BYTES, 8},
    [0x8f] = {"EMPTY_SET", op_empty, PICKLE_SET, 0},
    [0x90] = {"ADDITEMS", op_extend, PICKLE_SET, 0},
    [0x91] = {"FROZENSET", op_collect, PICKLE_SET, 0},
    [0x92] = {"NEWOBJ_EX", op_newobj_ex, 0, 0},
    [0x93] = {"STACK_GLOBAL", op_stack_global, 0, 0},
    [0x94] = {"MEMOIZE", op_memoize, 0, 0},
    [0x95] = {"FRAME", op_frame, 0, 0},
    [0x96] = {"BYTEARRAY8", op_text, PICKLE_BYTES, 8},
    [0x97] = {"NEXT_BUFFER", NULL, 0, 0},
    [0x98] = {"READONLY_BUFFER", NULL, 0, 0},
};

static bool step(struct pickle_machine *m)
{
    m->opcode_at = m->at;
    if (m->at == m->n)
        return machine_fail(m, "the pickle ends without STOP");
    m->opcode = &opcodes[m->data[m->at]];
    if (!m->opcode->name)
        return machine_fail(m, "unknown opcode 0x%02x", m->data[m->at]);
    if (!m->opcode->run)
        return machine_fail(m, "opcode %s is not read", m->opcode->name);
    m->at++;
    return m->opcode->run(m);
}

static bool run(struct pickle_machine *m)
{
    m->none = machine_value(m, PICKLE_NONE);
    for (int i = 0; i < 2; i++) {
        m->truth[i] = machine_value(m, PICKLE_BOOL);
        m->truth[i]->integer = i;
    }
    while (!m->stopped)
        if (!step(m))
            return false;
    return true;
}

bool pickle_load(struct pickle *p, const unsigned char *data, size_t n, pickle_allow *allow, void *arg,
                 struct err *e)
{
    *p = (struct pickle){0};
    struct pickle_machine m = {.p = p, .data = data, .n = n, .allow = allow, .arg = arg, .e = e};
    bool ok = run(&m);
    p->used = m.at;
    free(m.stack);
    free(m.memo);
    if (!ok)
        pickle_free(p);
    return ok;
}
