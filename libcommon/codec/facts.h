/* What an image file says beside its samples. */
#ifndef CODEC_FACTS_H
#define CODEC_FACTS_H
#include "base/err.h"
#include <stdbool.h>

struct codec_facts {
    unsigned orientation; /* EXIF's, 1 to 8; 1, as stored, where none is given */
    bool lossy;           /* a JPEG: samples are near those that were saved */
    struct err remark;    /* what was odd in the file and changed no sample; "": nothing */
};
#endif
