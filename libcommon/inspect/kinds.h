/* The kinds of part, one file each (kind_NAME.c). */
#ifndef INSPECT_KINDS_H
#define INSPECT_KINDS_H
#include "inspect/part.h"

extern const struct part_kind part_gear, part_capsule, part_circuit, part_cap;             /* objects */
extern const struct part_kind part_carpet, part_leather, part_wood, part_steel, part_grid; /* textures */
#endif
