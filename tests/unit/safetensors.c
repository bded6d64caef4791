/* stream/safetensors: files come back, the same content is the same bytes, broken headers are told. */
#include "base/file.h"
#include "base/mem.h"
#include "stream/safetensors.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fill(struct safetensors *st, bool backwards)
{
    static const char *const names[] = {"layer.0.weight", "a\"quoted\"\\\n", "z.num", "half"};
    static const enum dtype types[] = {DT_F32, DT_U8, DT_I64, DT_BF16};
    static const size_t dims[][2] = {{3, 2}, {5, 1}, {1, 1}, {3, 1}};
    for (size_t k = 0; k < 4; k++) {
        size_t i = backwards ? 3 - k : k;
        struct tensor t = tensor_new(types[i], i == 2 ? 0 : 2, dims[i]);
        memset(t.data, (int)i + 1, tensor_bytes(&t));
        if (i % 2) {
            safetensors_add(st, names[i], &t);
            tensor_free(&t);
        } else {
            safetensors_add_owned(st, names[i], t);
        }
    }
    note_set(&st->meta, "arch", "resnet18");
    note_add(&st->meta, "by", "pth2st 0.1");
    note_add(&st->meta, "by", "fractrain 0.1");
    note_set(&st->meta, "odd", "tab\there, \"quotes\", \xc3\xa9");
}

static void round_trip(const char *path)
{
    struct safetensors a = {0}, b = {0}, c = {0};
    struct err e;
    unsigned char *first, *second;
    size_t n, m;
    fill(&a, false);
    safetensors_write(&a, path);
    ok(file_slurp(path, 1 << 20, &first, &n, &e), "written");
    ok(safetensors_read(&b, path, &e), "read");
    ok(b.n == 4 && strcmp(b.entry[0].name, "a\"quoted\"\\\n") == 0 && strcmp(b.entry[3].name, "z.num") == 0,
       "entries are sorted by name");
    const struct tensor *t = safetensors_find(&b, "layer.0.weight");
    ok(t && t->type == DT_F32 && t->rank == 2 && t->dim[0] == 3 && (uintptr_t)t->data % 64 % 4 == 0 &&
           ((const unsigned char *)t->data)[23] == 1 && !safetensors_find(&b, "layer"),
       "a tensor is found");
    ok(b.meta.n == 4 && strcmp(b.meta.pair[2].value, "fractrain 0.1") == 0 &&
           strcmp(note_get(&b.meta, "odd"), "tab\there, \"quotes\", \xc3\xa9") == 0,
       "metadata, by= twice");
    ok(safetensors_hash(&a) == safetensors_hash(&b), "the hash is of the content");
    safetensors_write(&b, path);
    ok(file_slurp(path, 1 << 20, &second, &m, &e) && m == n && memcmp(first, second, n) == 0,
       "written again: the same bytes");
    free(second);
    fill(&c, true);
    safetensors_write(&c, path);
    ok(file_slurp(path, 1 << 20, &second, &m, &e) && m == n && memcmp(first, second, n) == 0,
       "added in another order: the same bytes");
    free(second);
    ((unsigned char *)c.entry[0].tensor.data)[0]++;
    ok(safetensors_hash(&a) != safetensors_hash(&c), "another byte, another hash");

    int wrong = 0;
    struct safetensors st;
    for (size_t cut = 0; cut < n; cut++)
        wrong += safetensors_parse(&st, first, cut, &e);
    ok(wrong == 0, "a file cut at any byte is an error");
    first = xrealloc(first, n + 1, 1);
    first[n] = 0;
    ok(!safetensors_parse(&st, first, n + 1, &e) && strstr(e.text, "1 bytes belong to no tensor"),
       "a byte behind the last tensor: %s", e.text);
    free(first);
    safetensors_free(&a);
    safetensors_free(&b);
    safetensors_free(&c);
}

static bool parse(const char *header, size_t data, struct err *e)
{
    static unsigned char b[2048];
    struct safetensors st;
    size_t n = strlen(header);
    memset(b, 0, sizeof b);
    b[0] = (unsigned char)n;
    b[1] = (unsigned char)(n >> 8);
    memcpy(b + 8, header, n);
    bool fine = safetensors_parse(&st, b, 8 + n + data, e);
    if (fine)
        safetensors_free(&st);
    return fine;
}

