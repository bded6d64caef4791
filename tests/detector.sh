# What the tests of programs that fit and score share: a folder to work in, streams of features, and what must hold of all.
# Sourced: . "$FERN_TESTS/detector.sh"
# shellcheck shell=bash
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
export TMPDIR=$work

close_to() { perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) <= 1e-5 * abs $ARGV[1])' -- "$@"; }

opening() { npy_note stream=features version=1 "weights=w:$1"; }
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
# Seven images; another; the seven by other weights; a smaller one; two streams joined; cut; none; without a size
make_streams() {
    local i
    for i in 1 2 3 4 5 6 7 99; do image $i >"image.$i"; done
    { opening 1a2b && cat image.[1-7] && npy_note end=7; } >train
    { opening 1a2b && cat image.99 && npy_note end=1; } >fresh
    { opening 7777 && cat image.[1-7] && npy_note end=7; } >other
    { opening 1a2b && image 8 4 && npy_note end=1; } >small
    cat train train >twice
    head -c 10000 train >short
    { opening 1a2b && npy_note end=0; } >none
}

# same_however PROGRAM NAME OPTION...: fits NAME.st with the options; threads, company and order change nothing
same_however() {
    local program=$1 name=$2 i
    shift 2
    "$program" -j 1 "$@" -o "$name.st" train && "$program" -j 2 "$@" -o two.st train
    that "-j 1 and -j 2 fit the same model, $name" cmp "$name.st" two.st
    "$program" -j 1 -m "$name.st" train >"$name.maps"
    "$program" -j 2 -m "$name.st" train >two.maps
    that "-j 1 and -j 2 give the same maps, $name" cmp "$name.maps" two.maps
    for i in 1 2 3 4 5 6 7; do
        { opening 1a2b && cat "image.$i" && npy_note end=1; } | "$program" -m "$name.st"
    done >single.maps
    that "one image at a time gives the same maps, $name" npysdiff -t 0 "$name.maps" single.maps
    "$program" -m "$name.st" -t - train fresh | sort >forward
    "$program" -m "$name.st" -t - fresh train | sort >backward
    that "another order gives the same scores, $name" cmp forward backward
}

# refuses PROGRAM MODEL: what no program may take, with a model of train
refuses() {
    head -c 3000 "$2" >cut.st
    "$1" -q -m "$2" -t scores.tsv fresh >fresh.maps
    that "-t writes the scores beside the maps" cmp scores.tsv <("$1" -m "$2" -t - fresh)
    that "a concatenated stream is fitted" test "$("$1" -o twice.st twice && grep -ao '"images":"14"' twice.st)" = '"images":"14"'
    that "a cut stream" fails 1 'short: record' "$1" -o out.st short
    that "a cut model" fails 1 "^$1: cut.st: " "$1" -m cut.st fresh
    that "a model that is no model" fails 1 "^$1: train: " "$1" -m train fresh
    that "other weights" fails 1 'record 1 (1.png): .*weights' "$1" -m "$2" other
    that "other weights in a fit's second file" fails 1 'weights' "$1" -o out.st train other
    that "another size" fails 1 "record 1 (8.png): .*input=16x16, but $2 was fitted on input=32x32: .*imgcat -r 32, or" "$1" -m "$2" small
    that "another size in a fit" fails 1 'record 1 (8.png): .*input=16x16, but those before have input=32x32' "$1" -o out.st train small
    that "shapes that change in a fit" fails 1 'record 1 (8.png): tap a is 4x4x6, but 8x8x6 before' "$1" -q --force -o out.st train small
    that "an empty input" fails 1 'stdin' "$1" -o out.st
    that "little memory" fails 1 'needs .* memory' "$1" --mem 1M -o out.st train
    that "a map as features" fails 1 'maps' "$1" -m "$2" fresh.maps
    that "neither -o nor -m" fails 2 'one of' "$1" train
}
no_leftovers() { that "no temporary file is left" test -z "$(find . -name 'fern*' -o -name '*.tmp*')"; }

