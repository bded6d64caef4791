#!/bin/bash
# padim: hand-made Gaussians; a score is the image's alone; what must be refused is, in one line, with nothing left.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export TMPDIR=$work
n=0
ok() { # ok NAME COMMAND...
    n=$((n + 1))
    if "${@:2}"; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}
# fails STATUS PATTERN COMMAND...: exit status, one line on stderr that says so, no model out.st
fails() {
    local status=$1 pattern=$2 got
    shift 2
    rm -f out.st
    "$@" >stdout 2>stderr </dev/null
    got=$?
    [ "$got" = "$status" ] && [ "$(wc -l <stderr)" = 1 ] && grep -q -e "$pattern" stderr && [ ! -e out.st ] && return
    echo "# status $got, $(cat stderr)"
    return 1
}
# record NAME NUMBER NUMBER: features of one position, two channels
record() { npy_note "name=$1" input=1x1 arrays=a && npy_f4 '1, 1, 2' "$2" "$3"; }
opening() { npy_note stream=features version=1 "weights=w:$1"; }
close_to() { perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) <= 1e-5 * abs $ARGV[1])' -- "$@"; }
score() { padim -q -m "$1" -t - "$2" | awk -F '\t' 'NR > 1 { print $4 }'; }

# (0,0), (2,1), (1,2): mean (1,1), covariance [[1,.5],[.5,1]] + .01 I
{ opening 1a2b && record a 0 0 && record b 2 1 && record c 1 2 && npy_note end=3; } >three
{ opening 1a2b && record x 2 1 && npy_note end=1; } >one
{ opening 1a2b && record a 3 5 && record b 3 5 && record c 3 5 && record d 3 5 && npy_note end=4; } >same
{ opening 1a2b && record x 6 9 && npy_note end=1; } >far
padim -o three.st three && padim -o same.st same
ok "three images by hand: sqrt(1.01 / (1.01^2 - .25))" close_to "$(score three.st one)" 1.14521346
ok "identical images: 10 |x - mean|" close_to "$(score same.st far)" 50
padim --as anomalib -o anomalib.st same
ok "--as anomalib adds 1e-5 to the ridge" close_to "$(score anomalib.st far)" 49.9750187
padim --ridge 0.04 -o ridge.st same
ok "--quantile in by=" test "$(padim --quantile 0.25 -o q.st three && grep -ao "border mirror --quantile 0.25" q.st)" = "border mirror --quantile 0.25"
ok "--ridge" close_to "$(score ridge.st far)" 25
ok "the verdict is the threshold's" test "$(padim -m three.st -t - three one | cut -f 5 | sort | uniq -c | tr -s ' \n' ' ')" = " 4 ok 1 verdict "

# floats N SEED: so many numbers, half of them zero as after a ReLU
floats() {
    perl -e 'my ($n, $x) = @ARGV; for (1 .. $n) { $x = ($x * 1103515245 + 12345) % 2147483648; $x & 65536 ? print "0 " : printf "%.6f ", $x / 1e9 }' "$@"
}
# image SEED [SIDE]: feature maps of an image, the largest of 8 x 8 positions
# shellcheck disable=SC2046 # numbers are words
image() {
    local s=${2:-8}
    npy_note "name=$1.png" "input=$((4 * s))x$((4 * s))" arrays=a,b,c
    npy_f4 "$s, $s, 6" $(floats $((s * s * 6)) "$1")
    npy_f4 "$((s / 2)), $((s / 2)), 10" $(floats $((s * s * 10 / 4)) "$((90 + $1))")
    npy_f4 "$((s / 4)), $((s / 4)), 12" $(floats $((s * s * 12 / 16)) "$((180 + $1))")
}
for i in 1 2 3 4 5 6 7 99; do image $i >image.$i; done
{ opening 1a2b && cat image.[1-7] && npy_note end=7; } >train
{ opening 1a2b && cat image.99 && npy_note end=1; } >fresh
{ opening 7777 && cat image.[1-7] && npy_note end=7; } >other
{ opening 1a2b && image 8 4 && npy_note end=1; } >small
for form in packed low-rank; do
    padim -j 1 --form $form -o $form.st train && padim -j 2 --form $form -o two.st train
    ok "-j 1 and -j 2 fit the same model, $form" cmp $form.st two.st
    padim -j 1 -m $form.st train >$form.maps
    padim -j 2 -m $form.st train >two.maps
    ok "-j 1 and -j 2 give the same maps, $form" cmp $form.maps two.maps
    for i in 1 2 3 4 5 6 7; do
        { opening 1a2b && cat image.$i && npy_note end=1; } | padim -m $form.st
    done >single.maps
    ok "one image at a time gives the same maps, $form" npysdiff -t 0 $form.maps single.maps
    padim -m $form.st -t - train fresh | sort >forward
    padim -m $form.st -t - fresh train | sort >backward
    ok "another order gives the same scores, $form" cmp forward backward
