#include "num/vector_body.h"

const struct vector_kernels vector_kernels_plain = {forward, projection, centre, solve};
