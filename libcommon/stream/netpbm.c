#include "stream/netpbm.h"
#include "base/file.h"
#include "base/mem.h"
#include <ctype.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <pam.h>

/* The part of struct pam that we know. PAM_STRUCT_SIZE says the same by a null pointer's member, which
 * sanitizers refuse. */
#define PAM_USED (offsetof(struct pam, comment_p) + sizeof(const char **))

/* One call into libnetpbm: what it works on. */
struct job {
    FILE *f;
    struct pam pam;
    const char *comments;
    tuple *row;        /* of the formats that libnetpbm reads row by row */
    struct raster *to; /* where they go */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char complaint[200]; /* libnetpbm's last error; under lock */

static void keep_complaint(const char *message)
{
    snprintf(complaint, sizeof complaint, "%s", message);
}

static void drop_message(const char *message)
{
    (void)message;
}

/* Runs one step inside libnetpbm, which leaves by longjmp when it meets bad input. */
static bool guarded(void (*step)(struct job *), struct job *job, struct err *e)
{
    jmp_buf here;
    volatile bool passed = false;
    static bool ready = false;
    pthread_mutex_lock(&lock);
    if (!ready) {
        pm_init(err_tool(), 0);
        pm_setusererrormsgfn(keep_complaint);
        pm_setusermessagefn(drop_message);
        ready = true;
    }
    if (setjmp(here) == 0) {
        pm_setjmpbuf(&here);
        step(job);
        passed = true;
    } else {
        err_set(e, "%s", complaint);
    }
    pm_setjmpbuf(NULL);
    pthread_mutex_unlock(&lock);
    return passed;
}

static void prepare(struct job *job)
{
    job->pam.size = sizeof job->pam;
    job->pam.len = PAM_USED;
    job->pam.comment_p = &job->comments;
    job->pam.file = job->f;
}

static void read_header(struct job *job)
{
    pnm_readpaminit(job->f, &job->pam, PAM_USED);
}

static void write_header(struct job *job)
{
    pnm_writepaminit(&job->pam);
}

static void read_tuples(struct job *job)
{
    size_t n = job->to->width * job->to->channels;
    job->row = pnm_allocpamrow(&job->pam);
    for (size_t y = 0; y < job->to->height; y++) {
        pnm_readpamrow(&job->pam, job->row);
        for (size_t i = 0; i < n; i++) {
            sample s = job->row[i / job->to->channels][i % job->to->channels];
            if (job->to->maxval > 255)
                ((uint16_t *)job->to->samples)[y * n + i] = (uint16_t)s;
            else
                ((uint8_t *)job->to->samples)[y * n + i] = (uint8_t)s;
        }
    }
}

/* 16-bit samples are big-endian in the file. */
static void swap_bytes(uint16_t *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s[i] = (uint16_t)(s[i] << 8 | s[i] >> 8);
}

static bool below_maxval(const struct raster *r, struct err *e)
{
    size_t n = r->width * r->height * r->channels;
    if (r->maxval == 255 || r->maxval == 65535)
        return true;
    for (size_t i = 0; i < n; i++)
        if (raster_get(r, i) > r->maxval)
            return err_set(e, "sample %u is larger than the maxval %zu", raster_get(r, i), r->maxval);
    return true;
}

/* Makes *r hold a raster of this kind, in the memory it has where that fits. */
static bool make_room(struct raster *r, size_t width, size_t height, size_t channels, size_t maxval,
                      struct err *e)
{
    struct raster like = {width, height, channels, maxval, r->samples};
    if (r->samples && raster_sane(width, height, channels, maxval) &&
        raster_bytes(r) == raster_bytes(&like)) {
        *r = like;
        return true;
    }
    raster_free(r);
    return raster_try_new(r, width, height, channels, maxval, e);
}

static bool read_bytes(FILE *f, struct raster *r, struct err *e)
{
    size_t bytes = raster_bytes(r), got = fread(r->samples, 1, bytes, f);
    if (got < bytes)
        return ferror(f) ? err_set(e, "cannot read:")
                         : err_set(e, "the image is cut after %zu of %zu bytes", got, bytes);
    if (r->maxval > 255)
        swap_bytes(r->samples, bytes / 2);
    return true;
}

static bool read_rows(struct job *job, struct raster *r, struct err *e)
{
    job->to = r;
    bool passed = guarded(read_tuples, job, e);
    if (job->row)
        pnm_freepamrow(job->row);
    if (!passed && feof(job->f))
        err_set(e, "the image is cut");
    return passed;
}

static bool read_image(struct job *job, struct raster *r, struct err *e)
{
    prepare(job);
    if (!guarded(read_header, job, e)) {
        struct err why = *e;
        return ferror(job->f) ? err_set(e, "cannot read:")
               : feof(job->f) ? err_set(e, "the image is cut in its header")
                              : err_set(e, "bad Netpbm header: %s", why.text);
    }
    const struct pam *pam = &job->pam;
    if (!make_room(r, (size_t)pam->width, (size_t)pam->height, pam->depth, pam->maxval, e))
        return false;
    bool raw = pam->format == RPGM_FORMAT || pam->format == RPPM_FORMAT || pam->format == PAM_FORMAT;
    return (raw ? read_bytes(job->f, r, e) : read_rows(job, r, e)) && below_maxval(r, e);
}

int netpbm_read(FILE *f, struct raster *r, char **comments, struct err *e)
{
    int c;
    *comments = NULL;
    do
        c = getc(f);
    while (isspace(c));
    if (c == EOF && !ferror(f))
        return 0;
    if (c == EOF) {
        err_set(e, "cannot read:");
        return -1;
    }
    ungetc(c, f);
    if (c != 'P') {
        err_set(e, "not a Netpbm image (it begins with byte 0x%02x)", c);
        return -1;
    }
    struct job job = {.f = f};
    bool passed = read_image(&job, r, e);
    *comments = (char *)(uintptr_t)job.comments;
    if (*comments && !**comments) {
        free(*comments);
        *comments = NULL;
    }
    return passed ? 1 : -1;
}

static void write_samples(FILE *f, const char *label, const struct raster *r)
{
    size_t bytes = raster_bytes(r), n = bytes / 2;
    if (r->maxval <= 255) {
        file_write(r->samples, bytes, f, label);
        return;
    }
    const uint16_t *s = r->samples;
    uint16_t part[2048];
    for (size_t done = 0, now; done < n; done += now) {
        now = n - done < 2048 ? n - done : 2048;
        memcpy(part, s + done, now * 2);
        swap_bytes(part, now);
        file_write(part, now * 2, f, label);
    }
}

void netpbm_write(FILE *f, const char *label, const struct raster *r, const char *comments)
{
    static const char *const type[] = {"GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"};
    struct job job = {.f = f, .comments = comments};
    struct err e;
    prepare(&job);
    job.pam.format = PAM_FORMAT;
    job.pam.width = (int)r->width;
    job.pam.height = (int)r->height;
    job.pam.depth = (unsigned)r->channels;
    job.pam.maxval = r->maxval;
    strcpy(job.pam.tuple_type, type[r->channels - 1]);
    if (!comments)
        job.pam.comment_p = NULL;
    if (!guarded(write_header, &job, &e))
        die("%s: %s", label, e.text);
    write_samples(f, label, r);
}
