#include "num/distance_body.h"

const struct distance_kernels distance_kernels_plain = {squared, least};
