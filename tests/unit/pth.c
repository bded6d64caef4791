/* codec/pth and codec/zip: checkpoints that torch.save wrote (tests/oracle/pth.py) against their contents by
 * Python, whole, cut at every byte and with every byte changed; archives made here that lie about themselves. */
#include "base/file.h"
#include "base/mem.h"
#include "codec/pth.h"
#include "codec/zip.h"
#include "stream/safetensors.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const struct pth_options usual = {.cap = 64 << 20};

struct bytes {
    unsigned char *data;
    size_t n;
};

static char *oracle(const char *name)
{
    const char *tests = getenv("FERN_TESTS");
    return xprintf("%s/oracle/pth/%s", tests ? tests : "tests", name);
}

static struct bytes slurp(const char *name)
{
    struct bytes b;
    struct err e;
    char *path = oracle(name);
    if (!file_slurp(path, 1 << 20, &b.data, &b.n, &e))
        die("%s: %s", path, e.text);
    free(path);
    return b;
}

/* Names, types, shapes and bytes. */
static bool same(const struct pth *p, const struct safetensors *want)
{
    if (p->n != want->n)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        const struct tensor *a = &p->tensor[i].tensor, *b = &want->entry[i].tensor;
        if (strcmp(p->tensor[i].name, want->entry[i].name) != 0 || a->type != b->type ||
            !tensor_same_shape(a, b) || memcmp(a->data, b->data, tensor_bytes(a)) != 0)
            return false;
    }
    return true;
}

static void holds(const char *name, const char *contents, const struct pth_options *o)
{
    struct pth p;
    struct safetensors want;
    struct err e = {""};
    char *path = oracle(contents), *from = oracle(name);
    safetensors_open(&want, path);
    bool read = pth_read(&p, from, o, &e);
    if (!ok(read && same(&p, &want), "%s holds what %s does", name, contents))
        printf("# %s\n", e.text);
    if (read)
        pth_free(&p);
    safetensors_free(&want);
    free(path);
    free(from);
}

static void refused(const char *what, const struct bytes *b, const struct pth_options *o, const char *words)
{
    struct pth p;
    struct err e = {""};
    bool read = pth_parse(&p, b->data, b->n, o, &e);
    if (!ok(!read && strstr(e.text, words), "%s: refused", what))
        printf("# %s\n", e.text);
    if (read)
        pth_free(&p);
}

static void file_refused(const char *name, const struct pth_options *o, const char *words)
{
    struct bytes b = slurp(name);
    refused(name, &b, o, words);
    free(b.data);
}

/* Copies of exact size, so that the sanitizer sees a byte too many. */
static void cut(const char *name)
{
    struct bytes b = slurp(name);
    size_t taken = 0;
    for (size_t n = 0; n < b.n; n++) {
        unsigned char *part = malloc(n + !n);
        struct pth p;
        struct err e;
        memcpy(part, b.data, n);
        if (pth_parse(&p, part, n, &usual, &e)) {
            taken++;
            pth_free(&p);
        }
        free(part);
    }
    ok(taken == 0, "%s cut at any byte: refused", name);
    free(b.data);
}

/* Archives have check sums: a changed byte is found out, or makes no difference. */
static void change(const char *name, const char *contents)
{
    struct bytes b = slurp(name);
    struct safetensors want;
    char *path = oracle(contents);
    size_t wrong = 0, found = 0;
    safetensors_open(&want, path);
    for (size_t i = 0; i < b.n; i++) {
        struct pth p;
        struct err e;
        b.data[i] ^= 0x41;
        bool read = pth_parse(&p, b.data, b.n, &usual, &e);
        b.data[i] ^= 0x41;
        wrong += read && !same(&p, &want);
        found += !read;
        if (read)
            pth_free(&p);
    }
    ok(wrong == 0 && found > b.n / 2, "%s with any byte changed: refused (%zu of %zu) or the same", name,
       found, b.n);
    safetensors_free(&want);
    free(path);
    free(b.data);
}

/* Without check sums values may change; nothing else may happen. */
static void change_legacy(const char *name)
{
    struct bytes b = slurp(name);
    size_t found = 0;
    for (size_t i = 0; i < b.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct pth p;
            struct err e;
            b.data[i] ^= (unsigned char)(1 << bit);
            if (pth_parse(&p, b.data, b.n, &usual, &e))
                pth_free(&p);
            else
                found++;
            b.data[i] ^= (unsigned char)(1 << bit);
        }
    ok(found > 0, "%s with any bit changed: read or refused", name);
    free(b.data);
}

