#include "dataset/leak.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE = 4096, BUFFER = 1 << 16 };

/* What is known of a file. Entries that agree in all of it, but the side, are the same. */
struct print {
    const struct dataset_entry *entry;
    uint64_t size, pieces, whole;
    bool test;
};

/* The hash of the first, middle and last PIECE, or (whole) of all; 0 where the file can't be read. */
static uint64_t hash_file(const char *path, uint64_t size, bool whole)
{
    unsigned char buffer[BUFFER];
    struct hash h;
    FILE *f = fopen(path, "rbe");
    if (!f)
        return 0;
    hash_init(&h);
    if (whole) {
        for (size_t n; (n = fread(buffer, 1, sizeof buffer, f));)
            hash_add(&h, buffer, n);
    } else {
        const uint64_t places[] = {0, size / 2, size > PIECE ? size - PIECE : 0};
        setvbuf(f, NULL, _IONBF, 0);
        for (size_t i = 0; i < 3; i++)
            if (fseeko(f, (off_t)places[i], SEEK_SET) == 0)
                hash_add(&h, buffer, fread(buffer, 1, PIECE, f));
    }
    fclose(f);
    return hash_value(&h);
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_print(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    int order = compare(x->size, y->size);
    if (order == 0)
        order = compare(x->pieces, y->pieces);
    if (order == 0)
        order = compare(x->whole, y->whole);
    if (order == 0)
        order = x->test - y->test;
    return order ? order : strcmp(x->entry->name, y->entry->name);
}

static bool alike(const struct print *a, const struct print *b)
{
    return a->size == b->size && a->pieces == b->pieces && a->whole == b->whole;
}

/* The end of the group of alike prints that begins at i. */
static size_t group_end(const struct print *p, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && alike(&p[i], &p[end]))
        end++;
    return end;
}

/* Looks closer at the files of groups with both sides in them; the others get numbers of their own, as they
 * are of no interest any more, and are dropped. Returns how many are left. */
static size_t refine(struct print *p, size_t n, bool whole)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < n; i = end) {
        end = group_end(p, n, i);
        if (p[i].test == p[end - 1].test) /* sorted: all of them are on one side */
            continue;
        for (size_t k = i; k < end; k++) {
            uint64_t hash = hash_file(p[k].entry->path, p[k].size, whole);
            if (whole)
                p[k].whole = hash;
            else
                p[k].pieces = hash;
            if (hash)
                p[kept++] = p[k];
        }
    }
    if (kept)
        qsort(p, kept, sizeof *p, by_print);
    return kept;
}

static struct print *list_files(const struct dataset *d, size_t *n)
{
    struct print *p = xmalloc(d->n, sizeof *p);
    *n = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct dataset_entry *en = &d->entry[i];
        struct stat st;
        if (en->split != SPLIT_ALL && stat(en->path, &st) == 0 && st.st_size > 0)
            p[(*n)++] =
                (struct print){.entry = en, .size = (uint64_t)st.st_size, .test = en->split == SPLIT_TEST};
    }
    if (*n)
        qsort(p, *n, sizeof *p, by_print);
    return p;
}

/* One pair for each image of the test side of a group. */
static size_t collect(struct leak *out, const struct print *p, size_t n)
{
    size_t found = 0;
    for (size_t i = 0, end; i < n; i = end) {
        end = group_end(p, n, i);
        for (size_t k = i; k < end; k++)
            if (p[k].test && !p[i].test)
                out[found++] = (struct leak){p[i].entry, p[k].entry};
    }
    return found;
}

struct leak *leaks_find(const struct dataset *d, size_t *n)
{
    size_t files;
    struct print *p = list_files(d, &files);
    files = refine(p, files, false);
    files = refine(p, files, true);
    struct leak *leaks = xmalloc(files, sizeof *leaks);
    *n = collect(leaks, p, files);
    free(p);
    return leaks;
}

void leaks_report(const struct dataset *d, const char *path)
{
    enum { SHOWN = 10 };
    size_t n;
    struct leak *leak = leaks_find(d, &n);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        warning("%s: leak: %s is the same file as %s", path, leak[i].test->name, leak[i].train->name);
    if (n > SHOWN)
        warning("%s: leak: and %zu more", path, n - SHOWN);
    free(leak);
}
