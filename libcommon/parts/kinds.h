/* The kinds of part, one file each (kind_NAME.c). */
#ifndef PARTS_KINDS_H
#define PARTS_KINDS_H
#include "parts/part.h"

extern const struct part_kind part_gear, part_capsule, part_circuit, part_cap;             /* objects */
extern const struct part_kind part_carpet, part_leather, part_wood, part_steel, part_grid; /* textures */
#endif
