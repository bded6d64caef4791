#include "base/product.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PRODUCTS = 8, BUFFER = 1 << 18, LINKS_MAX = 40 };

struct product {
    char *name;   /* NULL while the slot is free */
    char *target; /* where the links of `name` lead */
    FILE *f;
    char temporary[4096]; /* "" where `target` is written directly */
};

static struct product products[PRODUCTS];

static void remove_temporaries(void)
{
    for (size_t i = 0; i < PRODUCTS; i++)
        if (products[i].temporary[0])
            unlink(products[i].temporary); /* async-signal-safe */
}

static void on_signal(int sig)
{
    remove_temporaries();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void watch_exits(void)
{
    static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
    static bool watching = false;
    if (watching)
        return;
    watching = true;
    atexit(remove_temporaries);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        struct sigaction old;
        if (sigaction(deadly[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            signal(deadly[i], on_signal);
    }
}

/* rw-rw-rw- less the umask, as open() would give; mkstemp gives rw-------. */
static mode_t default_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* What the symbolic link `path` leads to in one step; NULL where it is none. */
static char *follow(const char *path)
{
    char to[4096];
    ssize_t n = readlink(path, to, sizeof to);
    if (n < 0 || n == sizeof to)
        return NULL;
    const char *slash = strrchr(path, '/');
    const int folder = slash && to[0] != '/' ? (int)(slash + 1 - path) : 0;
    return xprintf("%.*s%.*s", folder, path, (int)n, to);
}

/* The kernel's names of open files: what /dev/stdout leads to. */
static bool is_descriptor(const char *path)
{
    return strncmp(path, "/proc/", 6) == 0;
}

/* The end of the chain of links; what is there may be missing. */
static char *end_of_links(const char *name)
{
    char *path = xstrdup(name), *next;
    for (int i = 0; !is_descriptor(path) && (next = follow(path)); i++) {
        free(path);
        path = next;
        if (i == LINKS_MAX) {
            errno = ELOOP;
            die("%s:", name);
        }
    }
    return path;
}

/* A file beside the target, which takes its place in the end. */
static int open_beside(struct product *p, mode_t mode)
{
    char path[sizeof p->temporary];
    if (snprintf(path, sizeof path, "%s.XXXXXX", p->target) >= (int)sizeof path)
        die("%s: name too long", p->name);
    watch_exits();
    sigset_t before;
    signals_hold(&before); /* else one could come when the file is there and its name is not noted */
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        memcpy(p->temporary, path, sizeof path);
        fchmod(fd, mode);
    }
    signals_release(&before);
    return fd;
}

static int open_target(struct product *p)
{
    struct stat st;
    p->target = end_of_links(p->name);
    if (stat(p->name, &st)) {
        const size_t length = strlen(p->name);
        if (errno == ENOENT && length && p->name[length - 1] != '/')
            return open_beside(p, default_mode());
        return -1;
    }
    if (S_ISREG(st.st_mode) && !is_descriptor(p->target))
        return access(p->name, W_OK) ? -1 : open_beside(p, st.st_mode & 0777);
    const int append = S_ISREG(st.st_mode) ? O_APPEND : 0;
    return open(p->name, O_WRONLY | O_NOCTTY | O_CLOEXEC | append); /* a folder: EISDIR, a socket: ENXIO */
}

struct product *product_open(const char *name)
{
    struct product *p = products;
    while (p < products + PRODUCTS && p->name)
        p++;
    if (p == products + PRODUCTS)
        die("%s: too many files written at once", name);
    *p = (struct product){.name = xstrdup(name)};
    int fd = open_target(p);
    p->f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!p->f)
        die("%s:", name);
    setvbuf(p->f, NULL, _IOFBF, BUFFER);
    return p;
}

static void free_slot(struct product *p)
{
    p->temporary[0] = 0;
    free(p->target);
    free(p->name);
    p->name = NULL;
}

struct product *product_try(const char *name)
{
    struct product *p = product_open(name);
    if (!p->temporary[0])
        return p;
    fclose(p->f);
    unlink(p->temporary);
    free_slot(p);
    return NULL;
}

struct product *product_tried(struct product *from_try, const char *name)
{
    return from_try ? from_try : product_open(name);
}

FILE *product_file(struct product *p)
{
    return p->f;
}

const char *product_name(const struct product *p)
{
    return p->name;
}

static void sync_folder(const char *name)
{
    char *folder = xstrdup(name);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* best effort: not every file system can sync a folder */
        close(fd);
    }
    free(folder);
}

void product_commit(struct product *p)
{
    const bool direct = !p->temporary[0];
    if (fflush(p->f) || (fsync(fileno(p->f)) && !direct)) /* a FIFO can't be synced */
        die("%s:", p->name);
    if (fclose(p->f) || (!direct && rename(p->temporary, p->target)))
        die("%s:", p->name);
    p->temporary[0] = 0; /* it is no more */
    if (!direct)
        sync_folder(p->target);
    free_slot(p);
}
