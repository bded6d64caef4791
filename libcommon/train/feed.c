#include "train/feed.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/signals.h"
#include "stream/image.h"
#include "train/held_set.h"
#include "train/order.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 2 };

struct slot {
    struct feed_sample *sample; /* `batch` of them */
    uint64_t next;              /* feed_position after it */
    bool full, last;            /* last: nothing comes after, and this holds nothing */
};

struct feed {
    struct feed_options o;
    struct image_reader *reader;
    struct image image;
    struct held_set *hold;
    struct epoch_order order; /* of a held set */
    uint64_t dealt;           /* its samples that were handed to the slots, other feeds' too */
    uint64_t next, given;     /* of a stream: the index that should come next, of any feed; feed_position */
    size_t classes;
    char identity[300];
    struct slot slot[SLOTS];
    size_t taken;              /* slots handed out so far */
    bool begun;                /* of a share: the first one has come */
    bool started, stop, ended; /* ended: the thread reads no more */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
};

/* label=3 or label=3,17. */
static void parse_labels(const struct feed *f, struct feed_sample *s)
{
    const char *text = note_get(&f->image.note, "label");
    if (!text || !*text)
        image_reader_die(f->reader, "no label=: training needs one for every image");
    for (const char *p = text;; p++) {
        char *end;
        const unsigned long long n = strtoull(p, &end, 10);
        if (end == p || *p == '-' || *p == '+' || (*end && *end != ','))
            image_reader_die(f->reader, "label=%s is not a number, nor several with commas between", text);
        if (f->o.classes && n >= f->o.classes)
            image_reader_die(f->reader, "label %llu is outside the %zu classes", n, f->o.classes);
        if (n > 1000000)
            image_reader_die(f->reader, "label %llu is absurd", n);
        if (s->labels == FEED_LABELS || (s->labels == 1 && !f->o.multi))
            image_reader_die(f->reader, "label=%s: too many labels%s", text,
                             f->o.multi ? "" : " (--loss multi takes several)");
        s->label[s->labels++] = (size_t)n;
        if (!*end)
            return;
        p = end;
    }
}

static void check_plane(const struct feed *f)
{
    const struct raster *r = &f->image.raster;
    const uint8_t *samples = r->samples;
    if (r->channels != 4 || r->maxval != 255)
        image_reader_die(f->reader, "no plane of labels: --dense needs one, as surfgen --labels writes it");
    for (size_t i = 0; i < r->width * r->height; i++)
        if (f->o.classes && samples[4 * i + 3] > f->o.classes)
            image_reader_die(f->reader, "a pixel's label %u is outside the %zu classes",
                             samples[4 * i + 3] - 1u, f->o.classes);
}

/* The next image of the stream into *s, its raster copied. */
static bool read_sample(struct feed *f, struct feed_sample *s)
{
    if (!image_read(f->reader, &f->image))
        return false;
    s->labels = 0;
    if (!f->o.unlabelled)
        parse_labels(f, s);
    if (f->o.planes)
        check_plane(f);
    raster_copy(&s->raster, &f->image.raster);
    return true;
}

static void check_identity(struct feed *f)
{
    if (f->o.identity && strcmp(f->o.identity, f->identity) != 0)
        image_reader_die(f->reader, "this is not the stream that the checkpoint was made from (%s, not %s)",
                         f->identity, f->o.identity);
}

/* A name for a stream from its first image; held sets are named by all their bytes. */
static void identify(struct feed *f, const struct feed_sample *first)
{
    const char *stream = note_get(&f->image.note, "stream");
    char text[17];
    if (f->o.hold)
        hash_text(text, held_set_hash(f->hold));
    else
        hash_text(text, hash_bytes(first->raster.samples, raster_bytes(&first->raster)));
    if (stream && !f->o.hold)
        snprintf(f->identity, sizeof f->identity, "%s", stream);
    else
        snprintf(f->identity, sizeof f->identity, "%s:%s", f->o.hold ? "set" : "first", text);
    check_identity(f);
}

