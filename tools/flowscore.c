/* flowscore - anomaly maps by normalising flows. See flowscore.1. */
#include "flow/detector.h"

/* clang-format off */
static const struct detector_text text = {
    "Fits normalising flows to the features of normal images; scores by how likely features are.\n",
    "  imgcat -s train bottle | featx -w w.safetensors -l layer1,layer2,layer3 | flowscore -o bottle.safetensors\n"
    "  imgcat -s test bottle | featx -w w.safetensors -l layer1,layer2,layer3 | flowscore -m bottle.safetensors | heatmap -O maps\n",
};
/* clang-format on */

int main(int argc, char **argv)
{
    return detector_main(&flow_detector, &text, argc, argv);
}