done
padim -q -m packed.st -t scores.tsv fresh >packed.maps
ok "-t writes the scores beside the maps" cmp scores.tsv <(padim -m packed.st -t - fresh)
ok "packed triangles" grep -aq '"factor.0"' packed.st
ok "a basis in their place" grep -aq '"basis"' low-rank.st
ok "packed and low rank agree" close_to "$(score packed.st fresh)" "$(score low-rank.st fresh)"
ok "the same seed and any -d above the channels' number" cmp <(padim -d 28 -o a.st train && cat a.st) \
    <(padim -d 9999 -o b.st train && cat b.st)
cat train train >twice
ok "a concatenated stream is fitted" test "$(padim -o twice.st twice && grep -ao '"images":"14"' twice.st)" = '"images":"14"'
# model OPTION...: its sum
model() { padim -o s.st "$@" train && cksum <s.st; }
ok "another seed, other channels" test "$(model -d 5 | grep .)" != "$(model -d 5 -s 1 | grep .)"
ok "the same seed, the same channels" test "$(model -d 5)" = "$(model -d 5 -s 0)"
ok "auto is all of 28 channels" test "$(model -d auto)" = "$(model -d 28)"

# What must be refused.
head -c 10000 train >short
ok "a cut stream" fails 1 'short: record' padim -o out.st short
head -c 3000 packed.st >cut.st
ok "a cut model" fails 1 '^padim: cut.st: ' padim -m cut.st fresh
ok "a model that is no model" fails 1 '^padim: train: ' padim -m train fresh
ok "other weights" fails 1 'record 1 (1.png): .*weights' padim -m packed.st other
ok "other layers" fails 1 'record 1 (x)' padim -m packed.st one
ok "another size" fails 1 'record 1 (8.png): .*input=16x16, but packed.st was fitted on input=32x32: .*imgcat -r 32, or' padim -m packed.st small
ok "other shapes" fails 1 'record 1 (8.png): packed.st: tap 1 is 4x4x6; the fit.s was 8x8x6' padim -q --force -m packed.st small
ok "another size in a fit" fails 1 'record 1 (8.png): .*input=16x16, but those before have input=32x32' padim -o out.st train small
ok "shapes that change in a fit" fails 1 'record 1 (8.png): tap a is 4x4x6, but 8x8x6' padim -q --force -o out.st train small
ok "other weights in a fit's second file" fails 1 'weights' padim -o out.st train other
{ opening 1a2b && record a 0 0 && record b nan 1 && record c 1 2 && npy_note end=3; } >broken
ok "features that are not numbers" fails 1 'record 2 (b): tap a holds NaN' padim -o out.st broken
ok "the same when scoring" fails 1 'record 2 (b)' padim -q -m same.st -t t.tsv broken
ok "and no table is left" test ! -e t.tsv
ok "two images" fails 1 '1 images; a fit needs 3' padim -o out.st one
{ opening 1a2b && npy_note end=0; } >none
ok "no image" fails 1 '0 images' padim -o out.st none
ok "an empty input" fails 1 'stdin' padim -o out.st
ok "little memory" fails 1 'needs .* memory' padim --mem 1M -o out.st train
ok "a map as features" fails 1 'maps' padim -m packed.st packed.maps
ok "neither -o nor -m" fails 2 'one of' padim train
ok "a fit's option when scoring" fails 2 '-d is of the fit: the model keeps it' padim -m packed.st -d 3 train
ok "a ridge of zero" fails 2 'ridge' padim -o out.st --ridge 0 train
ok "an unknown form" fails 2 'packed' padim -o out.st --form square train
ok "no temporary file is left" test -z "$(find . -name 'fern*' -o -name '*.tmp*')"
echo "1..$n"
