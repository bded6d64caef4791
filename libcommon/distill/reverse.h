/* The student of Reverse Distillation (Deng and Li, CVPR 2022): a one-class bottleneck embedding that folds a teacher's three taps
 * into one small map, and a decoder, the teacher's mirror image, that must rebuild the taps from it.
 *
 *     layer1 -> conv 3x3 /2 -> conv 3x3 /2 --+
 *     layer2 -> conv 3x3 /2 -----------------+-> concatenated -> residual blocks, the first /2 -> embedding
 *     layer3 --------------------------------+
 *     embedding -> decoder.layer1 -> "layer3" -> decoder.layer2 -> "layer2" -> decoder.layer3 -> "layer1"
 *
 * A decoder's stage is a stage of the teacher's kind whose first block enlarges by transposed convolutions 2x2 /2 in place of the
 * strided ones. Tensors have the names of the authors' and Anomalib's modules: bottleneck.bn_layer.0.conv1.weight,
 * decoder.layer3.0.upsample.0.weight. */
#ifndef DISTILL_REVERSE_H
#define DISTILL_REVERSE_H
#include "nn/graph.h"

enum { REVERSE_TAPS = 3 };

/* What the student looks like. The taps have `planes`, twice, four times as many channels, and the embedding so many as it has planes;
 * with bottlenecks (blocks of 1x1, 3x3, 1x1; else of two 3x3) all have four times as many. */
struct reverse_form {
    bool bottlenecks;
    size_t planes;           /* 64 for all teachers that we know */
    size_t embedding, folds; /* its planes: 512; its blocks: 3 bottlenecks, 2 basic ones */
    size_t width;            /* channels inside of its bottlenecks: 1024 by the authors, 512 in Anomalib */
    size_t blocks[REVERSE_TAPS]; /* of the decoder's stages, in the order in which they come */
    size_t inside; /* channels inside of the bottlenecks of its last stage; two, four times before */
};

/* The form for a teacher (nn/networks.h); width 0: as the authors have it. False when the architecture is unknown. */
bool reverse_form_of(struct reverse_form *f, const char *arch, size_t width);
/* Channels of tap i, 0 being layer1. */
size_t reverse_channels(const struct reverse_form *f, size_t i);

/* Into an empty graph: inputs 0, 1, 2 are the teacher's layer1, layer2, layer3, whose sides halve from one to the next; layer3's
 * are even. Taps of the same names are what the decoder makes of them. */
void reverse_build(struct graph *g, const struct reverse_form *f);
#endif
