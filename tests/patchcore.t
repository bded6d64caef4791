#!/bin/bash
# patchcore: banks made by hand; a score is the image's alone; what must be refused is, in one line, with nothing left.
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
opening() { npy_note stream=features version=1 "weights=w:$1"; }
# point NAME NUMBER NUMBER: features of one position, two channels; times 9 for the 3 x 3 mean with its zeros
point() { npy_note "name=$1" input=1x1 arrays=a && npy_f4 '1, 1, 2' "$((9 * $2))" "$((9 * $3))"; }
points() { # points X,Y...: a stream of points
    local p i=0
    opening 1a2b
    for p; do point $((++i)) "${p%,*}" "${p#*,}"; done
    npy_note end=$i
}
close_to() { perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) <= 1e-5 * abs $ARGV[1])' -- "$@"; }
score() { patchcore -q -m "$@" -t - | awk -F '\t' 'NR > 1 { print $4 }'; }
all() { patchcore -q -r 1 -o "$@"; }

# A bank of everything.
points 0,0 3,4 >two && points 0,0 6,8 30,40 >three && points 3,4 >one && points 6,0 >side
ok "a bank that is the queries: scores 0" test "$(all bank.st --neighbours 1 two && score bank.st two | sort -u)" = 0
all k1.st --neighbours 1 three
ok "the distance to the nearest" close_to "$(score k1.st one)" 5
ok "the same, one neighbour asked when scoring" close_to "$(all k9.st three && score k9.st --neighbours 1 one)" 5
all squared.st --neighbours 1 --distance squared three
ok "squared" close_to "$(score squared.st one)" 25
# 6,0 lies 6 from 0,0 (m*, 10 from its next), 8 from 6,8, sqrt(24^2 + 40^2) from the third
all k2.st --neighbours 2 three
ok "two neighbours: 6 (1 - e^6 / (e^6 + e^8))" close_to "$(score k2.st side)" 5.28478247
# 0,0 lies 3 from 3,0 (m*, whose next is 6,0, at 6 from 0,0) and 4 from 0,-4, which is its own second
points 3,0 6,0 0,-4 >astray && points 0,0 >origin && all astray.st --neighbours 2 astray
ok "the neighbours are those of m*, not of the patch: 3 (1 - e^3 / (e^3 + e^6))" close_to "$(score astray.st origin)" 2.85772238
ok "more neighbours than the bank has: the third is far, 6 (1 - e^-41)" close_to "$(score k9.st side)" 6
ok "the threshold leaves the image itself out" grep -aq '"threshold":"5"' bank.st
ok "a verdict: the threshold is reached" test "$(patchcore -m bank.st -t - side | cut -f 4,5 | tail -1)" = "$(printf '5\tdefect')"
ok "one image has no other: a warning" test "$(patchcore -o a.st one 2>&1 | grep -c 'one image')" = 1
ok "half precision" close_to "$(all half.st --half --neighbours 1 three && score half.st one)" 5
ok "which it keeps" grep -aq '"bank":{"dtype":"F16"' half.st
points 1,0 2,0 5,0 9,0 100,0 >line
patchcore -q -p 0 -r 0.6 -o few.st --neighbours 1 line
ok "a bank of three among five" grep -qa '"shape":\[3,2\]' few.st

# floats N SEED: so many numbers, half of them zero as after a ReLU
floats() {
    perl -e 'my ($n, $x) = @ARGV; for (1 .. $n) { $x = ($x * 1103515245 + 12345) % 2147483648; $x & 65536 ? print "0 " : printf "%.6f ", $x / 1e9 }' "$@"
}
# image SEED [SIDE]: feature maps of an image, the largest of 8 x 8 positions
# shellcheck disable=SC2046 # numbers are words
image() {
    local s=${2:-8}
    npy_note "name=$1.png" "input=$((4 * s))x$((4 * s))" arrays=a,b
    npy_f4 "$s, $s, 6" $(floats $((s * s * 6)) "$1")
    npy_f4 "$((s / 2)), $((s / 2)), 15" $(floats $((s * s * 15 / 4)) "$((90 + $1))")
}
for i in 1 2 3 4 5 6 7 99; do image $i >image.$i; done
{ opening 1a2b && cat image.[1-7] && npy_note end=7; } >train
{ opening 1a2b && cat image.99 && npy_note end=1; } >fresh
{ opening 7777 && cat image.[1-7] && npy_note end=7; } >other
{ opening 1a2b && image 8 4 && npy_note end=1; } >small
for as in default anomalib original; do
    flag=(-r 0.2)
    [ $as = default ] || flag+=(--as "$as")
    patchcore -j 1 "${flag[@]}" -o $as.st train && patchcore -j 2 "${flag[@]}" -o two.st train
    ok "-j 1 and -j 2 fit the same model, $as" cmp $as.st two.st
    patchcore -j 1 -m $as.st train >$as.maps
    patchcore -j 2 -m $as.st train >two.maps
    ok "-j 1 and -j 2 give the same maps, $as" cmp $as.maps two.maps
    for i in 1 2 3 4 5 6 7; do
        { opening 1a2b && cat image.$i && npy_note end=1; } | patchcore -m $as.st
    done >single.maps
    ok "one image at a time gives the same maps, $as" npysdiff -t 0 $as.maps single.maps
    patchcore -m $as.st -t - train fresh | sort >forward
    patchcore -m $as.st -t - fresh train | sort >backward
    ok "another order gives the same scores, $as" cmp forward backward
    FERN_CPU=plain patchcore -m $as.st train >plain.maps
    ok "plain kernels give the same maps, $as" npysdiff -t 1e-5 $as.maps plain.maps
