/* padim - anomaly maps by a Gaussian at every position of the feature maps. See padim.1. */
#include "padim/detector.h"

/* clang-format off */
static const struct detector_text text = {
    "Fits a Gaussian to the features of normal images at every position; scores by Mahalanobis distance.\n",
    "  featx -w w.safetensors -l layer1,layer2,layer3 < train.pam | padim -o m.safetensors\n"
    "  featx -w w.safetensors -l layer1,layer2,layer3 < test.pam | padim -m m.safetensors | auroc -M masks.pam\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&padim_detector, &text, argc, argv);
}
