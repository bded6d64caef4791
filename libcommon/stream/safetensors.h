/* safetensors files: network weights and fitted models. Named tensors, and string metadata.
 * Format: https://github.com/huggingface/safetensors (u64 header size, JSON header, raw little-endian data).
 */
#ifndef STREAM_SAFETENSORS_H
#define STREAM_SAFETENSORS_H
#include "base/tensor.h"
#include "stream/note.h"
#include <stdint.h>

struct safetensors {
    struct named_tensor {
        char *name;
        struct tensor tensor;
    } * entry; /* sorted by name */
    size_t n, capacity;
    struct note meta; /* __metadata__ */
    void *mapping;    /* the file, where the tensors lie in it; the struct's own */
    size_t mapped;
};

/* Reads a file (mapped, so that only what is used is paged in); tensors are valid until safetensors_free. */
bool safetensors_read(struct safetensors *st, const char *path, struct err *e);
/* The same from memory, which must stay; for fuzzing. */
bool safetensors_parse(struct safetensors *st, const unsigned char *data, size_t n, struct err *e);
/* Or dies with "PATH: reason". */
void safetensors_open(struct safetensors *st, const char *path);
void safetensors_free(struct safetensors *st);

/* NULL where absent. */
const struct tensor *safetensors_find(const struct safetensors *st, const char *name);
/* Adds a tensor (copied). Dies on a name twice. */
void safetensors_add(struct safetensors *st, const char *name, const struct tensor *t);
/* Adds one without copying: st frees data (from xaligned/xmalloc) later. */
void safetensors_add_owned(struct safetensors *st, const char *name, struct tensor t);

/* Atomic (product.h rules): temporary name, sync, rename. Same content, same bytes. */
void safetensors_write(const struct safetensors *st, const char *path);

/* XXH64 over names, dtypes, shapes and bytes in sorted order, metadata left out: what weights=NAME:HASH
 * carries. */
uint64_t safetensors_hash(const struct safetensors *st);
#endif
