/* stream/npys: the bytes are NumPy's, what is written comes back, every cut is told. */
#include "base/mem.h"
#include "stream/npys.h"
#include "tap.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf landing;
static char last_words[1400];

static void land(int status, const char *line)
{
    snprintf(last_words, sizeof last_words, "%s", line);
    longjmp(landing, status);
}

struct bytes {
    char *data;
    size_t n;
};

static FILE *input(const char *data, size_t n)
{
    return n ? fmemopen((void *)(uintptr_t)data, n, "rb") : fopen("/dev/null", "rb");
}

/* Records k of two arrays: f4 of (k+1) x 2, and one of type t with 3 elements. key: one more of the opening
 * note, or NULL. */
static struct bytes stream_with(size_t n, enum dtype t, const char *kind, const char *key, const char *value)
{
    struct bytes b;
    FILE *f = open_memstream(&b.data, &b.n);
    struct note opening = {0};
    note_set(&opening, "stream", kind);
    if (key)
        note_set(&opening, key, value);
    note_set(&opening, "by", "first 0.1");
    struct npys_writer *w = npys_writer_new(f, "memory", &opening, "second 0.1 -x");
    note_clear(&opening);
    for (size_t k = 0; k < n; k++) {
        struct npys_record rec = {.n = 2};
        rec.array[0] = tensor_new(DT_F32, 2, (size_t[]){k + 1, 2});
        rec.array[1] = tensor_new(t, 1, (size_t[]){3});
        for (size_t i = 0; i < 2 * (k + 1); i++)
            ((float *)rec.array[0].data)[i] = (float)(100 * k + i);
        memset(rec.array[1].data, (int)k, tensor_bytes(&rec.array[1]));
        note_setf(&rec.note, "name", "r/%zu", k);
        note_set(&rec.note, "other", "passes\tthrough");
        npys_write(w, &rec, "a,b");
        npys_record_free(&rec);
    }
    npys_writer_end(w);
    fclose(f);
    return b;
}

static struct bytes stream(size_t n, enum dtype t, const char *kind)
{
    return stream_with(n, t, kind, NULL, NULL);
}

/* The number of records, or -1 with a reason. */
static int read_all(const char *data, size_t n, struct err *e)
{
    FILE *f = input(data, n);
    struct npys_reader *r = npys_reader_new(f, "memory");
    struct npys_record rec = {0};
    int got, records = 0;
    while ((got = npys_try_read(r, &rec, e)) > 0)
        records++;
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    return got < 0 ? -1 : records;
}

static void round_trip(void)
{
    bool same = true;
    for (enum dtype t = 0; t < DT_COUNT; t++) {
        if (t == DT_BF16)
            continue;
        struct bytes b = stream(3, t, "features");
        FILE *f = input(b.data, b.n);
        struct npys_reader *r = npys_reader_new(f, "memory");
        struct npys_record rec = {0};
        const struct note *opening = npys_opening(r);
        same &= strcmp(note_get(opening, "stream"), "features") == 0 && opening->n == 4;
        size_t k = 0;
        for (; npys_read(r, &rec); k++) {
            same &= rec.n == 2 && rec.array[0].rank == 2 && rec.array[0].dim[0] == k + 1 &&
                    rec.array[1].type == t && rec.array[1].dim[0] == 3 &&
                    ((const float *)rec.array[0].data)[2 * k + 1] == (float)(100 * k + 2 * k + 1) &&
                    *(const unsigned char *)rec.array[1].data == k && (uintptr_t)rec.array[0].data % 64 == 0;
            same &= strcmp(note_get(&rec.note, "other"), "passes\tthrough") == 0 &&
                    strcmp(note_get(&rec.note, "arrays"), "a,b") == 0;
        }
        same &= k == 3 && npys_reader_count(r) == 3;
        npys_record_free(&rec);
        npys_reader_free(r);
        fclose(f);
        free(b.data);
    }
    ok(same, "records come back, all types, notes with them");
}

