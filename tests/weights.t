#!/bin/bash
# scripts/weights, and the weights that are shipped: that the one made the other, as far as can be told without hours.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
root=$(cd "$FERN_TESTS/.." && pwd)
shipped=$root/weights/fern-resnet18.safetensors
make_weights() { "$root/scripts/weights" "$FERN_BIN" "$@"; }
meta() { npyls -q -n "$1" | sed -n "s/^$2=//p"; }

that "a few steps of the recipe" make_weights w.st --part 0.0003
that "nothing else is left" test "$(find . -type f | sort | paste -sd' ')" = './w.st ./w.st.1.tsv ./w.st.tsv'
that "weights that are there are not overwritten" fails 2 'w.st is there' make_weights w.st --part 0.0003
that "a part that is none" fails 2 'not in 0..1' make_weights x.st --part 2
that "the recipe is the one that the shipped weights say, but for the steps" test "$(meta w.st recipe)" = "$(meta "$shipped" recipe | sed 's/ steps=3600 / steps=1 /')"
that "so are images, layers and normalisation" test "$(for k in arch taps classes mean std images by; do meta w.st $k; done)" = "$(for k in arch taps classes mean std images by; do meta "$shipped" $k; done)"
that "460,800 samples in the last part" test "$(meta "$shipped" samples)" = 460800
that "the same tensors" cmp <(npyls -s w.st | cut -f 2-5) <(npyls -s "$shipped" | cut -f 2-5)
that "no more than 24 MB" test "$(stat -c %s "$shipped")" -le 24000000
that "the page says which" grep -q "$(meta "$shipped" hash)" "$root/weights/README.md"
done_testing