static void dropped(void)
{
    static const char *const names[] = {"epoch", "arch", "best_acc1", "optimizer", "args", "loss"};
    static const char *const types[] = {
        "int", "str", "tensor", "dict", "argparse.Namespace", "numpy.core.multiarray.scalar"};
    struct pth p;
    struct err e;
    struct bytes b = slurp("wrapped.pth");
    bool listed = pth_parse(&p, b.data, b.n, &usual, &e) && p.drops == 6;
    for (size_t i = 0; listed && i < 6; i++)
        listed = strcmp(p.dropped[i].name, names[i]) == 0 && strcmp(p.dropped[i].type, types[i]) == 0;
    ok(listed, "what lies beside the state dict is listed, in its order");
    pth_free(&p);
    struct pth_options o = {.prefix = "module.1.running_", .cap = usual.cap};
    listed = pth_parse(&p, b.data, b.n, &o, &e) && p.n == 2 && p.drops == 11 &&
             strcmp(p.tensor[0].name, "mean") == 0 &&
             strcmp(p.dropped[6].name, "state_dict/module.0.weight") == 0;
    ok(listed, "a prefix keeps two of seven");
    pth_free(&p);
    o.prefix = "nothing.";
    refused("a prefix of nothing", &b, &o, "no tensor's name begins with nothing.");
    o = (struct pth_options){.key = "best_acc1", .cap = usual.cap};
    refused("the key of a tensor", &b, &o, "is of type tensor, not a state dict");
    o.key = "ema";
    refused("a key that is not there", &b, &o, "no ema in the checkpoint; it has: epoch, arch, state_dict");
    o = (struct pth_options){.cap = 100};
    refused("no memory", &b, &o, "the 100 bytes that are left");
    free(b.data);
    b = slurp("kinds-legacy.pth");
    o.cap = 300;
    refused("memory for a part", &b, &o, "that are left");
    free(b.data);
}

/* --- archives made here ------------------------------------------------------------------------------- */

