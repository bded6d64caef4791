/* safetensors files: network weights and fitted models. Named tensors, and string metadata.
 * Format: https://github.com/huggingface/safetensors (u64 header size, JSON header, raw little-endian data). */
#ifndef STREAM_SAFETENSORS_H
#define STREAM_SAFETENSORS_H
#include "base/product.h"
#include "base/tensor.h"
#include "stream/note.h"
#include <stdint.h>

struct named_tensor {
    char *name;
    struct tensor tensor;
    bool lent; /* its data are another's */
};

struct safetensors {
    struct named_tensor *entry; /* sorted by name */
    size_t n, capacity;
    /* name=type of tensors whose type fern does not know: no entry, an error when needed */
    struct note unread;
    struct note meta; /* __metadata__; by= may occur more than once, and is one string of lines in the file */
    void *mapping;    /* the file's bytes, where the tensors of a read file lie */
    size_t mapped;
    enum { ST_BORROWED, ST_MAPPED, ST_ALLOCATED } mapping_kind; /* who frees them, and how */
};

/* Names of element types as the files have them: "F32". */
extern const char *const safetensors_dtype[DT_COUNT];

/* Reads a file (mapped, so that only what is used is paged in; a pipe is read whole); tensors are valid until
 * safetensors_free. Checked: JSON without duplicate names, offsets that fit the shapes and tile the data, so that
 * no byte belongs to no tensor. On error *st is empty; what is no safetensors file but a PyTorch checkpoint or
 * a pointer of Git LFS is told with what to do. */
bool safetensors_read(struct safetensors *st, const char *path, struct err *e);
/* The same from memory, which must stay; for fuzzing. */
bool safetensors_parse(struct safetensors *st, const unsigned char *data, size_t n, struct err *e);
/* Or dies with "PATH: reason". */
void safetensors_open(struct safetensors *st, const char *path);
void safetensors_free(struct safetensors *st);

/* NULL where absent, or of a type that fern does not know. */
const struct tensor *safetensors_find(const struct safetensors *st, const char *name);
/* Why it was not found, for "FILE: NAME ...": "is missing", or that its type is not supported. `why` holds it. */
const char *safetensors_why_not(const struct safetensors *st, const char *name, struct err *why);
/* Lets go of the memory behind a tensor of a mapped file; when it is read again it comes from the file. */
void safetensors_forget(const struct safetensors *st, const struct tensor *t);
/* Adds a tensor (copied). Dies on a name twice, or on "__metadata__". */
void safetensors_add(struct safetensors *st, const char *name, const struct tensor *t);
/* Adds one without copying: st frees data (from xaligned/xmalloc) later. */
void safetensors_add_owned(struct safetensors *st, const char *name, struct tensor t);
/* Adds one whose data stay the caller's, who keeps them for as long as st is used. They may lie on a disk (base/scratch.h). */
void safetensors_add_lent(struct safetensors *st, const char *name, struct tensor t);

/* Tensors of rank 2 and more that are f32 become bf16, rounded to the nearest, half the bytes; vectors stay (biases, norms and
 * their statistics: few, and what they are in f32 matters). Of tensors that were added. */
void safetensors_narrow(struct safetensors *st);

/* Writes it and commits (product.h). Same content, same bytes. A tool opens `out` before its work begins. */
void safetensors_write_product(const struct safetensors *st, struct product *out);
/* The same in one step: for files made on the way, such as checkpoints. */
void safetensors_write(const struct safetensors *st, const char *path);

/* XXH64 over names, dtypes, shapes and bytes in sorted order, metadata left out: what weights=NAME:HASH
 * carries. */
uint64_t safetensors_hash(const struct safetensors *st);
#endif
