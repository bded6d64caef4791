#include "nn/layer.h"
#include <stdio.h>

size_t layer_parts(struct layer_part part[LAYER_PARTS], const struct graph_node *node)
{
    return node->layer->parts ? node->layer->parts(part, node) : 0;
}

struct layer_part layer_part_of(const struct graph_node *node, const char *suffix, struct tensor shape)
{
    shape.type = DT_F32;
    struct layer_part p = {.shape = shape, .floats = tensor_count(&shape), .learnt = true};
    snprintf(p.name, sizeof p.name, "%s.%s", node->name, suffix);
    return p;
}

bool layer_is_product(const struct layer *layer)
{
    return layer->fold != NULL;
}
