/* gauss - scores whole images by their Mahalanobis distance. See gauss.1. */
#include "pooled/gauss.h"

/* clang-format off */
static const struct detector_text text = {
    "Fits a Gaussian to one vector of each normal image; scores by Mahalanobis distance. Of vectors it gives scores, no maps;\n"
    "of feature maps it takes the mean over all positions, and gives maps too.\n",
    "  imgcat -s train bottle | featx -w w.safetensors -l avgpool | gauss -o m.safetensors\n"
    "  imgcat -s test bottle | featx -w w.safetensors -l avgpool | gauss -m m.safetensors -t - | auroc\n"
    "  featx -w w.safetensors -l layer4 < train.pam | gauss -o m.safetensors\n"
    "  featx -w w.safetensors -l layer4 < test.pam | gauss -m m.safetensors | auroc -M masks.pam\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&gauss_detector, &text, argc, argv);
}
