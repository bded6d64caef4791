/* patchcore - anomaly maps by the distance to a memory bank of patch features. See patchcore.1. */
#include "patchcore/detector.h"

/* clang-format off */
static const struct detector_text text = {
    "Fits a bank of patch features of normal images; scores patches by their distance to it.\n",
    "  imgcat -s train bottle | featx -w resnet18.safetensors | patchcore -r 0.01 -o bottle.safetensors\n"
    "  imgcat -s test bottle | featx -w resnet18.safetensors | patchcore -m bottle.safetensors | heatmap -O maps\n"
    "  imgcat new/*.png | featx -w resnet18.safetensors | patchcore --add bottle.safetensors -o bottle.safetensors\n"
    "  patchcore --merge -r 0.01 -o bottle.safetensors line1.safetensors line2.safetensors line3.safetensors\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&patchcore_detector, &text, argc, argv);
}
