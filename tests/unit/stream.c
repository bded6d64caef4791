/* stream/: what is written comes back; what is cut, lost or absurd is told. */
#include "base/file.h"
#include "base/mem.h"
#include "stream/image.h"
#include "stream/npys.h"
#include "stream/safetensors.h"
#include "stream/table.h"
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

/* A stream in memory. */
struct bytes {
    char *data;
    size_t n;
};

static FILE *input(const struct bytes *b, size_t n)
{
    return n ? fmemopen(b->data, n, "rb") : fopen("/dev/null", "rb");
}

static struct bytes join(const struct bytes *a, const struct bytes *b)
{
    struct bytes both = {xmalloc(a->n + b->n, 1), a->n + b->n};
    memcpy(both.data, a->data, a->n);
    memcpy(both.data + a->n, b->data, b->n);
    return both;
}

static void notes(void)
{
    struct note a = {0}, b = {0};
    struct err e;
    note_set(&a, "name", "a\tb\nc\\d=e");
    note_add(&a, "by", "one");
    note_add(&a, "by", "two");
    note_setf(&a, "size", "%dx%d", 900, 30);
    note_set(&a, "empty", "");
    char *text = note_format(&a);
    ok(strcmp(text, "name=a\\tb\\nc\\\\d=e\tby=one\tby=two\tsize=900x30\tempty=") == 0, "a note's text");
    bool same = note_parse(&b, text, strlen(text), &e) && b.n == a.n;
    for (size_t i = 0; same && i < a.n; i++)
        same = strcmp(a.pair[i].key, b.pair[i].key) == 0 && strcmp(a.pair[i].value, b.pair[i].value) == 0;
    ok(same, "a note comes back, order kept");
    size_t w, h;
    ok(note_size(&b, "size", &w, &h) && w == 900 && h == 30 && !note_size(&b, "name", &w, &h), "WxH");
    note_set(&b, "size", "-1x3");
    ok(!note_size(&b, "size", &w, &h), "no negative WxH");
    note_remove(&b, "by");
    ok(!note_get(&b, "by") && b.n == 3, "remove takes all of a key");
    ok(!note_parse(&b, "a=b\tc", 5, &e) && !note_parse(&b, "", 0, &e) && !note_parse(&b, "a=\0b", 4, &e) &&
           !note_parse(&b, "=b", 2, &e),
       "no pair, nothing, NUL, no key: refused");
    free(text);
    note_clear(&a);
    note_clear(&b);
}

/* n images of 3 x 2, RGB with maxval, as a stream. */
static struct bytes image_stream(size_t n, size_t channels, size_t maxval)
{
    struct bytes b;
    FILE *f = open_memstream(&b.data, &b.n);
    struct image_writer *w = image_writer_new(f, "memory");
    struct image im = {.raster = raster_new(3, 2, channels, maxval)};
    char long_name[700];
    memset(long_name, 'x', sizeof long_name);
    long_name[699] = 0;
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < 6 * channels; i++)
            if (maxval > 255)
                ((uint16_t *)im.raster.samples)[i] = (uint16_t)((i * 4099 + k) % (maxval + 1));
            else
                ((uint8_t *)im.raster.samples)[i] = (uint8_t)((i * 37 + k) % (maxval + 1));
        note_setf(&im.note, "name", "dir/a b\\n%zu ", k);
        note_set(&im.note, "long", long_name);
        image_write(w, &im);
    }
    image_writer_end(w);
    fclose(f);
    image_free(&im);
    return b;
}

/* Reads all; the number of images, or -1 with the reason in e. */
static int read_images(FILE *f, struct err *e, bool check, size_t maxval)
{
    struct image_reader *r = image_reader_new(f, "memory");
    struct image im = {0};
    int got, n = 0;
    bool same = true;
    while ((got = image_try_read(r, &im, e)) > 0) {
        char name[40];
        snprintf(name, sizeof name, "dir/a b\\n%d ", n++);
        same &= !check || (strcmp(image_name(&im), name) == 0 && im.note.n == 2 &&
                           strlen(note_get(&im.note, "long")) == 699 && im.raster.width == 3 &&
                           im.raster.height == 2 && im.raster.maxval == maxval);
        for (size_t i = 0; check && i < 6 * im.raster.channels; i++)
            same &=
                raster_get(&im.raster, i) == (i * (maxval > 255 ? 4099 : 37) + (size_t)n - 1) % (maxval + 1);
    }
    image_free(&im);
    image_reader_free(r);
    fclose(f);
    return !same ? -2 : got < 0 ? -1 : n;
}

