#include "num/precision.h"
#include "num/cpu.h"

enum dtype precision_auto(void)
{
    return cpu_level() >= CPU_BF16 ? DT_BF16 : DT_F32;
}
