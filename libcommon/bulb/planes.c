/* The walk of a file: planes_open looks for FILE; where there is none, render_all makes FILE.part, or goes on with one that was left,
 * and renames it. Views are rendered in parallel and written in order (base/ahead.h). */
#include "bulb/planes.h"
#include "base/ahead.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/thread.h"
#include "bulb/forms.h"
#include "bulb/key.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { GENERATION = 1, HEAD = 64, NUMBERS = 5 };
static const char magic[16] = "fern bulbplanes";

struct planes {
    const struct bulb_set *set;
    int fd; /* -1: no file */
};

static size_t record_bytes(const struct bulb_set *set)
{
    return bulb_view_bytes(set->render) + sizeof(uint64_t);
}

static off_t record_at(const struct bulb_set *set, size_t i)
{
    return (off_t)(HEAD + 8 * set->systems + i * record_bytes(set));
}

uint64_t planes_identity(const struct bulb_set *set)
{
    struct hash h;
    hash_init(&h);
    char *text =
        xprintf("%d %llu %zu %zu %zu %zu-%zu %a-%a", GENERATION, (unsigned long long)set->seed, set->systems,
                set->views, set->render, set->powers[0], set->powers[1], set->coverage[0], set->coverage[1]);
    hash_add(&h, text, strlen(text));
    free(text);
    if (set->codes)
        hash_add(&h, set->form, set->systems * sizeof *set->form);
    return hash_value(&h);
}

void planes_find_forms(struct bulb_set *set)
{
    if (!set->form)
        set->form = bulb_forms_find(set->systems, set->seed, set->powers[0], set->powers[1], set->coverage[0],
                                    set->coverage[1]);
}

struct bulb_camera planes_camera(const struct bulb_set *set, size_t system, size_t view)
{
    struct rng r = rng_new(bulb_key(set->seed, BULB_KEY_VIEW, system, view), 0);
    return bulb_camera_draw(&r);
}

static void render(uint8_t *planes, const struct bulb_set *set, size_t i, struct bulb_work *w)
{
    const size_t system = i / set->views;
    const struct bulb_map map = bulb_map_of(set->form[system]);
    const struct bulb_camera camera = planes_camera(set, system, i % set->views);
    bulb_render(planes, set->render, &map, &camera, w);
}

