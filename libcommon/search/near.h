/* Which of 64 numbers are small enough: a filter before exact distances (search/sketch.h). */
#ifndef SEARCH_NEAR_H
#define SEARCH_NEAR_H
#include <stdint.h>

/* Bit j is set where value[j] <= limit; not for NAN. */
uint64_t near_mask(const float value[64], float limit);
#endif
