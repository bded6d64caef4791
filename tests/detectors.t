#!/bin/bash
# padim and patchcore against their papers, Anomalib and the authors' codes (tests/oracle/detectors.py): maps, scores, thresholds, and
# the blur by an impulse.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
oracle=$FERN_TESTS/oracle/detectors

# figures CASE FIRST LAST: columns of the oracle's table, one a line
figures() { awk -F '\t' -v c="$1" -v i="$2" -v n="$3" '$1 == c { for (; i <= n; i++) print $i }' "$oracle/figures.tsv"; }
# same FILE FILE: as many numbers, each within 1e-6 of the other's. To mawk NaN is at most anything: no number is made of letters.
same() {
    paste "$1" "$2" | awk -F '\t' '{ d = $1 - $2; n += $1 ~ /^[-+.0-9e]+$/ && $2 != "" && d * d <= (1e-6 * $2) ^ 2 } END { exit !(NR && n == NR) }' && return
    paste "$1" "$2" | sed 's/^/# /'
    return 1
}
# maps PROGRAM FEATURES OPTION...: fitted on train, scored
maps() { "$1" -q -o m.st "${@:3}" "$oracle/train.npys" && "$1" -q -m m.st -t scores.tsv "$oracle/$2.npys" >maps; }
# case_of CASE PROGRAM OPTION...: maps and scores are the oracle's
case_of() {
    maps "$2" test "${@:3}" && npysdiff -q -s 1e-6 maps "$oracle/$1.npys" &&
        awk -F '\t' 'NR > 1 { print $4 }' scores.tsv >mine && same mine <(figures "$1" 2 4)
    ok $? "${*:2}: maps and scores as in $1"
}
# thresholds CASE PROGRAM OPTION...: the smallest score of a training image, the .3 quantile, the largest
thresholds() {
    local q
    for q in 0 0.3 1; do "$2" -q -o m.st --quantile $q "${@:3}" "$oracle/train.npys" && grep -ao '"threshold":"[^"]*' m.st | cut -d '"' -f 4; done >mine
    same mine <(figures "$1" 5 7)
    ok $? "${*:2}: the quantiles 0, .3 and 1 of the training images' scores, each by a fit to the others"
}
case_of padim padim
case_of padim padim --form low-rank
case_of padim-anomalib padim --as anomalib
case_of padim-original padim --as original
case_of padim-original padim --border edge
case_of padim padim --border mirror --as original
case_of padim-anomalib padim --ridge 0.01001
thresholds padim padim
thresholds padim-original padim --as original
case_of patchcore patchcore -r 1 --score reweighted --scale none
case_of patchcore-part patchcore -r 1 --scale none
case_of patchcore-scaled patchcore -r 1
case_of patchcore-anomalib patchcore -r 1 --as anomalib
case_of patchcore-anomalib patchcore -r 1 --score reweighted --upsample nearest --scale none
case_of patchcore patchcore -r 1 --as anomalib --upsample bilinear
case_of patchcore-original patchcore -r 1 --as original
case_of patchcore-original patchcore -r 1 --patches binned --scale none --distance squared --score patch --border edge
thresholds patchcore patchcore -r 1 --score reweighted --scale none
thresholds patchcore-original patchcore -r 1 --as original