# meta MODEL KEY: a value of its metadata
meta() { grep -ao "\"$2\":\"[^\"]*" "$1" | cut -d '"' -f 4; }
# adds PROGRAM OPTION...: what holds of all that go on from a model, early.st with four images; sum.st has three more
adds() {
    local program=$1 later
    shift
    { opening 1a2b && cat image.[1-4] && npy_note end=4; } >early
    { opening 1a2b && cat image.[5-7] && npy_note end=3; } >late
    "$program" -o early.st "$@" early && "$program" -o sum.st --add early.st late
    that "--add: the images of both" test "$(meta sum.st images), $(meta sum.st added)" = '7, 4 | 3'
    that "by= of both" test "$(grep -ao -- '--quantile 0.995' sum.st | wc -l), $(grep -ao '0.1 --add' sum.st)" = '2, 0.1 --add'
    "$program" -j 1 -o one.st --add early.st late && "$program" -j 2 -o two.st --add early.st late
    that "-j 1 and -j 2 add the same" cmp one.st two.st
    cp early.st itself.st && "$program" -o itself.st --add itself.st late
    that "a model may be added to in its place" cmp sum.st itself.st
    "$program" -o labelled.st --label 'May, line 2' "$@" early && "$program" -o itself.st --add labelled.st --label June late &&
        "$program" -o itself.st --add itself.st fresh
    that "who was added" test "$(meta itself.st images): $(meta itself.st added)" = '8: 4 May, line 2 | 3 June | 1'
    that "a label without images added" test "$(meta labelled.st added), $(meta early.st added)" = '4 May, line 2, '
    "$program" -o other.st --sigma 2 --quantile 0.25 --size 20x12 "$@" early && "$program" -o itself.st --add other.st late
    that "what the first fit had stays" test "$(for k in sigma quantile map score; do meta itself.st $k; done | xargs)" = "2 0.25 20x12 $(meta early.st score)"
    "$program" -o itself.st --add other.st --quantile 0.75 late
    that "but for another quantile" test "$(meta itself.st quantile)" = 0.75
    "$program" -q -o itself.st --add early.st image.7 2>stderr
    that "--add without notes needs none" test "$(meta itself.st images)" = 5
    that "the new image's threshold is none of the old" test "$("$program" -v -o itself.st --add early.st late 2>&1 | grep -c 'early.st: [0-3] of the 3 new images reach its threshold')" = 1
    that "other weights are not added" fails 1 'record 1 (1.png): .*weights' "$program" -o out.st --add early.st other
    that "nor another size" fails 1 'record 1 (8.png): .*input=16x16, but early.st was fitted on input=32x32' "$program" -o out.st --add early.st small
    that "nor no image" fails 1 '0 images; a fit needs 1' "$program" -o out.st --add early.st none
    that "an option of the first fit" fails 2 'sigma is of the first fit: early.st keeps it' "$program" -o out.st --sigma 1 --add early.st late
    that "the seed, too" fails 2 '-s is of the first fit' "$program" -o out.st -s 1 --add early.st late
    that "and the size" fails 2 'size is of the first fit' "$program" -o out.st --size 8x8 --add early.st late
    that "and whom it followed" fails 2 'as is of the first fit' "$program" -o out.st --as original --add early.st late
    that "a label of two" fails 2 'bar' "$program" -o out.st --label 'a|b' --add early.st late
    that "--add is of a fit" fails 2 '--add is of the fit' "$program" -m early.st --add early.st late
    for later in left_out_scores left_out_peaks quantile; do
        sed "s/\"$later\":/\"${later%?}_\":/" early.st >older.st
        that "a model without $later" fails 1 "older.st: no $later= in it" "$program" -o out.st --add older.st late
    done
    sed 's/"left_out_scores":"4:./"left_out_scores":"4:9/' early.st >damaged.st
    that "scores that don't rise" fails 1 'damaged.st: left_out_scores= has no 4 ascending numbers' "$program" -o out.st --add damaged.st late
}

# real_streams: features of real bottles by the network that comes with fern, as first (8 images), second (6) and broken; false where
# there are none
real_streams() {
    local set=${FERN_DATA-}/bottle net=$FERN_TESTS/../weights/fern-resnet18.safetensors
    [ -d "$set" ] && [ -r "$net" ] || return 1
    real() { imgcat -q -r 64 "$@" | featx -q --precision f32 -w "$net" -l layer1,layer2,layer3; }
    real "$set"/train/good/00[0-7].png >first
    real "$set"/train/good/0{08,09,10,11,12,13}.png >second
    real "$set"/test/*/000.png >broken
}
