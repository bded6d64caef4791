/* PyTorch checkpoints (torch.save) as named tensors: the zip format of PyTorch 1.6 and later, and the one before
 * ("legacy"). Nothing in the file is executed: see codec/pickle.h.
 *
 * Formats: torch/serialization.py of PyTorch 1.13. The older tar format, TorchScript archives and big-endian
 * files are refused by name. */
#ifndef CODEC_PTH_H
#define CODEC_PTH_H
#include "base/err.h"
#include "base/tensor.h"
#include <stddef.h>

enum { PTH_DROPS_MAX = 10000 };

struct pth_options {
    const char *key;    /* where the state dict is, such as "ema/state_dict"; NULL: search for it */
    const char *prefix; /* keep the names that begin so, without it; NULL: all, and strip "module." */
    bool drop_unknown;  /* classes outside the allow-list are dropped, not refused */
    size_t cap;         /* bytes that tensors and unpacked entries may take */
};

struct pth_tensor {
    char *name;
    struct tensor tensor; /* dense, in C order, memory of its own from xaligned */
};

/* A value of the checkpoint that is no weight: "optimizer" and "dict", say. */
struct pth_dropped {
    char *name, *type;
};

/* Owns everything in it: pth_free. A tensor's data may be taken by setting it to NULL. */
struct pth {
    struct pth_tensor *tensor; /* sorted by name; at least one, no name twice */
    size_t n, capacity;
    struct pth_dropped *dropped; /* in the file's order */
    size_t drops, drop_capacity;
    size_t unlisted; /* what was dropped beyond PTH_DROPS_MAX */
};

/* Reads the state dict of a checkpoint:
 * - the value of state_dict, model_state_dict, model, model_state, net, network, module, weights or params
 *   (the first that is a dict), at any depth; else the dict with the tensors, where one has more than all around it;
 * - names without the "module." of DataParallel or "_orig_mod." of torch.compile where all names carry it;
 * - views of shared storage become dense copies; the type of elements stays.
 * Storages that nothing kept refers to are not looked at. False with a reason, and nothing to free, when the
 * file is damaged, cut, or not a checkpoint, holds a class outside the allow-list (named), or no single state
 * dict. */
bool pth_parse(struct pth *out, const unsigned char *data, size_t n, const struct pth_options *o,
               struct err *e);
/* The same from a file, which is mapped; "-" is stdin. */
bool pth_read(struct pth *out, const char *path, const struct pth_options *o, struct err *e);
void pth_free(struct pth *p);
#endif