/* How much could be read. */
static size_t get(int fd, void *out, size_t n, off_t at, const char *name)
{
    size_t done = 0;
    while (done < n) {
        const ssize_t got = pread(fd, (char *)out + done, n - done, at + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            die("%s:", name);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return done;
}

static void put(int fd, const void *data, size_t n, off_t at, const char *name)
{
    for (size_t done = 0; done < n;) {
        const ssize_t put = pwrite(fd, (const char *)data + done, n - done, at + (off_t)done);
        if (put < 0 && errno != EINTR)
            die("%s:", name);
        done += put > 0 ? (size_t)put : 0;
    }
}

/* A record is whole when its hash is right. */
static bool read_record(uint8_t *record, int fd, const struct bulb_set *set, size_t i, const char *name)
{
    const size_t n = bulb_view_bytes(set->render);
    uint64_t hash;
    if (get(fd, record, record_bytes(set), record_at(set, i), name) != record_bytes(set))
        return false;
    memcpy(&hash, record + n, sizeof hash);
    return hash == hash_bytes(record, n);
}

static void make_head(unsigned char head[HEAD], const struct bulb_set *set, const struct bulb_form *form)
{
    const uint64_t number[NUMBERS] = {planes_identity(set), set->render, set->systems, set->views,
                                      form ? hash_bytes(form, set->systems * sizeof *form) : 0};
    memset(head, 0, HEAD);
    memcpy(head, magic, sizeof magic);
    memcpy(head + sizeof magic, number, sizeof number);
}

/* Whether the file is of this set; then its forms are the set's. False also where it is empty; anything else dies. */
static bool read_head(int fd, struct bulb_set *set, const char *name)
{
    unsigned char head[HEAD], want[HEAD];
    const size_t n = get(fd, head, HEAD, 0, name), bytes = set->systems * sizeof *set->form;
    uint64_t hash;
    make_head(want, set, NULL);
    if (n == 0)
        return false;
    if (n < HEAD || memcmp(head, magic, sizeof magic) != 0)
        die("%s: not a file of planes", name);
    if (memcmp(head, want, sizeof magic + (NUMBERS - 1) * sizeof(uint64_t)) != 0)
        die("%s: planes of another set (-s, -c, --systems, --views, --render, --powers, --coverage, --codes)",
            name);
    struct bulb_form *form = xmalloc(set->systems, sizeof *form);
    memcpy(&hash, head + sizeof magic + (NUMBERS - 1) * sizeof hash, sizeof hash);
    if (get(fd, form, bytes, HEAD, name) != bytes || hash_bytes(form, bytes) != hash)
        die("%s: its forms are damaged", name);
    free(set->form);
    set->form = form;
    return true;
}

static void write_head(int fd, struct bulb_set *set, const char *name)
{
    unsigned char head[HEAD];
    planes_find_forms(set);
    make_head(head, set, set->form);
    put(fd, set->form, set->systems * sizeof *set->form, HEAD, name);
    put(fd, head, HEAD, 0, name);
}

/* The line of views. */
struct kiln {
    const struct bulb_set *set;
    int fd;
    const char *name;
    uint8_t **record;        /* of each slot */
    bool *made;              /* of each slot: it was there before */
    struct bulb_work **work; /* of each thread */
    struct progress progress;
};

static void fire(void *arg, size_t i, size_t slot, size_t worker)
{
    struct kiln *k = arg;
    uint8_t *record = k->record[slot];
    const size_t n = bulb_view_bytes(k->set->render);
    k->made[slot] = read_record(record, k->fd, k->set, i, k->name);
    if (k->made[slot])
        return;
    render(record, k->set, i, k->work[worker]);
    const uint64_t hash = hash_bytes(record, n);
    memcpy(record + n, &hash, sizeof hash);
}

static void shelve(void *arg, size_t i, size_t slot)
{
    struct kiln *k = arg;
    if (!k->made[slot])
        put(k->fd, k->record[slot], record_bytes(k->set), record_at(k->set, i), k->name);
    progress_add(&k->progress, 1);
}

static void render_views(int fd, const struct bulb_set *set, const char *name)
{
    const size_t n = set->systems * set->views, slots = 2 * pool_size();
    struct kiln k = {.set = set, .fd = fd, .name = name};
    mem_need(slots * record_bytes(set) + pool_size() * bulb_work_bytes(set->render), "rendering");
    k.record = xcalloc(slots, sizeof *k.record);
    k.made = xcalloc(slots, sizeof *k.made);
    k.work = xcalloc(pool_size(), sizeof *k.work);
    for (size_t i = 0; i < slots; i++)
        k.record[i] = xmalloc(record_bytes(set), 1);
    for (size_t i = 0; i < pool_size(); i++)
        k.work[i] = bulb_work_new(set->render);
    k.progress = progress_start("views", n);
    ahead_run(&(struct ahead){n, slots, NULL, fire, shelve, &k});
    progress_end(&k.progress);
    for (size_t i = 0; i < slots; i++)
        free(k.record[i]);
    for (size_t i = 0; i < pool_size(); i++)
        bulb_work_free(k.work[i]);
    free(k.record);
    free(k.made);
    free(k.work);
}

/* FILE.part, begun or gone on with, becomes FILE. One process at a time. */
static int render_all(struct bulb_set *set)
{
    char *part = xprintf("%s.part", set->planes);
    const int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        die("%s:", part);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        die("%s: another process renders it", part);
    if (!read_head(fd, set, part))
        write_head(fd, set, part);
    render_views(fd, set, part);
    if (ftruncate(fd, record_at(set, set->systems * set->views)) != 0 || fsync(fd) != 0 ||
        rename(part, set->planes) != 0)
        die("%s:", part);
    free(part);
    return fd;
}

struct planes *planes_open(struct bulb_set *set)
{
    struct planes *p = xmalloc(1, sizeof *p);
    *p = (struct planes){set, -1};
    if (!set->planes) {
        planes_find_forms(set);
        return p;
    }
    p->fd = open(set->planes, O_RDONLY | O_CLOEXEC);
    if (p->fd < 0 && errno == ENOENT)
        p->fd = render_all(set);
    else if (p->fd < 0)
        die("%s:", set->planes);
    else if (!read_head(p->fd, set, set->planes))
        die("%s: empty", set->planes);
    return p;
}

void planes_close(struct planes *p)
{
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}

void planes_view(uint8_t *planes, const struct planes *p, size_t system, size_t view, struct bulb_work *w)
{
    const size_t i = system * p->set->views + view;
    if (p->fd < 0)
        render(planes, p->set, i, w);
    else if (!read_record(planes, p->fd, p->set, i, p->set->planes))
        die("%s: view %zu of system %zu is damaged", p->set->planes, view, system);
}
