/* codec/pickle: opcodes by hand against what Python's pickle module says they mean, and what is refused. */
#include "codec/pickle.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static bool allow_known(const char *class_name, void *arg)
{
    (void)arg;
    return strncmp(class_name, "known.", 6) == 0;
}

static bool load(struct pickle *p, const char *text, size_t n, struct err *e)
{
    return pickle_load(p, (const unsigned char *)text, n, allow_known, NULL, e);
}

/* A pickle that is refused with these words. */
static void refuses(const char *text, size_t n, const char *words, const char *what)
{
    struct pickle p;
    struct err e = {""};
    bool loaded = load(&p, text, n, &e);
    if (!ok(!loaded && strstr(e.text, words), "%s", what))
        printf("# %s\n", e.text);
    if (loaded)
        pickle_free(&p);
}
#define REFUSES(text, words, what) refuses(text, sizeof text - 1, words, what)

static void loads(struct pickle *p, const char *text, size_t n, const char *what)
{
    struct err e = {""};
    if (!ok(load(p, text, n, &e), "%s", what))
        printf("# %s\n", e.text);
}
#define LOADS(p, text, what) loads(p, text, sizeof text - 1, what)

/* pickle.dumps([0, 255, 65535, -1, -2**31, 2**40, -2**63, 0.1, 2**70]) */
static void numbers(void)
{
    static const char text[] =
        "\x80\x02]q\0(K\0K\xffM\xff\xffJ\xff\xff\xff\xffJ\0\0\0\x80\x8a\x06\0\0\0\0\0\x01"
        "\x8a\x08\0\0\0\0\0\0\0\x80G?\xb9\x99\x99\x99\x99\x99\x9a\x8a\x09\0\0\0\0\0\0\0\0@e.";
    static const int64_t want[] = {0, 255, 65535, -1, INT32_MIN, (int64_t)1 << 40, INT64_MIN};
    struct pickle p;
    LOADS(&p, text, "a list of numbers");
    bool same = p.root->kind == PICKLE_LIST && p.root->n == 9 && p.used == sizeof text - 1;
    for (size_t i = 0; same && i < 7; i++)
        same = p.root->items[i]->kind == PICKLE_INT && p.root->items[i]->integer == want[i];
    ok(same, "whole numbers of one, two, four and eight bytes");
    ok(p.root->items[7]->kind == PICKLE_FLOAT && p.root->items[7]->real == 0.1, "0.1");
    ok(p.root->items[8]->kind == PICKLE_LONG && p.root->items[8]->length == 9,
       "a number of 71 bits keeps its bytes");
    pickle_free(&p);
}

/* pickle.dumps({'a': (None, True, False), 'b': {1}}, 4), and bytes that follow. */
static void containers(void)
{
    static const char text[] = "\x80\x04\x95\x1b\0\0\0\0\0\0\0}\x94(\x8c\x01"
                               "a\x94N\x88\x89\x87\x94\x8c\x01"
                               "b\x94\x8f\x94(K\x01\x90u.tail";
    struct pickle p;
    LOADS(&p, text, "protocol 4");
    ok(p.used == sizeof text - 5, "what follows STOP is left alone");
    ok(p.root->kind == PICKLE_DICT && p.root->n == 4, "a dict of two");
    ok(pickle_is_string(p.root->items[0], "a") && !pickle_is_string(p.root->items[0], "ab"), "its key");
    const struct pickle_value *tuple = p.root->items[1];
    ok(tuple->kind == PICKLE_TUPLE && tuple->n == 3 && tuple->items[0]->kind == PICKLE_NONE &&
           tuple->items[1]->integer == 1 && tuple->items[2]->integer == 0,
       "a tuple of None, True, False");
    ok(p.root->items[3]->kind == PICKLE_SET && p.root->items[3]->n == 1, "a set");
    pickle_free(&p);
}

/* known.thing(5), an item set in it, its attributes set; the same again out of the memo. */
static void objects(void)
{
    struct pickle p;
    LOADS(&p,
          "\x80\x02"
          "cknown\nthing\nK\x05\x85Rq\x03K\x01K\x02s}bh\x03\x86.",
          "a call");
    const struct pickle_value *v = p.root->items[0];
    ok(p.root->n == 2 && v == p.root->items[1], "the memo gives the same value, not a copy");
    ok(pickle_is_object(v, "known.thing") && v->args->items[0]->integer == 5 && v->n == 2,
       "the class, the arguments and the items are kept");
    ok(strcmp(pickle_type(v), "known.thing") == 0, "its type is its class");
    pickle_free(&p);
    LOADS(&p, "\x80\x04\x8c\x05known\x8c\x01x\x93)\x81.", "a class by STACK_GLOBAL, made by NEWOBJ");
    ok(pickle_is_object(p.root, "known.x"), "an object of it");
    pickle_free(&p);
    LOADS(&p, "\x80\x02X\x02\0\0\0idQ.", "a persistent id");
    ok(p.root->kind == PICKLE_PERSISTENT && p.persistents == 1 && p.persistent[0] == p.root &&
           pickle_is_string(p.root->items[0], "id"),
       "is listed");
    pickle_free(&p);
    LOADS(&p, "\x80\x02]q\0h\0a.", "a list that contains itself");
    ok(p.root->items[0] == p.root, "and does");
    pickle_free(&p);
}