static void images(void)
{
    static const size_t maxvals[] = {255, 1, 100, 256, 40000, 65535};
    struct err e;
    bool same = true;
    for (size_t channels = 1; channels <= 4; channels++)
        for (size_t m = 0; m < 6; m++) {
            struct bytes b = image_stream(3, channels, maxvals[m]);
            same &= read_images(input(&b, b.n), &e, true, maxvals[m]) == 3;
            free(b.data);
        }
    ok(same, "images come back: 1 to 4 channels, maxval 1 to 65535, long and odd names");

    struct bytes b = image_stream(3, 3, 255), none = {"", 0};
    int wrong = 0;
    for (size_t n = 0; n < b.n; n++)
        wrong += read_images(input(&b, n), &e, false, 0) != -1;
    ok(wrong == 0, "an image stream cut at any byte is an error");
    ok(read_images(input(&none, 0), &e, false, 0) == -1 && strstr(e.text, "upstream"), "no bytes: %s",
       e.text);
    struct bytes two = join(&b, &b), lost = b;
    lost.data = memmem(b.data + 1, b.n - 1, "P7\n", 3);
    lost.n -= (size_t)(lost.data - b.data);
    ok(read_images(input(&two, two.n), &e, false, 0) == 6, "two streams joined are one");
    ok(read_images(input(&lost, lost.n), &e, false, 0) == -1, "a stream without its head: %s", e.text);
    /* the middle one of three */
    char *second = lost.data, *third = memmem(second + 1, lost.n - 1, "P7\n", 3);
    memmove(second, third, (size_t)(b.data + b.n - third));
    lost = (struct bytes){b.data, b.n - (size_t)(third - second)};
    ok(read_images(input(&lost, lost.n), &e, false, 0) == -1, "an image lost: %s", e.text);
    free(two.data);
    free(b.data);
}

/* What stands between and behind images. */
static void ends(void)
{
    struct err e;
    struct bytes b = image_stream(5, 1, 255), none = image_stream(0, 1, 255), one = image_stream(1, 1, 255);
    ok(memcmp(b.data + b.n - 5, "\n\t \t\n", 5) == 0, "the end record of 5 images");
    ok(none.n == 3 && memcmp(none.data, "\n \n", 3) == 0 && read_images(input(&none, 3), &e, false, 0) == 0,
       "an empty set has an end record, and is read");
    ok(read_images(input(&none, 2), &e, false, 0) == -1, "half an end record is no end: %s", e.text);
    struct bytes with = join(&none, &one), round = join(&with, &none), again = join(&one, &b);
    ok(read_images(input(&round, round.n), &e, false, 0) == 1, "empty sets may be joined on both sides");
    ok(read_images(input(&again, again.n), &e, false, 0) == 6, "streams of several lengths too");
    again.data[one.n - 2] = ' ';
    ok(read_images(input(&again, again.n), &e, false, 0) == -1 && strstr(e.text, "end=0 after 1"), "%s",
       e.text);
    again.data[one.n - 2] = '\n';
    ok(read_images(input(&again, again.n), &e, false, 0) == -1 && strstr(e.text, "seq=0 where 1"), "%s",
       e.text);
    struct bytes zero = {" \t \t\n", 5}, headless = {b.data, b.n - 4}, padded = join(&headless, &zero);
    ok(read_images(input(&padded, padded.n), &e, false, 0) == -1, "a leading zero is no end record: %s",
       e.text);
    free(padded.data);
    memcpy(b.data + b.n - 5, "\n\t  \n", 5);
    ok(read_images(input(&b, b.n), &e, false, 0) == -1 && strstr(e.text, "end=4 after 5"), "%s", e.text);
    memcpy(b.data + b.n - 5, "\n\t\t \n", 5);
    ok(read_images(input(&b, b.n), &e, false, 0) == -1 && strstr(e.text, "end=6 after 5"), "%s", e.text);
    struct bytes tail = {one.data + one.n - 3, 3}, twice = join(&one, &tail);
    ok(read_images(input(&tail, 3), &e, false, 0) == -1 && strstr(e.text, "end=1 after 0"), "%s", e.text);
    ok(read_images(input(&twice, twice.n), &e, false, 0) == -1 && strstr(e.text, "end=1 after 0"), "%s",
       e.text);
    free(b.data);
    free(none.data);
    free(one.data);
    free(with.data);
    free(round.data);
    free(again.data);
    free(twice.data);
}

/* An image is handed out as soon as its bytes are there. */
static void no_read_ahead(void)
{
    struct bytes b = image_stream(1, 3, 255);
    struct image im = {0};
    struct err e;
    int fd[2];
    if (pipe(fd) || write(fd[1], b.data, b.n) < 0)
        die("pipe:");
    FILE *f = fdopen(fd[0], "rb");
    struct image_reader *r = image_reader_new(f, "pipe");
    alarm(10);
    ok(image_try_read(r, &im, &e) == 1, "an image is read while the pipe stays open");
    ok(!image_ready(r), "its end record does not count as the next");
    if (write(fd[1], b.data, b.n) < 0)
        die("pipe:");
    ok(image_ready(r) && image_try_read(r, &im, &e) == 1, "what has begun to come does");
    ok(!image_ready(r), "until it has been read");
    close(fd[1]);
    ok(image_ready(r) && image_try_read(r, &im, &e) == 0, "so does the end");
    alarm(0);
    image_free(&im);
    image_reader_free(r);
    fclose(f);
    free(b.data);
}