done
patchcore -m default.st -t scores.tsv fresh >default.maps
ok "-t writes the scores beside the maps" cmp scores.tsv <(patchcore -m default.st -t - fresh)
ok "options beside --as win, wherever it stands" cmp <(patchcore -s 3 --start 1 -o a.st --as original train && cat a.st) \
    <(patchcore --as original -o b.st --start 1 -s 3 train && cat b.st)
# bank OPTION...: the sum of the bank alone, of a fit with -r 0.2
bank() { patchcore -r 0.2 -o s.st "$@" train && perl -0777 -ne 'print unpack("%32C*", substr $_, 8 + unpack "Q<", $_), "\n"' s.st; }
other_bank() { bank >a && bank "$@" >b && ! cmp -s a b; }
ok "the same seed, the same bank" test "$(bank)" = "$(bank -s 0)"
ok "another seed, another bank" other_bank -s 1
ok "another projection, another bank" other_bank --projection sparse
ok "another, too" other_bank --projection uniform
ok "another width of it, another bank" other_bank -p 0
ok "another start, another bank" other_bank --start 10
ok "auto is a width" test "$(bank -p auto)" = "$(bank -p 150)"
# by WORDS OPTION...: what the model says of how it was made
by() { patchcore -r 0.2 -o s.st "${@:2}" train && grep -aqF -- "$1" s.st; }
ok "what --as anomalib sets" by "-p auto -s 0 --projection sparse --start 1 --patches pooled --distance euclidean --neighbours 9 --upsample nearest --border mirror --quantile" --as anomalib
ok "what --as original sets" by "-p 128 -s 0 --projection uniform --start 10 --patches binned --distance squared --neighbours 1 --upsample bilinear --border edge --quantile" --as original
ok "and --half" by "--border mirror --half --quantile 0.5" --half --quantile 0.5
cat train train >twice
ok "a concatenated stream is fitted" test "$(patchcore -o twice.st twice && grep -ao '"images":"14"' twice.st)" = '"images":"14"'

# What must be refused.
head -c 10000 train >short
ok "a cut stream" fails 1 'short: record' patchcore -o out.st short
head -c 3000 default.st >cut.st
ok "a cut model" fails 1 '^patchcore: cut.st: ' patchcore -m cut.st fresh
ok "a model that is no model" fails 1 '^patchcore: train: ' patchcore -m train fresh
ok "other weights" fails 1 'record 1 (1.png): .*weights' patchcore -m default.st other
ok "other layers" fails 1 'record 1 (1): features of layers=a, but default.st was fitted on layers=a,b: .*featx -l a,b, or' patchcore -m default.st one
ok "another size" fails 1 'record 1 (8.png): .*input=16x16, but default.st was fitted on input=32x32: .*imgcat -r 32, or' patchcore -m default.st small
ok "another size that is meant" test "$(patchcore -q --force -m default.st -t - small | wc -l)" = 2
ok "another size in a fit" fails 1 'record 1 (8.png): .*input=16x16, but those before have input=32x32' patchcore -o out.st train small
ok "shapes that change in a fit" fails 1 'record 1 (8.png): tap a is 4x4x6, but 8x8x6 before' patchcore -q --force -o out.st train small
ok "other weights in a fit's second file" fails 1 'weights' patchcore -o out.st train other
{ opening 1a2b && point a 0 0 && npy_note name=b input=1x1 arrays=a && npy_f4 '1, 1, 2' nan 1 && npy_note end=2; } >broken
ok "features that are not numbers" fails 1 'record 2 (b): tap a holds NaN' patchcore -o out.st broken
ok "the same when scoring" fails 1 'record 2 (b)' patchcore -m k1.st -t t.tsv broken
ok "and no table is left" test ! -e t.tsv
{ opening 1a2b && npy_note end=0; } >none
ok "no image" fails 1 '0 images; a fit needs 1' patchcore -o out.st none
ok "no image to score is an empty stream" test "$(patchcore -m k1.st none | npyls | wc -l)" = 1
ok "an empty input" fails 1 'stdin' patchcore -o out.st
ok "little memory" fails 1 'needs .* memory' patchcore --mem 1M -o out.st train
{ opening 1a2b && npy_note name=x arrays=a && npy_f4 '1, 1, 2' 1 2 && npy_note end=1; } >sizeless
ok "a foreign stream says no size" fails 1 'give --size' patchcore -o out.st sizeless
ok "--size" patchcore -q --size 8 -o sized.st sizeless
ok "a map as features" fails 1 'maps' patchcore -m default.st default.maps
ok "neither -o nor -m" fails 2 'one of' patchcore train
ok "a fit's option when scoring" fails 2 '-r is of the fit: the model keeps it' patchcore -m default.st -r 0.5 train
ok "a ratio of zero" fails 2 '-r' patchcore -o out.st -r 0 train
ok "an unknown projection" fails 2 'sparse' patchcore -o out.st --projection square train
ok "no temporary file is left" test -z "$(find . -name 'fern*' -o -name '*.tmp*')"
echo "1..$n"