# The forms of the score, and the blur.
case_of padim-patch padim --score patch
case_of padim-top padim --score top:.1 --sigma 1.5
thresholds padim-top padim --score top:.1 --sigma 1.5
case_of patchcore-patch patchcore -r 1 --scale none --score patch
case_of patchcore-max patchcore -r 1 --score map-max --sigma 2 --scale none
case_of patchcore-top patchcore -r 1 --score top:.01 --scale none
thresholds patchcore-top patchcore -r 1 --score top:.01 --scale none
case_of padim padim --score map-max --sigma 4
case_of patchcore patchcore -r 1 --score reweighted --neighbours 9 --scale none
case_of patchcore patchcore -r 1 --score reweighted --neighbours 9 --as original --patches pooled --distance euclidean --border mirror
case_of patchcore-top patchcore -r 1 --as original --patches pooled --distance euclidean --border mirror --score top:.01
# refused MESSAGE COMMAND...: with this status, and no model
refused() {
    "${@:3}" 2>stderr >/dev/null
    [ $? -eq "$1" ] && grep -q -- "$2" stderr
    ok $? "refused: ${*:3}"
}
padim -q -o m.st --score top:.1 "$oracle/train.npys"
refused 2 'score is of the fit: the model keeps it' padim -m m.st --score map-max "$oracle/test.npys"
refused 2 'sigma is of the fit: the model keeps it' padim -m m.st --sigma 2 "$oracle/test.npys"
refused 2 'map-max' padim -o n.st --score reweighted "$oracle/train.npys"
refused 2 'top:SHARE' flowscore -o n.st --score patch "$oracle/train.npys"
refused 2 'top:SHARE' distill -o n.st --score image "$oracle/train.npys"
refused 2 'top:0.01' padim -o n.st --score top:SHARE "$oracle/train.npys"
refused 2 'neighbours is of --score reweighted' patchcore -o n.st --neighbours 1 "$oracle/train.npys"
refused 2 'neighbours is of --score reweighted' patchcore -o n.st --neighbours 9 --score patch "$oracle/train.npys"
patchcore -q -o top.st "$oracle/train.npys"
refused 2 'neighbours is of --score reweighted' patchcore -q -m top.st --neighbours 9 "$oracle/test.npys"
refused 2 'not in' padim -o n.st --score top:0 "$oracle/train.npys"
refused 2 'not a number' padim -o n.st --score top: "$oracle/train.npys"
sed 's/"score":"top:0.1"/"scorf":"top:0.1"/' m.st >old.st
refused 1 'old.st: no score= in it: fit it again' padim -m old.st "$oracle/test.npys"

patchcore -q -o m.st -r 1 --score reweighted --scale none "$oracle/train.npys" && patchcore -q -m m.st --upsample nearest "$oracle/test.npys" >maps 2>stderr &&
    npysdiff -q -s 1e-6 maps "$oracle/patchcore-anomalib.npys"
ok $? "--upsample given when scoring"

# The blur: what an impulse becomes, 33 taps of sigma 4.
padim -q -o m.st "$oracle/black.npys" && padim -q -m m.st "$oracle/impulse.npys" | npysdiff -q -s 1e-6 - "$oracle/padim-impulse.npys"
ok $? "padim: an impulse becomes the Gaussian of sigma 4"
patchcore -q -r 1 -o m.st "$oracle/black.npys" 2>/dev/null && patchcore -q -m m.st "$oracle/impulse.npys" | npysdiff -q -s 1e-6 - "$oracle/patchcore-impulse.npys"
ok $? "patchcore: an impulse becomes the Gaussian of sigma 4 over the 3 x 3 mean"

# A threshold of 0, as copies of one image give, is warned of: it calls everything a defect.
{ npy_note stream=features version=1 && for i in 1 2 3; do npy_note name=$i input=8x8 arrays=a && npy_f4 '2, 2, 2' 1 2 3 4 5 6 7 8; done && npy_note end=3; } >copies
for method in padim patchcore; do
    $method -r 1 -o same.st copies 2>fitted || $method -o same.st copies 2>fitted
    $method -m same.st -t - copies 2>scored >table
    grep -q '^[a-z]*: same.st: its threshold is 0, so every image is a defect' fitted && grep -q 'same.st: its threshold is 0' scored &&
        [ "$(grep -c 'defect$' table)" -eq 3 ] && $method -q -m same.st -t - copies 2>&1 | cmp - table
    ok $? "$method: a threshold of 0 is warned of, at the fit and when it is used"
done
padim -q -o m.st "$oracle/train.npys" && padim -m m.st -t - "$oracle/test.npys" 2>&1 >/dev/null | cmp - /dev/null
ok $? "another one is not"

# --size: of the maps, and of those that set the threshold; the model remembers it.
padim -q -o small.st --size 20x12 "$oracle/train.npys" && padim -q -m small.st "$oracle/test.npys" | npyls | cut -f 5 | sort -u | grep -qx 12x20
ok $? "the maps are as large as those of the fit with --size"
padim -m small.st --size 20x12 -t - "$oracle/test.npys" >a 2>stderr && [ ! -s stderr ] && padim -m small.st -t - "$oracle/test.npys" | cmp - a
ok $? "which may be said again"
padim -m small.st --size 40x24 -t - "$oracle/test.npys" 2>&1 >b | grep -q 'small.st: its thresholds were found with --size 20x12' && ! cmp -s a b
ok $? "another size is warned of"
padim -q -o m.st "$oracle/train.npys" && ! cmp -s <(grep -ao '"threshold":"[^"]*' m.st) <(grep -ao '"threshold":"[^"]*' small.st)
ok $? "other maps, another threshold"
done_testing
