/* A layer: what an op is to the executors, as a table. Each is one file, layer_NAME.c: its mathematics, its table, its
 * builder. To add one is to add a file; schedule, inference, trainer and weights walk the tables and know by name only
 * what is folded (batch norm, sum, ReLU) or laid out without a copy (slice, concatenation).
 *
 * All functions are called for whole batches on one thread and share their work by the pool. A NULL function means what
 * its comment says. */
#ifndef NN_LAYER_H
#define NN_LAYER_H
#include "base/rng.h"
#include "nn/graph.h"
#include "nn/view.h"

enum { LAYER_PARTS = 5 };

/* A tensor of a node. */
struct layer_part {
    char name[64];       /* "layer1.0.bn1.running_mean" */
    struct tensor shape; /* in files; without data */
    size_t floats;       /* that executors keep for it: more than the shape holds where it is padded */
    bool packed;         /* kept as the layer's `pack` lays it out; else as it is, zeros behind it */
    bool learnt;         /* an optimiser moves it; else a statistic or a constant */
    bool running;        /* a statistic that forward moves in training, unless statistics are fixed */
    bool decays;         /* and weight decay too */
    bool permutes;       /* 0 .. n - 1 in some order: anything else is an error in the file */
    bool positive;       /* a variance: a value below zero is an error in the file */
};

/* Bytes that a layer wants of the executor. */
struct layer_wants {
    size_t prepared; /* weights as kernels read them; in training for one step at a time */
    size_t scratch;  /* working memory of one call */
    size_t kept;     /* what forward leaves for backward */
};

/* One call of a layer. In `wants` only shapes, types and flags are there. */
struct layer_call {
    const struct graph_node *node;
    bool training;         /* statistics of the batch; weights may have changed since the last call */
    bool fixed_statistics; /* training, but with the running statistics, which stay as they are */
    bool eight_bits; /* products may be of 8 bits: this was asked for, and the input is never negative */
    struct view in[NODE_INPUTS], out;
    struct view d_in[NODE_INPUTS], d_out; /* gradients; no data: not wanted */
    bool accumulate[NODE_INPUTS];         /* d_in += instead of = */
    const struct view *residual;          /* folded in: out = relu(layer + residual); NULL: none */
    const struct view *d_residual;        /* and its gradient; NULL: not wanted */
    bool accumulate_residual, relu; /* relu: folded in; of a product, d_out is what is behind it already */
    float *part[LAYER_PARTS];       /* as kept; NULL where the node has fewer */
    float *d_part[LAYER_PARTS];     /* += ; NULL: not wanted */
    /* Inference: a folded batch norm, or the layer's own; shift holds a product's bias, too. */
    const float *scale, *shift;
    double *log_determinant;         /* of each image, += ; NULL: not wanted */
    const double *d_log_determinant; /* the loss's gradient for it */
    void *prepared, *scratch, *kept; /* as wanted, 64-byte aligned */
};

struct layer {
    const char *name; /* for messages */
    /* The output's side for the inputs'. NULL: as the inputs are, which must be alike. */
    void (*sides)(size_t out[2], const struct graph_node *node, const size_t (*in)[2]);
    /* The frame of zeros that the input, and the output's gradient, must have. NULL: none. */
    size_t (*halo)(const struct graph_node *node), (*gradient_halo)(const struct graph_node *node);
    /* Whether it reads and writes views that are not dense. NULL: it does. */
    bool (*strided)(const struct graph_node *node);
    /* Its tensors, begun by layer_part_of; returns how many. NULL: none. */
    size_t (*parts)(struct layer_part part[LAYER_PARTS], const struct graph_node *node);
    /* Draws part i, n numbers. */
    void (*draw)(float *data, size_t n, size_t i, const struct graph_node *node, struct rng *r);
    /* From a file's layout of a packed part to the kept one, and back. */
    void (*pack)(float *kept, const float *tensor, const struct graph_node *node);
    void (*unpack)(float *tensor, const float *kept, const struct graph_node *node);
    /* Multiplies the weights of each output channel: a batch norm behind it can be folded in. NULL: none can. */
    void (*fold)(float *kept, const float *scale, const struct graph_node *node);
    void (*wants)(struct layer_wants *w, const struct layer_call *call); /* NULL: nothing */
    void (*prepare)(const struct layer_call *call); /* parts -> prepared; NULL: nothing to do */
    void (*forward)(const struct layer_call *call);
    void (*backward)(const struct layer_call *call);
    bool accumulates;               /* backward honours `accumulate`; else the executor adds for it */
    bool keeps_input, keeps_output; /* backward reads the inputs' values, the output's */
    bool selects;                   /* its values are values of its inputs */
    bool casts_f32;                 /* its output is f32 whatever the precision */
};

/* What is folded, or laid out without a copy. */
extern const struct layer layer_input, layer_batchnorm, layer_relu, layer_add, layer_slice, layer_concat;

/* The parts of a node with their names; returns how many. */
size_t layer_parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node);
/* A part: "NODE.suffix" of this shape, learnt, kept as it is. */
struct layer_part layer_part_of(const struct graph_node *node, const char *suffix, struct tensor shape);
/* A product: it takes batch norm, sum and ReLU into its epilogue. */
bool layer_is_product(const struct layer *layer);
#endif
