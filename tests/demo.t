#!/bin/bash
# scripts/demo on small parts and on a data set of one's own. (The parts are made here: partgen's own make the demo long.)
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
own_folder
export IMAGES='-r 32' EPOCHS=1 # for grid.mk: quicker
demo() { "$FERN_TESTS/../scripts/demo" "$FERN_BIN" --steps "${steps-0}" "$@" >out 2>err; }

partgen -q -z 32 -k gear --train 10 --good 2 --defect 1 -o demo/parts/gear || exit 1
demo
ok $? "parts that are there are used"
for cell in {padim,patchcore}' random-1' {padim,patchcore,fastflow,cflow,stfpm,rd}' fern-resnet18'; do
    grep -qE "^gear +${cell/ / +} +[01]\.[0-9]{3} +[01]\.[0-9]{3} +[01]\.[0-9]{3} +[0-9.]+$" out &&
        imgcat -q -r 0 "demo/gear-${cell/ /-}.png" >/dev/null
    ok $? "$cell: figures and a contact sheet"
done
for method in panda cutpaste; do # cutpaste's maps of such small images would be a pixel
    grep -qE "^gear +$method +fern-resnet18 +[01]\.[0-9]{3} +- +- +[0-9.]+$" out && [ ! -e "demo/gear-$method-fern-resnet18.png" ]
    ok $? "$method: figures"
done
grep -q '^  demo/KIND-METHOD-NETWORK.png, such as demo/gear-rd-fern-resnet18.png: .*(8 sheets)$' out && grep -q 'seconds. The first pictures are there: demo/gear-.*png$' out
ok $? "it says where to look, and early"
[ "$(find demo/cells demo/trained -path '*/overlays/test/*/*.png' | wc -l)" -eq 56 ]
ok $? "an overlay for each test image and method"
[ "$(awk -F '\t' '$5 == "all"' demo/results.tsv | wc -l)" -eq 10 ]
ok $? "one table of all cells"

cp out before
demo && ! grep -q '^fit' out && diff <(grep '^gear' before) <(grep '^gear' out) >&2
ok $? "run again, it has everything"

mv demo/parts/gear 'my gear'
demo --data 'my gear' --out own && grep -q '^my_gear  *padim' out && ! grep -q '^mean' out && [ -s own/my_gear-padim-random-1.png ] && [ -s own/my_gear-padim-fern-resnet18.png ]
ok $? "a data set of one's own, with a blank in its name"

steps=2 demo --data 'my gear' --out own && grep -q '^my_gear  *padim  *fractal ' out && ! grep -q 'fastflow' out && [ -s own/fractal.safetensors ]
ok $? "fractal weights, made from nothing, beside random ones"

# refused STATUS PATTERN OPTION...
refused() {
    demo "${@:3}" --out refused
    [ $? -eq "$1" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "^demo: .*$2" err && [ ! -e refused/cells ]
    ok $? "refused: ${*:3}"
}
refused 1 'nowhere: no such folder' --data nowhere
refused 1 'train/' --data 'my gear/test'
refused 1 "can't be read" --weights none.safetensors
refused 2 'not understood' --wieghts x
refused 2 'not a number' --steps many
done_testing