static void headers(void)
{
    struct err e;
    ok(parse("{}  ", 0, &e), "nothing");
    ok(parse("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, &e), "no elements");
    ok(parse("{\"a\":{\"data_offsets\":[0,1],\"shape\":[],\"dtype\":\"U8\"},"
             "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[1,9]}}",
             9, &e),
       "an f64 at an odd address");
    ok(parse("{\"\\u00e9\\ud83d\\ude00\\/\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, &e),
       "escapes");
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{}x",
        "{\"a\"}",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{,}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,2]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,2]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,18446744073709551616]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}",
        "{\"__metadata__\":{\"a\":\"\\u0000\"}}",
        "{\"__metadata__\":{\"a\":\"\\ud800\"}}",
        "{\"__metadata__\":{\"a\":\"\n\"}}",
        "{\"__metadata__\":{\"a\":\"\\x\"}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(!parse(bad[i], 1, &e), "%s", e.text);
    struct safetensors st;
    ok(!safetensors_parse(&st, (const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10, &e), "%s",
       e.text);
}

/* Tensors of types that fern does not know are an error when they are asked for, not before. */
static void unknown_types(void)
{
    static const char text[] = "\x84\0\0\0\0\0\0\0{\"__metadata__\":{\"k\":\"v\"},"
                               "\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                               "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[8,10]}}12345678xy";
    struct safetensors st;
    struct err e, why = {""};
    if (!ok(safetensors_parse(&st, (const unsigned char *)text, sizeof text - 1, &e),
            "a file with such a tensor is read"))
        return;
    const struct tensor *b = safetensors_find(&st, "b");
    ok(st.n == 1 && b && memcmp(b->data, "xy", 2) == 0 && !safetensors_find(&st, "a"),
       "the others are there");
    ok(strcmp(safetensors_why_not(&st, "a", &why), "holds elements of type C64, which are not supported") ==
           0,
       "a %s", why.text);
    ok(strcmp(safetensors_why_not(&st, "c", &why), "is missing") == 0, "c %s", why.text);
    safetensors_free(&st);
}

static void other_files(void)
{
    static const struct {
        const char *text, *advice;
    } file[] = {{"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"},
                {"PK\3\4\x14\1\x08\x08\1\1\1\1\1\1", "pth2st"},
                {"\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.", "pth2st"}};
    struct safetensors st;
    struct err e;
    for (size_t i = 0; i < sizeof file / sizeof *file; i++)
        ok(!safetensors_parse(&st, (const unsigned char *)file[i].text, strlen(file[i].text), &e) &&
               strstr(e.text, file[i].advice),
           "%s", e.text);
}

/* Rounded to the nearest of two bf16 neighbours, a tie to the even one; only matrices of f32. */
static void narrow(void)
{
    static const float value[6] = {
        1, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, -3.3895314e38f, 0x1p-30f};
    static const uint16_t want[6] = {0x3f80, 0x3f80, 0x3f82, 0x3f81, 0xff7f, 0x3080};
    struct safetensors st = {0};
    struct tensor matrix = tensor_new(DT_F32, 2, (const size_t[]){2, 3}),
                  vector = tensor_new(DT_F32, 1, (const size_t[]){6});
    memcpy(matrix.data, value, sizeof value);
    memcpy(vector.data, value, sizeof value);
    safetensors_add_owned(&st, "matrix", matrix);
    safetensors_add_owned(&st, "vector", vector);
    safetensors_narrow(&st);
    const struct tensor *m = safetensors_find(&st, "matrix"), *v = safetensors_find(&st, "vector");
    ok(m->type == DT_BF16 && m->rank == 2 && m->dim[1] == 3 && memcmp(m->data, want, sizeof want) == 0,
       "a matrix becomes bf16, rounded to the nearest, to even");
    ok(v->type == DT_F32 && memcmp(v->data, value, sizeof value) == 0, "a vector stays");
    safetensors_free(&st);
}

int main(void)
{
    char path[] = "/tmp/fern-safetensors-XXXXXX";
    struct safetensors st;
    struct err e;
    err_init("safetensors");
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    ok(!safetensors_read(&st, path, &e), "an empty file: %s", e.text);
    ok(!safetensors_read(&st, "/tmp", &e), "a folder: %s", e.text);
    ok(!safetensors_read(&st, "/nonexistent", &e), "nothing there: %s", e.text);
    round_trip(path);
    headers();
    unknown_types();
    narrow();
    other_files();
    unlink(path);
    return done();
}
