/* --precision of every program that runs a network. */
#ifndef NN_PRECISION_OPTION_H
#define NN_PRECISION_OPTION_H
#include "base/tensor.h"

/* f32, bf16, auto, int8 (not for training); ended by NULL. */
extern const char *const precision_names[];
/* Those that a training can have: f32, bf16, auto; ended by NULL. */
extern const char *const precision_names_of_training[];
enum { PRECISION_AUTO = 2 }; /* auto, in either list */
/* One of these names; misuse() on anything else. */
enum dtype precision_option(const char *option, const char *text);
/* The type (DT_F32, DT_BF16, DT_I8) that a name of the list stands for, by its index. */
enum dtype precision_choice(size_t choice);
/* The same place in the list, or for auto that of what is this CPU's: what a model or a recipe keeps. */
unsigned precision_settled(unsigned choice);
/* "f32", "bf16" or "int8" */
const char *precision_name(enum dtype type);

#define USAGE_PRECISION                                                                                      \
    "      --precision P  f32, bf16, or auto (default): bf16 where the CPU has instructions for it\n"
#endif