static void refusals(void)
{
    REFUSES("", "byte 0: the pickle ends without STOP", "nothing");
    REFUSES("\x80\x06N.", "protocol 6 is not read", "a protocol of the future");
    REFUSES("cposix\nsystem\nX\x02\0\0\0ls\x85R.", "byte 0: class posix.system is not allowed",
            "os.system by GLOBAL");
    REFUSES("\x8c\x05posix\x8c\x06system\x93.", "byte 15: class posix.system is not allowed",
            "os.system by STACK_GLOBAL");
    REFUSES("c__builtin__\neval\n.", "class __builtin__.eval is not allowed", "eval");
    REFUSES("(S'ls'\nios\nsystem\n.", "opcode STRING is not read", "protocol 0");
    REFUSES("(ios\nsystem\n.", "opcode INST is not read", "INST");
    REFUSES("\x82\x01.", "opcode EXT1 is not read", "the extension registry");
    REFUSES("\x97.", "opcode NEXT_BUFFER is not read", "out-of-band buffers");
    REFUSES("K\x01\xff.", "byte 2: unknown opcode 0xff", "an opcode that is none");
    REFUSES("K\x01)R.", "int is called, which is not a class", "a number called");
    REFUSES("cknown\nx\nK\x01R.", "is called with int", "arguments that are no tuple");
    REFUSES("h\x01.", "memo 1 was never put", "the memo empty");
    REFUSES("Nr\0\0\0\x10.", "memo 268435456 is far beyond", "a memo of gigabytes");
    REFUSES(".", "the stack is empty", "STOP with nothing");
    REFUSES("NN.", "STOP leaves values on the stack", "STOP with too much");
    REFUSES("(t0N(.", "the stack is empty", "STOP above a mark");
    REFUSES("N(a.", "the stack is too short", "APPEND across a mark");
    REFUSES("t.", "no mark is open", "TUPLE without MARK");
    REFUSES("}(Nu.", "a key without a value", "half an item");
    REFUSES("NNa.", "items are added to None", "APPEND to None");
    REFUSES("}NNa.", "items are added to None", "APPEND below the top");
    REFUSES("N}b.", "BUILD on None", "attributes of None");
    REFUSES("X\xff\xff\xff\xffz.", "the pickle ends in an opcode", "a string longer than the file");
    REFUSES("\x8d\xff\xff\xff\xff\xff\xff\xff\xffz.", "the pickle ends in an opcode",
            "a string of 2^64 bytes");
    REFUSES("cknown", "the pickle ends in a line", "half a class");
}

/* Pickles that want more than there is: deep, wide and long. */
static void limits(void)
{
    size_t n = PICKLE_VALUES_MAX + 10;
    char *text = malloc(n);
    memset(text, '(', n);
    refuses(text, n, "marks nest deeper", "two million marks");
    memset(text, 'N', n);
    refuses(text, n, "the stack is deeper", "two million values on the stack");
    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 ? '0' : ']';
    refuses(text, n, "ends without STOP", "a million lists, dropped one by one");
    /* [[[[...]]]]: each list in the next */
    struct pickle p;
    struct err e;
    memset(text, ']', n);
    size_t depth = 900000;
    memset(text + depth, 'a', depth - 1);
    text[2 * depth - 1] = '.';
    bool loaded = load(&p, text, 2 * depth, &e);
    ok(loaded, "900,000 lists inside each other load");
    if (loaded)
        pickle_free(&p);
    free(text);
}

/* A pickle of all kinds, cut anywhere. */
static void cuts(void)
{
    static const char text[] =
        "\x80\x02}q\0(X\x01\0\0\0aq\1cknown\nthing\nK\x05\x85Rq\x03U\x02hiB\x01\0\0\0xu.";
    struct pickle p;
    struct err e;
    bool refused = true;
    for (size_t n = 0; n < sizeof text - 1; n++)
        refused &= !load(&p, text, n, &e);
    ok(refused, "cut anywhere: refused");
}

int main(void)
{
    numbers();
    containers();
    objects();
    refusals();
    limits();
    cuts();
    return done();
}