static int foreign(const char *text, size_t n, struct err *e)
{
    struct bytes b = {(char *)(uintptr_t)text, n};
    return read_images(input(&b, n), e, false, 0);
}
#define OLD(seq, end)                                                                                        \
    FOREIGN("P7\n# seq=" seq "\n# end=" end "\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 9\nENDHDR\n\1")
#define FOREIGN(text) foreign(text, sizeof(text) - 1, &e)

static void foreign_images(void)
{
    struct err e;
    struct raster r = {0};
    ok(FOREIGN("P5 2 1 255\nabP6\n1 1\n255\nabcP4 9 1\n\x80\x80") == 3, "raw PNM of any kind, back to back");
    ok(FOREIGN("P2 2 1 9\n1 9\nP3 1 1 9 1 2 3\nP1 2 1 1 0\n") == 3, "plain PNM of any kind, back to back");
    ok(FOREIGN("P5 2 1 255\nab\n\t\t\n\n \nP5 2 1 255\nab\n\t\n") == 2,
       "white space of foreign streams says nothing");
    ok(FOREIGN("\n\n ") == -1 && strstr(e.text, "no images"), "nothing but white space: %s", e.text);
    ok(OLD("0", "1") == 1 && OLD("0", "2") == -1 && OLD("0", "0") == -1 && OLD("0", "x") == -1 &&
           OLD("1", "2") == -1,
       "end= on the last image, as of old, must count: %s", e.text);
    ok(FOREIGN("P5 2 1 9\n\1\12") == -1, "%s", e.text);
    ok(FOREIGN("P2 2 1 9\n1 10\n") == -1, "%s", e.text);
    ok(FOREIGN("P2 2 1 9\n1 ") == -1, "%s", e.text);
    ok(FOREIGN("GIF89a") == -1, "%s", e.text);
    ok(FOREIGN("P8 2 1 9\n1 ") == -1, "%s", e.text);
    ok(FOREIGN("P5 99999 1 9\n1 ") == -1, "%s", e.text);
    ok(FOREIGN("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 9\nENDHDR\n12345") == -1, "%s", e.text);
    ok(FOREIGN("P7\nWIDTH 65535\nHEIGHT 65535\nDEPTH 4\nMAXVAL 65535\nENDHDR\n12345") == -1, "%s", e.text);
    ok(image_decode_netpbm(&r, (const unsigned char *)"P4 9 1\n\x80\x80", 9, &e) && r.width == 9 &&
           r.maxval == 1 && raster_get(&r, 0) == 0 && raster_get(&r, 1) == 1 && raster_get(&r, 8) == 0,
       "PBM: black is 0, white is 1");
    raster_free(&r);
    ok(image_decode_netpbm(&r, (const unsigned char *)"P5 1 1 65535\n\1\2", 15, &e) &&
           raster_get(&r, 0) == 258,
       "16 bits are big-endian in the file");
    raster_free(&r);
}

static void tables(void)
{
    struct table t;
    struct err e;
    static const char text[] = "name\tscore\r\na\t1\n\t\nlast\t2";
    ok(table_parse(&t, text, sizeof text - 1, &e) && t.columns == 2 && t.rows == 3 &&
           strcmp(t.cell[0][0], "a") == 0 && strcmp(t.cell[1][1], "") == 0 &&
           strcmp(t.cell[2][1], "2") == 0 && table_column(&t, "score") == 1 && table_column(&t, "x") == -1,
       "a table");
    table_free(&t);
    ok(table_parse(&t, "one", 3, &e) && t.columns == 1 && t.rows == 0, "a header alone");
    table_free(&t);
    ok(!table_parse(&t, "a\tb\n1\t2\n3\n", 10, &e) && strstr(e.text, "line 3"), "%s", e.text);
    ok(!table_parse(&t, "a\n1\t2\n", 6, &e) && strstr(e.text, "line 2"), "%s", e.text);
    ok(!table_parse(&t, "a\n1\0\n", 5, &e) && strstr(e.text, "line 2"), "%s", e.text);
    ok(!table_parse(&t, "a\tb\tc\td\n\n\n\n", 11, &e), "%s", e.text);
    ok(!table_parse(&t, "\na", 2, &e) && !table_parse(&t, "", 0, &e), "no header");
    struct bytes b;
    FILE *f = open_memstream(&b.data, &b.n);
    table_write(f, "memory", 2, (const char *const[]){"a\tb", "c\nd"});
    fclose(f);
    ok(b.n == 8 && memcmp(b.data, "a b\tc d\n", 8) == 0, "cells hold no tab and no newline");
    free(b.data);
}

int main(void)
{
    err_init("stream");
    err_hook = land;
    if (setjmp(landing)) {
        ok(false, "died: %s", last_words);
        return done();
    }
    notes();
    images();
    ends();
    foreign_images();
    no_read_ahead();
    tables();
    return done();
}
