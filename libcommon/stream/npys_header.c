#include "stream/npys_header.h"
#include "base/file.h"
#include "stream/npys.h"
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "arrays are read and written as they lie in memory");

enum { HEADER_MAX = 65535, ALIGN = 64 };
static const char magic[] = "\x93NUMPY";

/* NumPy's name of each type; bfloat16 has none. */
static const char *const descr[DT_COUNT] = {
    [DT_F32] = "<f4", [DT_F16] = "<f2", [DT_F64] = "<f8", [DT_I64] = "<i8", [DT_I32] = "<i4",
    [DT_I16] = "<i2", [DT_U8] = "|u1",  [DT_I8] = "|i1",  [DT_BOOL] = "|b1"};

/* The header's text, a Python dictionary, and how far it is read. */
struct cursor {
    const char *p, *end;
};

static void skip_space(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t'))
        c->p++;
}

static bool take(struct cursor *c, const char *word)
{
    size_t len = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0)
        return false;
    c->p += len;
    return true;
}

/* A quoted string without escapes into out. */
static bool take_string(struct cursor *c, char *out, size_t size)
{
    skip_space(c);
    if (c->p == c->end || (*c->p != '\'' && *c->p != '"'))
        return false;
    const char *start = c->p + 1, *stop = memchr(start, *c->p, (size_t)(c->end - start));
    if (!stop || (size_t)(stop - start) >= size || memchr(start, '\\', (size_t)(stop - start)))
        return false;
    memcpy(out, start, (size_t)(stop - start));
    out[stop - start] = 0;
    c->p = stop + 1;
    return true;
}

static bool take_number(struct cursor *c, size_t *out)
{
    size_t n = 0;
    skip_space(c);
    const char *start = c->p;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (size_t)(*c->p - '0'), &n))
            return false;
    *out = n;
    return c->p > start;
}

/* "(3, 4)", "(3,)" or "()" */
static bool take_shape(struct cursor *c, struct tensor *t)
{
    bool comma = true;
    t->rank = 0;
    if (!take(c, "("))
        return false;
    while (!take(c, ")")) {
        if (!comma || t->rank == TENSOR_RANK_MAX || !take_number(c, &t->dim[t->rank]))
            return false;
        t->rank++;
        comma = take(c, ",");
        if (!comma && t->rank == 1)
            return false; /* "(3)" is no tuple */
    }
    return true;
}

/* The three entries, in any order, each once. */
struct entries {
    char type[32];
    bool fortran;
    struct tensor shape;
    unsigned seen;
};

static bool take_entry(struct cursor *c, struct entries *d)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[32];
    unsigned which = 0;
    if (!take_string(c, key, sizeof key) || !take(c, ":"))
        return false;
    while (which < 3 && strcmp(key, keys[which]) != 0)
        which++;
    if (which == 3 || (d->seen & 1u << which))
        return false;
    d->seen |= 1u << which;
    if (which == 0)
        return take_string(c, d->type, sizeof d->type);
    if (which == 2)
        return take_shape(c, &d->shape);
    d->fortran = take(c, "True");
    return d->fortran || take(c, "False");
}

static bool take_entries(struct cursor *c, struct entries *d)
{
    bool comma = true;
    if (!take(c, "{"))
        return false;
    while (!take(c, "}")) {
        if (!comma || !take_entry(c, d))
            return false;
        comma = take(c, ",");
    }
    skip_space(c);
    return d->seen == 7 && c->p == c->end;
}

static bool note_header(struct npys_header *h, const struct entries *d, struct err *e)
{
    struct cursor c = {d->type + 2, d->type + strlen(d->type)};
    if (!take_number(&c, &h->note_bytes) || c.p != c.end)
        return err_set(e, "unknown type '%s'", d->type);
    if (d->shape.rank)
        return err_set(e, "an array of byte strings ('%s'): only one, of shape (), is a note", d->type);
    if (h->note_bytes == 0)
        return err_set(e, "an empty note");
    if (h->note_bytes > NPYS_NOTE_MAX)
        return err_set(e, "a note of %zu bytes is larger than %d", h->note_bytes, NPYS_NOTE_MAX);
    h->note = true;
    return true;
}