/* The position of an image in its stream: id= where its stream= names it (a generator, perhaps started late),
 * else a count. */
static uint64_t stream_position(const struct feed *f)
{
    const char *id = note_get(&f->image.note, "id");
    if (id && note_get(&f->image.note, "stream"))
        return strtoull(id, NULL, 10);
    return image_reader_count(f->reader) - 1;
}

/* Of a share, exactly the one that is due. */
static void check_share(struct feed *f, uint64_t index)
{
    const struct feed_share *share = &f->o.share;
    if (share->of > 1 && !(note_get(&f->image.note, "id") && note_get(&f->image.note, "stream")))
        image_reader_die(f->reader, "no id= and stream=, as ifsgen --shard %zu/%zu writes them", share->mine,
                         share->of);
    if (!f->begun && !f->o.identity && index % share->align == share->mine)
        f->next = index - share->mine;
    else if (!f->begun && !f->o.identity)
        image_reader_die(f->reader, "the stream begins at image %llu: %zu modulo %zu is wanted%s",
                         (unsigned long long)index, share->mine, share->align,
                         share->of > 1 ? " (ifsgen --shard)" : "");
    f->begun = true;
    if (index != f->next + share->mine)
        image_reader_die(f->reader, "image %llu comes where image %llu is due (ifsgen --shard %zu/%zu)",
                         (unsigned long long)index, (unsigned long long)(f->next + share->mine), share->mine,
                         share->of);
}

/* The next sample of a stream; those that an earlier run has seen are passed over. */
static bool stream_sample(struct feed *f, struct feed_sample *s)
{
    do {
        if (!read_sample(f, s))
            return false;
        if (!f->identity[0])
            identify(f, s);
        s->index = stream_position(f);
        if (f->next == f->o.position && s->index > f->o.position + f->o.share.mine && f->o.identity)
            image_reader_die(f->reader, "the stream begins at image %llu, training goes on at %llu",
                             (unsigned long long)s->index, (unsigned long long)f->o.position);
    } while (s->index < f->o.position);
    if (f->o.share.of)
        check_share(f, s->index);
    return true;
}

static void hold_all(struct feed *f)
{
    struct feed_sample s = {0};
    f->hold = held_set_new(f->o.memory);
    while (read_sample(f, &s)) {
        for (size_t i = 0; i < s.labels; i++)
            if (s.label[i] >= f->classes)
                f->classes = s.label[i] + 1;
        held_set_add(f->hold, &s);
    }
    if (f->o.classes)
        f->classes = f->o.classes;
    f->order = epoch_order_new(f->o.seed, held_set_count(f->hold));
    identify(f, &s);
    raster_free(&s.raster);
}

static void held_sample(struct feed *f, struct feed_sample *s)
{
    const size_t n = held_set_count(f->hold);
    const uint64_t at = f->dealt + f->o.share.mine;
    held_set_get(f->hold, epoch_order_of(&f->order, at / n)[at % n], s);
}

/* How far all feeds have come together when this one has given an image more. */
static uint64_t pace(const struct feed *f)
{
    return f->o.share.of ? f->o.share.of : 1;
}

static void fill(struct feed *f, struct slot *slot)
{
    for (size_t i = 0; i < f->o.batch; i++) {
        if (f->hold) {
            held_sample(f, &slot->sample[i]);
            slot->next = f->dealt += pace(f);
            continue;
        }
        if (!stream_sample(f, &slot->sample[i])) {
            slot->last = true;
            return;
        }
        const uint64_t index = slot->sample[i].index;
        if (f->o.share.of)
            f->next += pace(f);
        else /* a shard's indices are some way apart */
            f->next = index + (i ? index - slot->sample[i - 1].index : 1);
        slot->next = f->next;
    }
}