static void put(struct bytes *b, const void *data, size_t n)
{
    b->data = xrealloc(b->data, b->n + n + 1, 1);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void put_number(struct bytes *b, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        put(b, &(unsigned char){(unsigned char)(x >> 8 * i)}, 1);
}

static struct bytes deflated(const void *data, size_t n)
{
    struct bytes b = {xmalloc(compressBound(n) + 64, 1), 0};
    z_stream s = {.next_in = (unsigned char *)data, .avail_in = (uInt)n, .next_out = b.data};
    s.avail_out = (uInt)(compressBound(n) + 64);
    deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    deflate(&s, Z_FINISH);
    b.n = s.total_out;
    deflateEnd(&s);
    return b;
}

/* Local header of an entry, or its line of the directory. */
static void put_header(struct bytes *b, bool central, const struct zip_entry *entry, unsigned flags)
{
    put(b, central ? "PK\1\2" : "PK\3\4", 4);
    put_number(b, 20, central ? 4 : 2);
    put_number(b, flags, 2);
    put_number(b, entry->method, 2);
    put_number(b, 0, 4);
    put_number(b, entry->crc, 4);
    put_number(b, entry->packed, 4);
    put_number(b, entry->size, 4);
    put_number(b, entry->length, 2);
    put_number(b, 0, 2);
    if (central) {
        put(b, "\0\0\0\0\0\0\0\0\0\0", 10);
        put_number(b, entry->start, 4);
    }
    put(b, entry->name, entry->length);
}

/* An archive of one entry, which may lie about itself; `times` lines in the directory. */
static struct bytes archive(struct zip_entry entry, const void *packed, unsigned flags, unsigned times)
{
    struct bytes b = {0};
    put_header(&b, false, &entry, flags);
    put(&b, packed, entry.packed);
    size_t start = b.n;
    for (unsigned i = 0; i < times; i++)
        put_header(&b, true, &entry, flags);
    size_t size = b.n - start;
    put(&b, "PK\5\6\0\0\0\0", 8);
    put_number(&b, times, 2);
    put_number(&b, times, 2);
    put_number(&b, size, 4);
    put_number(&b, start, 4);
    put_number(&b, 0, 2);
    return b;
}

static void try_archive(const char *what, struct zip_entry entry, const void *packed, unsigned flags,
                        unsigned times, const char *words)
{
    struct bytes b = archive(entry, packed, flags, times);
    refused(what, &b, &usual, words);
    free(b.data);
}

static void lies(void)
{
    static const char text[] = "\x80\x02}.";
    enum { BOMB = 100 << 20 };
    const struct zip_entry plain = {.name = "x/data.pkl",
                                    .length = 10,
                                    .packed = 4,
                                    .size = 4,
                                    .crc = (uint32_t)crc32(0, (const unsigned char *)text, 4)};
    struct zip_entry entry = plain;
    try_archive("an empty dict", entry, text, 0, 1, "holds no state dict");
    try_archive("a name twice", entry, text, 0, 2, "a name occurs twice");
    try_archive("an encrypted entry", entry, text, 1, 1, "encrypted");
    entry.method = 12;
    try_archive("another compression", entry, text, 0, 1, "compression method 12");
    entry = plain;
    entry.size = 5;
    try_archive("stored, of two sizes", entry, text, 0, 1, "stored with another size");
    entry = plain;
    entry.crc ^= 1;
    try_archive("a wrong CRC", entry, text, 0, 1, "the CRC is wrong");
    entry = plain;
    entry.start = 1000000;
    try_archive("an entry beyond the file", entry, text, 0, 1, "no local header");
    entry = plain;
    entry.name = "x/data.txt";
    try_archive("an archive of something else", entry, text, 0, 1, "with no data.pkl");

    void *zeros = xcalloc(BOMB, 1);
    struct bytes b = deflated(zeros, BOMB);
    free(zeros);
    entry = plain;
    entry.method = 8;
    entry.packed = b.n;
    entry.size = BOMB;
    try_archive("100 MB in 100 kB", entry, b.data, 0, 1, "unpacks to more than 67108864 bytes");
    entry.size = 4;
    try_archive("a deflated entry that says 4 bytes", entry, b.data, 0, 1, "the deflated data are damaged");
    entry.size = 60 << 20;
    entry.packed = 100;
    try_archive("60 MB in 100 bytes", entry, b.data, 0, 1, "the deflated data are damaged");
    free(b.data);
}

int main(void)
{
    struct pth_options b = {.key = "b", .cap = usual.cap}, lenient = {.drop_unknown = true, .cap = usual.cap};
    holds("kinds.pth", "kinds.safetensors", &usual);
    holds("kinds-protocol4.pth", "kinds.safetensors", &usual);
    holds("kinds-deflated.pth", "kinds.safetensors", &usual);
    holds("kinds-zip64.pth", "kinds.safetensors", &usual);
    holds("kinds-legacy.pth", "kinds.safetensors", &usual);
    holds("kinds-legacy-protocol4.pth", "kinds.safetensors", &usual);
    holds("old-views.pth", "old-views.safetensors", &usual);
    holds("wrapped.pth", "wrapped.safetensors", &usual);
    holds("two.pth", "two.safetensors", &b);
    holds("hostile.pth", "hostile.safetensors", &lenient);
    holds("negative.pth", "negative.safetensors", &usual);
    file_refused("conjugate.pth", &usual, "metadata hold 'conj', which is not read");
    file_refused("unknown-metadata.pth", &usual, "metadata hold 'scale', which is not read");
    file_refused("negative-bool.pth", &usual, "the negative of truth values");
    file_refused("big-endian.pth", &usual, "was written on a big-endian machine");
    file_refused("big-endian-legacy.pth", &usual, "was written on a big-endian machine");
    file_refused("hostile.pth", &usual, "class posix.system is not allowed");
    file_refused("two.pth", &usual, "more than one state dict: a, b");
    file_refused("kinds.safetensors", &usual, "is not a PyTorch checkpoint");
    dropped();
    cut("two.pth");
    cut("old-views.pth");
    cut("negative.pth");
    cut("kinds-zip64.pth");
    cut("kinds-legacy.pth");
    change("kinds.pth", "kinds.safetensors");
    change("kinds-deflated.pth", "kinds.safetensors");
    change("kinds-zip64.pth", "kinds.safetensors");
    change_legacy("old-views.pth");
    change_legacy("kinds-legacy.pth");
    lies();
    return done();
}
