/* knn - scores whole images by their nearest neighbours. See knn.1. */
#include "pooled/knn.h"

/* clang-format off */
static const struct detector_text text = {
    "Keeps one vector of each normal image; scores by the squared distances to the k nearest. Gives scores, no maps.\n",
    "  imgcat -s train bottle | featx -w w.safetensors -l avgpool | knn -o m.safetensors\n"
    "  imgcat -s test bottle | featx -w w.safetensors -l avgpool | knn -m m.safetensors -t - | auroc\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&knn_detector, &text, argc, argv);
}