/* Fills the slots in turn, as they are given back. */
static void *read_ahead(void *arg)
{
    struct feed *f = arg;
    for (size_t i = 0;; i++) {
        struct slot *slot = &f->slot[i % SLOTS];
        pthread_mutex_lock(&f->lock);
        while (slot->full && !f->stop)
            pthread_cond_wait(&f->change, &f->lock);
        const bool stop = f->stop;
        pthread_mutex_unlock(&f->lock);
        if (stop)
            return NULL;
        fill(f, slot);
        pthread_mutex_lock(&f->lock);
        slot->full = true;
        const bool ended = f->ended = slot->last || i + 1 == f->o.batches;
        pthread_cond_broadcast(&f->change);
        pthread_mutex_unlock(&f->lock);
        if (ended)
            return NULL;
    }
}

struct feed *feed_new(FILE *file, const char *label, const struct feed_options *o)
{
    struct feed *f = xcalloc(1, sizeof *f);
    f->o = *o;
    f->dealt = f->next = f->given = o->position;
    f->classes = o->classes;
    f->reader = image_reader_new(file, label);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->change, NULL);
    for (size_t i = 0; i < SLOTS; i++)
        f->slot[i].sample = xcalloc(o->batch, sizeof *f->slot[i].sample);
    if (o->hold)
        hold_all(f);
    return f;
}

void feed_resume(struct feed *f, uint64_t position, const char *identity)
{
    f->o.position = f->dealt = f->given = position;
    f->o.identity = identity;
    check_identity(f);
}

static bool interrupted(const struct feed *f)
{
    return f->o.interrupted && *f->o.interrupted;
}

/* Signal handlers can't wake a condition: look again every fifth of a second. */
static void wait_a_moment(struct feed *f)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 200000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&f->change, &f->lock, &until);
}

static void start_reader(struct feed *f)
{
    sigset_t before;
    signals_hold_for_threads(&before); /* the training's thread is told of them, not this one */
    const int failed = pthread_create(&f->thread, NULL, read_ahead, f);
    signals_release(&before);
    if (failed)
        die("can't start a thread:");
    f->started = true;
}

const struct feed_sample *feed_batch(struct feed *f)
{
    if (!f->started)
        start_reader(f);
    pthread_mutex_lock(&f->lock);
    if (f->taken) { /* give the last one back */
        f->slot[(f->taken - 1) % SLOTS].full = false;
        pthread_cond_broadcast(&f->change);
    }
    struct slot *slot = &f->slot[f->taken % SLOTS];
    while (!slot->full && !f->ended && !interrupted(f))
        wait_a_moment(f);
    const bool ready = slot->full && !slot->last;
    pthread_mutex_unlock(&f->lock);
    if (!ready)
        return NULL;
    f->taken++;
    f->given = slot->next;
    return slot->sample;
}

uint64_t feed_position(const struct feed *f)
{
    return f->given;
}

size_t feed_held(const struct feed *f)
{
    return f->hold ? held_set_count(f->hold) : 0;
}

size_t feed_classes(const struct feed *f)
{
    return f->classes;
}

const char *feed_identity(const struct feed *f)
{
    return f->identity;
}

/* A thread that waits for input ends with the process; one that waits for us, or has ended, is joined. */
static bool stop_reading(struct feed *f)
{
    if (!f->started)
        return true;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    bool waiting = true;
    for (size_t i = 0; i < SLOTS; i++)
        waiting &= f->slot[i].full;
    waiting |= f->ended;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    if (!waiting && !f->hold) {
        pthread_detach(f->thread);
        return false;
    }
    pthread_join(f->thread, NULL);
    return true;
}

void feed_free(struct feed *f)
{
    if (!stop_reading(f))
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        for (size_t j = 0; j < f->o.batch; j++)
            raster_free(&f->slot[i].sample[j].raster);
        free(f->slot[i].sample);
    }
    if (f->hold)
        held_set_free(f->hold);
    image_free(&f->image);
    image_reader_free(f->reader);
    epoch_order_free(&f->order);
    free(f);
}