static void cuts(void)
{
    struct err e;
    struct bytes b = stream(2, DT_F16, "features"), other = stream(1, DT_F16, "maps"),
                 empty = stream(0, DT_F16, "features");
    int wrong = 0;
    for (size_t n = 0; n < b.n; n++)
        wrong += read_all(b.data, n, &e) != -1;
    ok(wrong == 0, "a tensor stream cut at any byte is an error");
    ok(read_all("", 0, &e) == -1, "%s", e.text);
    ok(read_all(empty.data, empty.n, &e) == 0, "end=0 is the empty set");

    char *both = xmalloc(2 * b.n + other.n, 1);
    memcpy(both, b.data, b.n);
    memcpy(both + b.n, b.data, b.n);
    ok(read_all(both, 2 * b.n, &e) == 4, "two streams joined are one");
    memcpy(both + b.n, other.data, other.n);
    ok(read_all(both, b.n + other.n, &e) == -1, "%s", e.text);
    size_t closing = 128; /* the last note: a header of 128 bytes with "end=2" after it */
    closing = b.n - closing - 5;
    memcpy(both + closing, b.data, b.n);
    ok(read_all(both, closing + b.n, &e) == -1, "%s", e.text);
    memcpy(both, b.data, b.n);
    both[b.n - 1] = '3';
    ok(read_all(both, b.n, &e) == -1 && strstr(e.text, "end=3 after 2"), "%s", e.text);
    both[b.n - 1] = '1';
    ok(read_all(both, b.n, &e) == -1 && strstr(e.text, "end=1 after 2"), "%s", e.text);
    free(both);
    free(b.data);
    free(other.data);
    free(empty.data);
}

static int read_joined(const struct bytes part[], size_t n, struct err *e)
{
    struct bytes all = {xmalloc(1, 1), 0};
    for (size_t i = 0; i < n; i++) {
        all.data = xrealloc(all.data, all.n + part[i].n, 1);
        memcpy(all.data + all.n, part[i].data, part[i].n);
        all.n += part[i].n;
    }
    int got = read_all(all.data, all.n, e);
    free(all.data);
    return got;
}

/* Streams that are joined agree in every key of the list, or are silent about it. */
static void joins(void)
{
    static const char *const keys[] = {"weights", "arch", "layers", "precision", "norm"};
    struct err e;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct bytes part[] = {stream(1, DT_U8, "features"),
                               stream_with(1, DT_U8, "features", keys[i], "one"),
                               stream_with(1, DT_U8, "features", keys[i], "other")};
        struct bytes silent[] = {part[1], part[0], part[1]}, last[] = {part[1], part[2]};
        int agree = read_joined(silent, 3, &e), second = read_joined(part, 3, &e),
            first = read_joined(last, 2, &e);
        ok(agree == 3 && second == -1 && first == -1, "%s: %s", keys[i], e.text);
        for (size_t k = 0; k < 3; k++)
            free(part[k].data);
    }
}

/* One array record made by hand: version, header text, data. */
static int by_hand(int version, const char *text, size_t data, struct err *e)
{
    static char b[4096];
    size_t n = strlen(text), at = version == 1 ? 10 : 12;
    memset(b, 0, sizeof b);
    memcpy(b, "\x93NUMPY", 6);
    b[6] = (char)version;
    b[8] = (char)n;
    memcpy(b + at, text, n);
    return read_all(b, at + n + data, e);
}

static void headers(void)
{
    struct err e;
    ok(by_hand(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", 24, &e) == 1,
       "a foreign array is a record");
    ok(by_hand(2, "{\"shape\":(2,),\"descr\":\"<i8\",\"fortran_order\":False}", 16, &e) == 1,
       "version 2, other order, other quotes");
    ok(by_hand(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, &e) == 1, "rank 0");
    ok(by_hand(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5), }", 0, &e) == 1, "no elements");
    static const char *const bad[] = {
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 3), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (8589934592,), }",
        "{'descr': '|S0', 'fortran_order': False, 'shape': (), }",
        "{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '|S99999999', 'fortran_order': False, 'shape': (), }",
        "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(by_hand(1, bad[i], 24, &e) == -1, "%s", e.text);
    ok(by_hand(3, bad[0], 24, &e) == -1, "%s", e.text);
}

