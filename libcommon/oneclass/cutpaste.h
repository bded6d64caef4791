/* CutPaste's defects (Li et al., "CutPaste: Self-Supervised Learning for Anomaly Detection and Localization", CVPR 2021; methods
 * 10): a piece of an image, its colours slightly altered, pasted at another place of the same image. A network that tells such
 * images from whole ones has learnt what belongs where.
 *
 * What is pasted is a function of (seed, epoch, index) and the size of the image alone; its colours of the image too. */
#ifndef ONECLASS_CUTPASTE_H
#define ONECLASS_CUTPASTE_H
#include "image/window.h"
#include "base/raster.h"
#include <stdint.h>

/* Also the classes that the network is to tell. */
enum cutpaste_kind {
    CUTPASTE_NORMAL, /* as it is */
    CUTPASTE_PATCH, /* .02 to .15 of the image's area, width / height uniform on .3..1 or on 1..3.3, either as often */
    CUTPASTE_SCAR, /* 2 to 16 pixels wide and 10 to 25 long, turned by up to 45 degrees */
    CUTPASTE_KINDS
};

/* What was done: `from` was pasted into `to`, a scar turned, so that `to` is the box around it. Both are inside of the image; no
 * more of a piece is taken than the image holds. */
struct cutpaste_piece {
    struct window from, to;
    double degrees; /* counter-clockwise; 0 for a patch */
};

/* One of the draws that make up a piece; a patch lands elsewhere than it came from. */
void cutpaste_draw(struct cutpaste_piece *p, enum cutpaste_kind kind, size_t width, size_t height,
                   uint64_t seed, uint64_t epoch, uint64_t index);
/* In place, on 8-bit RGB. What isn't pasted on keeps its bytes. */
void cutpaste(struct raster *image, enum cutpaste_kind kind, uint64_t seed, uint64_t epoch, uint64_t index);
#endif
