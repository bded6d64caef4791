#include "codec/pth.h"
#include "base/file.h"
#include "base/mem.h"
#include "codec/pth_parts.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are used as they lie in the file");

/* torch's own data.pkl of the largest published models are below 10 MB. */
enum { PICKLE_BYTES_MAX = 1 << 28 };

/* The archive's one folder, by the entry FOLDER/data.pkl. */
static bool find_root(struct pth_storages *s, const struct zip *z, struct err *e)
{
    static const char name[] = "data.pkl";
    size_t n = sizeof name - 1, found = 0;
    for (size_t i = 0; i < z->entries; i++) {
        const struct zip_entry *entry = &z->entry[i];
        if (entry->length <= n || memcmp(entry->name + entry->length - n, name, n) != 0 ||
            entry->name[entry->length - n - 1] != '/')
            continue;
        s->root = entry->name;
        s->root_length = entry->length - n;
        found++;
    }
    if (found != 1)
        return err_set(e, "is a zip archive with %s data.pkl, not a PyTorch checkpoint",
                       found ? "more than one" : "no");
    if (zip_find(z, s->root, s->root_length, "constants.pkl", 13))
        return err_set(e, "is a TorchScript archive, not a checkpoint: save the module's state_dict()");
    return true;
}

/* The record is missing before PyTorch 2.1, which wrote what the machine had. */
static bool check_byte_order(const struct zip *z, const struct pth_storages *s, struct err *e)
{
    const struct zip_entry *entry = zip_find(z, s->root, s->root_length, "byteorder", 9);
    struct zip_bytes order;
    if (!entry)
        return true;
    if (!zip_unpack(&order, z, entry, 64, e))
        return false;
    bool little = order.n == 6 && memcmp(order.data, "little", 6) == 0;
    zip_release(&order);
    return little || err_set(e, "was written on a big-endian machine: not read");
}

static bool parse_object(struct pth *out, const struct zip_bytes *bytes, struct pth_storages *s,
                         const struct pth_options *o, struct err *e)
{
    struct pickle p;
    if (!pickle_load(&p, bytes->data, bytes->n, pth_allow, (void *)o, e))
        return false;
    bool ok = pth_storages_collect(s, &p, e) && pth_state(out, p.root, s, o, e);
    pickle_free(&p);
    return ok;
}

static bool parse_archive(struct pth *out, const struct zip *z, const struct pth_options *o, struct err *e)
{
    struct pth_storages s = {.zip = z, .left = o->cap};
    struct zip_bytes bytes;
    size_t most = o->cap < PICKLE_BYTES_MAX ? o->cap : PICKLE_BYTES_MAX;
    if (!find_root(&s, z, e) || !check_byte_order(z, &s, e) ||
        !zip_unpack(&bytes, z, zip_find(z, s.root, s.root_length, "data.pkl", 8), most, e))
        return false;
    bool ok = parse_object(out, &bytes, &s, o, e);
    zip_release(&bytes);
    pth_storages_free(&s);
    return ok;
}

static bool parse_zip(struct pth *out, const unsigned char *data, size_t n, const struct pth_options *o,
                      struct err *e)
{
    struct zip z;
    if (!zip_open(&z, data, n, e))
        return false;
    bool ok = parse_archive(out, &z, o, e);
    zip_close(&z);
    return ok;
}

static bool parse_any(struct pth *out, const unsigned char *data, size_t n, const struct pth_options *o,
                      struct err *e)
{
    if (n == 0)
        return err_set(e, "is empty");
    if (zip_looks(data, n))
        return parse_zip(out, data, n, o, e);
    if (pth_is_legacy(data, n))
        return pth_parse_legacy(out, data, n, o, e);
    if (n >= 512 && memcmp(data + 257, "ustar", 5) == 0)
        return err_set(
            e, "is in the tar format of PyTorch 0.1, which is not read: save it again with a later PyTorch");
    return err_set(e, "is not a PyTorch checkpoint");
}

bool pth_parse(struct pth *out, const unsigned char *data, size_t n, const struct pth_options *o,
               struct err *e)
{
    *out = (struct pth){0};
    if (parse_any(out, data, n, o, e))
        return true;
    pth_free(out);
    return false;
}

/* A file that can't be mapped (a pipe) is read. */
static bool read_pipe(struct pth *out, const char *path, const struct pth_options *o, struct err *e)
{
    unsigned char *data;
    size_t n;
    if (!file_slurp(path, o->cap, &data, &n, e))
        return false;
    struct pth_options rest = *o;
    rest.cap -= n;
    bool ok = pth_parse(out, data, n, &rest, e);
    free(data);
    return ok;
}

bool pth_read(struct pth *out, const char *path, const struct pth_options *o, struct err *e)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        path = "/dev/stdin";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, "cannot open:");
    void *data = MAP_FAILED;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return read_pipe(out, path, o, e);
    bool ok = pth_parse(out, data, (size_t)st.st_size, o, e);
    munmap(data, (size_t)st.st_size);
    return ok;
}

void pth_free(struct pth *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->tensor[i].name);
        tensor_free(&p->tensor[i].tensor);
    }
    for (size_t i = 0; i < p->drops; i++) {
        free(p->dropped[i].name);
        free(p->dropped[i].type);
    }
    free(p->tensor);
    free(p->dropped);
    *p = (struct pth){0};
}
