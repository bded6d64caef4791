/* distill - anomaly maps by a student that fails to imitate its teacher on what it has not learnt. See distill.1. */
#include "distill/detector.h"

/* clang-format off */
static const struct detector_text text = {
    "Trains a student to rebuild a frozen network's features of normal images from a bottleneck; scores by where it fails.\n",
    "  featx -w w.safetensors -l layer1,layer2,layer3 < train.pam | distill --minutes 4 -o m.safetensors\n"
    "  featx -w w.safetensors -l layer1,layer2,layer3 < test.pam | distill -m m.safetensors | auroc -M masks.pam\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&distill_detector, &text, argc, argv);
}
