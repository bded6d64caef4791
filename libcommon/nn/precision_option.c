#include "nn/precision_option.h"
#include "base/opt.h"
#include "num/precision.h"

const char *const precision_names[] = {"f32", "bf16", "auto", "int8", NULL};

const char *const precision_names_of_training[] = {"f32", "bf16", "auto", NULL};

enum dtype precision_choice(size_t choice)
{
    const enum dtype type[] = {DT_F32, DT_BF16, precision_auto(), DT_I8};
    return type[choice];
}

unsigned precision_settled(unsigned choice)
{
    if (choice != PRECISION_AUTO)
        return choice;
    return precision_auto() == DT_BF16 ? 1 : 0;
}

enum dtype precision_option(const char *option, const char *text)
{
    return precision_choice(opt_choice(option, text, precision_names));
}

const char *precision_name(enum dtype type)
{
    return precision_names[type == DT_BF16 ? 1 : type == DT_I8 ? 3 : 0];
}