/* numpy.save of version 1.24: array([[1, 2, 3]], float32). */
static void numpy_bytes(void)
{
    static const char want[] = "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }";
    struct bytes b;
    FILE *f = open_memstream(&b.data, &b.n);
    struct npys_writer *w = npys_writer_new(f, "memory", NULL, NULL);
    fflush(f);
    size_t start = b.n;
    struct npys_record rec = {.n = 1};
    rec.array[0] = tensor_new(DT_F32, 2, (size_t[]){1, 3});
    memset(rec.array[0].data, 0, 12);
    npys_write(w, &rec, "x");
    npys_record_free(&rec);
    ok(start % 64 == strlen("stream=tensors\tversion=1"), "headers end at a multiple of 64");
    const char *array = b.data + b.n - 140;
    ok(memcmp(array, want, sizeof want - 1) == 0 && array[127] == '\n' && array[126] == ' ',
       "an array's bytes are numpy.save's");
    npys_writer_end(w);
    fclose(f);
    free(b.data);
}

/* A record is handed out as soon as its bytes are there, though the writer goes on living. */
static void no_read_ahead(void)
{
    struct bytes b = stream(1, DT_F32, "features");
    int fd[2];
    struct npys_record rec = {0};
    struct err e;
    if (pipe(fd) || write(fd[1], b.data, b.n - 133) < 0) /* all but end=1 */
        die("pipe:");
    FILE *f = fdopen(fd[0], "rb");
    struct npys_reader *r = npys_reader_new(f, "pipe");
    alarm(10);
    ok(npys_opening(r)->n == 4 && npys_try_read(r, &rec, &e) == 1, "a record is read before the next begins");
    alarm(0);
    close(fd[1]);
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    free(b.data);
}

/* Notes and arrays in the ways that other programs may write them. */
static void foreign_notes(void)
{
    static const char array[] =
        "\x93NUMPY\1\0\70\0{'descr': '|u1', 'fortran_order': False, 'shape': (2,)} ab";
    static const char keyless[] =
        "\x93NUMPY\1\0\65\0{'descr': '|S3', 'fortran_order': False, 'shape': ()}x=y";
    static const char empty[] =
        "\x93NUMPY\1\0\65\0{'descr': '|S7', 'fortran_order': False, 'shape': ()}arrays=";
    static const char end[] = "\x93NUMPY\1\0\65\0{'descr': '|S5', 'fortran_order': False, 'shape': ()}end=2";
    char all[1000];
    struct err e;
    size_t n = 0;
#define PUT(item) (memcpy(all + n, item, sizeof item - 1), n += sizeof item - 1)
    PUT(keyless);
    PUT(array);
    PUT(empty);
    ok(read_all(all, n, &e) == 2, "a note without arrays= has one array, an empty arrays= none");
    PUT(end);
    ok(read_all(all, n, &e) == 2, "end= without an opening note counts all the same");
    PUT(array);
    ok(read_all(all, n, &e) == 3, "and foreign arrays may follow");
    n = 0;
    PUT(array);
    PUT(keyless);
    ok(read_all(all, n, &e) == -1, "%s", e.text);
    PUT(keyless);
    ok(read_all(all, n, &e) == -1, "%s", e.text);
#undef PUT
}

static void deaths(void)
{
    struct bytes b = stream(2, DT_U8, "features");
    FILE *f = input(b.data, b.n - 135); /* the last note has 133 bytes, the array before it 3 */
    struct npys_reader *r = npys_reader_new(f, "memory");
    static struct npys_record rec;
    if (setjmp(landing) == 0) {
        while (npys_read(r, &rec))
            ;
        ok(false, "the cut was not seen");
    } else {
        ok(strcmp(last_words, "npys: memory: record 2 (r/1): the stream is cut in an array") == 0, "%s",
           last_words);
    }
    npys_record_free(&rec);
    npys_reader_free(r);
    fclose(f);
    free(b.data);
}

int main(void)
{
    err_init("npys");
    err_hook = land;
    if (setjmp(landing)) {
        ok(false, "died: %s", last_words);
        return done();
    }
    round_trip();
    cuts();
    joins();
    headers();
    numpy_bytes();
    foreign_notes();
    no_read_ahead();
    deaths();
    return done();
}
