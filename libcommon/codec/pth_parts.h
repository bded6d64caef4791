/* The parts of the checkpoint decoder, for codec/pth*.c only: storages (raw elements under a key), tensors as
 * views of them, and the search for the state dict. */
#ifndef CODEC_PTH_PARTS_H
#define CODEC_PTH_PARTS_H
#include "codec/pickle.h"
#include "codec/pth.h"
#include "codec/zip.h"

struct pth_storage {
    const char *key; /* length bytes in the pickle */
    size_t length;
    const char *class_name;
    enum dtype type;       /* DT_COUNT: none that we know */
    size_t count;          /* elements */
    struct zip_bytes data; /* NULL until looked at */
};

struct pth_storages {
    struct pth_storage *storage; /* sorted by key */
    size_t n;
    const struct zip *zip; /* NULL: all data are set */
    const char *root;      /* of a zip: the folder's name with its '/' */
    size_t root_length;
    size_t left; /* bytes that may still be taken */
};

/* What the persistent ids of a pickle name: ("storage", class, key, location, count[, view]). */
bool pth_storages_collect(struct pth_storages *s, const struct pickle *p, struct err *e);
void pth_storages_free(struct pth_storages *s);
struct pth_storage *pth_storage_find(const struct pth_storages *s, const char *key, size_t length);
/* Reads the data out of the zip where that has not been done. */
bool pth_storage_load(struct pth_storages *s, struct pth_storage *storage, struct err *e);

/* Whether a value is a tensor, or a parameter around one. */
bool pth_is_tensor(const struct pickle_value *v);
/* A dense copy in memory of its own. */
bool pth_tensor_build(struct tensor *out, const struct pickle_value *v, struct pth_storages *s,
                      struct err *e);

/* The elements of a storage class; DT_COUNT where it is none of ours. */
enum dtype pth_storage_type(const char *class_name);
/* Whether a class may occur: the pickle_allow of checkpoints; arg is the struct pth_options. */
bool pth_allow(const char *class_name, void *arg);
/* True when a legacy file begins here: a pickle of its magic number. */
bool pth_is_legacy(const unsigned char *data, size_t n);
bool pth_parse_legacy(struct pth *out, const unsigned char *data, size_t n, const struct pth_options *o,
                      struct err *e);
/* Finds the state dict below root, and adds its tensors and what was dropped. */
bool pth_state(struct pth *out, struct pickle_value *root, struct pth_storages *s,
               const struct pth_options *o, struct err *e);
#endif
