/* distill - anomaly maps by a student that fails to imitate its teacher on what it has not learnt. See distill.1. */
#include "distill/detector.h"

/* clang-format off */
static const struct detector_text text = {
    "Trains a student to imitate a frozen network on normal images: rd from the network's own features, through a bottleneck;\n"
    "stfpm from the images, which are then read in place of features. Scores by where the student fails.\n",
    "  featx -w w.safetensors -l layer1,layer2,layer3 < train.pam | distill --minutes 4 -o m.safetensors\n"
    "  featx -w w.safetensors -l layer1,layer2,layer3 < test.pam | distill -m m.safetensors | auroc -M masks.pam\n"
    "  imgcat -s train bottle | distill --method stfpm -w w.safetensors -o m.safetensors\n"
    "  imgcat -s test bottle | distill -m m.safetensors -w w.safetensors > bottle.maps\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&distill_detector, &text, argc, argv);
}