static bool array_header(struct npys_header *h, const struct entries *d, struct err *e)
{
    char shape[128];
    enum dtype t = 0;
    const char *type = d->type;
    if (strcmp(type, "<u1") == 0 || strcmp(type, "<i1") == 0 || strcmp(type, "<b1") == 0)
        type++; /* of one byte, either order */
    while (t < DT_COUNT && !(descr[t] && strcmp(descr[t] + (type != d->type), type) == 0))
        t++;
    if (t == DT_COUNT)
        return err_set(e, "arrays of type '%s' are not supported%s", d->type,
                       d->type[0] == '>' ? " (big-endian)" : "");
    if (d->fortran && d->shape.rank > 1)
        return err_set(e, "an array in fortran order (numpy.ascontiguousarray makes C order)");
    h->like = d->shape;
    h->like.type = t;
    if (!tensor_sane(&h->like, NPYS_BYTES_MAX))
        return err_set(e, "an array of %s is larger than %zu bytes", tensor_shape_text(&d->shape, shape),
                       NPYS_BYTES_MAX);
    return true;
}

static bool parse(struct npys_header *h, const char *text, size_t n, struct err *e)
{
    struct cursor c = {text, text + n};
    struct entries d = {.seen = 0};
    *h = (struct npys_header){0};
    if (!take_entries(&c, &d))
        return err_set(e, "bad .npy header: '%.*s'", n > 80 ? 80 : (int)n, text);
    return d.type[0] == '|' && d.type[1] == 'S' ? note_header(h, &d, e) : array_header(h, &d, e);
}

static bool short_read(FILE *f, struct err *e)
{
    return ferror(f) ? err_set(e, "cannot read:") : err_set(e, "the stream is cut in a header");
}

/* Magic and version, of which `got` bytes of 8 were there. */
static bool check_start(FILE *f, const unsigned char *start, size_t got, struct err *e)
{
    if (memcmp(start, magic, got < 6 ? got : 6) != 0)
        return err_set(e, "not a .npy record (it begins with byte 0x%02x)", start[0]);
    if (got < 8)
        return short_read(f, e);
    if (start[6] != 1 && start[6] != 2)
        return err_set(e, ".npy version %u.%u is not supported", start[6], start[7]);
    return true;
}

/* The header's length, in 2 bytes or, from version 2 on, 4; then so much text. */
static bool read_text(FILE *f, size_t length_bytes, char text[HEADER_MAX], size_t *n, struct err *e)
{
    unsigned char length[4] = {0};
    if (fread(length, 1, length_bytes, f) < length_bytes)
        return short_read(f, e);
    *n = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
    if (*n > HEADER_MAX)
        return err_set(e, "a .npy header of %zu bytes", *n);
    return fread(text, 1, *n, f) == *n || short_read(f, e);
}

int npys_header_read(FILE *f, struct npys_header *h, struct err *e)
{
    unsigned char start[8];
    char text[HEADER_MAX];
    size_t n = 0, got = fread(start, 1, sizeof start, f);
    if (got == 0 && !ferror(f))
        return 0;
    bool fine = check_start(f, start, got, e) && read_text(f, start[6] == 1 ? 2 : 4, text, &n, e) &&
                parse(h, text, n, e);
    return fine ? 1 : -1;
}

void npys_header_write(FILE *f, const char *label, const struct npys_header *h)
{
    char text[512], type[24];
    unsigned char start[10] = "\x93NUMPY\1";
    if (!h->note && !descr[h->like.type])
        die("%s: NumPy has no type for bfloat16", label);
    snprintf(type, sizeof type, "|S%zu", h->note_bytes);
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                     h->note ? type : descr[h->like.type]);
    size_t rank = h->note ? 0 : h->like.rank;
    for (size_t i = 0; i < rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%zu%s", i ? " " : "", h->like.dim[i],
                      i + 1 < rank || rank == 1 ? "," : "");
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    size_t total = (sizeof start + (size_t)n + 1 + ALIGN - 1) / ALIGN * ALIGN, length = total - sizeof start;
    memset(text + n, ' ', length - (size_t)n);
    text[length - 1] = '\n';
    start[8] = (unsigned char)(length & 255);
    start[9] = (unsigned char)(length >> 8);
    file_write(start, sizeof start, f, label);
    file_write(text, length, f, label);
}
