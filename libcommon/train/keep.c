#include "train/keep.h"

static void blend(const struct tensor *learnt, const struct tensor *begun, double share)
{
    float *x = learnt->data;
    for (size_t i = 0; i < tensor_count(learnt); i++)
        x[i] = (float)((1 - share) * (double)x[i] + share * tensor_get(begun, i));
}

void keep_share(struct safetensors *learnt, const struct safetensors *begun, double share)
{
    for (size_t i = 0; i < learnt->n; i++) {
        const struct tensor *to = &learnt->entry[i].tensor,
                            *from = safetensors_find(begun, learnt->entry[i].name);
        if (to->type == DT_F32 && from && tensor_same_shape(to, from))
            blend(to, from, share);
    }
}
