#!/bin/bash
# patchcore: banks made by hand; a score is the image's alone; what must be refused is, in one line, with nothing left.
# shellcheck source=tests/detector.sh
. "$FERN_TESTS/detector.sh"

# point NAME NUMBER NUMBER: features of one position, two channels; times 9 for the 3 x 3 mean with its zeros
point() { npy_note "name=$1" input=1x1 arrays=a && npy_f4 '1, 1, 2' "$((9 * $2))" "$((9 * $3))"; }
points() { # points X,Y...: a stream of points
    local p i=0
    opening 1a2b
    for p; do point $((++i)) "${p%,*}" "${p#*,}"; done
    npy_note end=$i
}
score() { patchcore -q -m "$@" -t - | awk -F '\t' 'NR > 1 { print $4 }'; }
all() { patchcore -q -r 1 -o "$@"; }

# A bank of everything.
points 0,0 3,4 >two && points 0,0 6,8 30,40 >three && points 3,4 >one && points 6,0 >side
that "a bank that is the queries: scores 0" test "$(all bank.st --score patch two && score bank.st two | sort -u)" = 0
all k1.st --score reweighted --neighbours 1 three
that "the distance to the nearest" close_to "$(score k1.st one)" 5
that "the same, one neighbour asked when scoring" close_to "$(all k9.st --score reweighted three && score k9.st --neighbours 1 one)" 5
all squared.st --score patch --distance squared three
that "squared" close_to "$(score squared.st one)" 25
# 6,0 lies 6 from 0,0 (m*, 10 from its next), 8 from 6,8, sqrt(24^2 + 40^2) from the third
all k2.st --score reweighted --neighbours 2 three
that "two neighbours: 6 (1 - e^6 / (e^6 + e^8))" close_to "$(score k2.st side)" 5.28478247
# 0,0 lies 3 from 3,0 (m*, whose next is 6,0, at 6 from 0,0) and 4 from 0,-4, which is its own second
points 3,0 6,0 0,-4 >astray && points 0,0 >origin && all astray.st --score reweighted --neighbours 2 astray
that "the neighbours are those of m*, not of the patch: 3 (1 - e^3 / (e^3 + e^6))" close_to "$(score astray.st origin)" 2.85772238
that "more neighbours than the bank has: the third is far, 6 (1 - e^-41)" close_to "$(score k9.st side)" 6
that "the threshold leaves the image itself out" grep -aq '"threshold":"5"' bank.st
that "a verdict: the threshold is reached" test "$(patchcore -m bank.st -t - side | cut -f 4,5 | tail -1)" = "$(printf '5\tdefect')"
that "one image has no other: a warning" test "$(patchcore -o a.st one 2>&1 | grep -c 'one image')" = 1
that "half precision" close_to "$(all half.st --half --score patch three && score half.st one)" 5
that "which it keeps" grep -aq '"bank":{"dtype":"F16"' half.st
points 1,0 2,0 5,0 9,0 100,0 >line
patchcore -q -p 0 -r 0.6 -o few.st line
that "a bank of three among five" grep -qa '"shape":\[3,2\]' few.st

# Layers of another scale: a spreads by 100 around 100, b by 1 around 1, c not at all.
layered() { # [NAMES=a,b,c] layered A,B...
    local p i=0
    opening 1a2b
    for p; do npy_note "name=$((++i))" input=1x1 "arrays=${NAMES-a,b,c}" && npy_f4 '1, 1, 1' "$((9 * ${p%,*}))" && npy_f4 '1, 1, 1' "$((9 * ${p#*,}))" && npy_f4 '1, 1, 1' 63; done
    npy_note end=$i
}
layered 0,0 200,0 0,2 200,2 >square && layered 300,5 >far
that "layers as they are: the first is all that counts" close_to "$(all plain.st --score patch --scale none square && score plain.st far)" 100.044990
that "--scale layers: each spreads alike, sqrt(10) of the mean spread" close_to "$(all scaled.st --score patch --scale layers square && score scaled.st far)" 223.617978
NAMES=a,half:b,c layered 0,0 200,0 0,2 200,2 >half && NAMES=a,half:b,c layered 300,5 >farther
that "of the image at half its size half as much: 1 and 9 half times the mean spread over .75" close_to "$(all halved.st --score patch half && score halved.st farther)" 191.494996
that "so does the threshold" close_to "$(grep -ao '"threshold":"[^"]*' scaled.st | cut -d '"' -f 4)" 141.428427
that "of bins" fails 2 '--scale layers is of --patches pooled' all out.st --patches binned square
scaled() { perl -0777 -pe "$1" scaled.st >damaged.st && ! cmp -s scaled.st damaged.st; }
scaled 's/"scale":\{"dtype":"F32"/"scale":{"dtype":"I32"/'
that "a model whose scale is of another type" fails 1 'damaged.st: a scale of shape 3, not 3 numbers of f32' patchcore -m damaged.st far
scaled 's/....\z/\0\0\xc0\x7f/s'
that "one that is no number" fails 1 'damaged.st: a scale of nan' patchcore -m damaged.st far

make_streams
adds patchcore -r 0.1
vectors() { grep -ao '"shape":.[0-9]*,28' "$1" | tr -dc '0-9,' | cut -d , -f 1; }
bank() { tail -c $((($(vectors "$1") + 1) * 112)) "$1" | head -c $((25 * 112)); } # the first vectors, before the scale
that "--add: a bank as large as a fit of all, or larger" test "$(vectors sum.st)" -ge 44
that "the old bank comes first" test "$(vectors early.st), $(bank early.st | cksum)" = "25, $(bank sum.st | cksum)"
patchcore -q -r 1 -o early.st early && patchcore -q -o sum.st --add early.st late && patchcore -q -r 1 -o all.st train
that "what was kept whole grows whole, by the scale of before" test "$(grep -ao '"shape":.448,28' sum.st)" = '"shape":[448,28'
patchcore -q -r 1 --scale none -o early.st early && patchcore -q -o sum.st --add early.st late && patchcore -q -r 1 --scale none -o all.st train
that "the same maps as a fit of all, then" npysdiff -q <(patchcore -m sum.st fresh) <(patchcore -m all.st fresh)
# shellcheck disable=SC2016
that "and the threshold within a tenth" perl -e 'exit !(abs($ARGV[0] / $ARGV[1] - 1) < 0.1)' "$(meta sum.st threshold)" "$(meta all.st threshold)"
patchcore -q --half -o early.st early && patchcore -q -o sum.st --add early.st late
that "half stays half" grep -aq '"bank":{"dtype":"F16"' sum.st
patchcore -q -p auto --projection sparse -s 5 -o early.st early && patchcore -q -o sum.st --add early.st late
that "projection and seed are kept" test "$(for k in projection seed projected coverage; do meta sum.st $k; done)" = "$(for k in projection seed projected coverage; do meta early.st $k; done)"
if real_streams; then
    patchcore -q -p 0 -r 0.02 --score patch -o real.st first && patchcore -q -o realsum.st --add real.st second
    for model in real realsum; do score $model.st first second | sort -g | tail -n 1; done | xargs >most
    # shellcheck disable=SC2016
    that "real images added: some were farther than the coverage $(meta real.st coverage), none is now" \
        awk -v c="$(meta real.st coverage)" 'NR == 1 && $1 > c * 1.00001 && $2 <= c * 1.00001 { found = 1 } END { exit !found }' most
    sed 's/^/# /' most
else
    skip "real images added" "no images in ${FERN_DATA-FERN_DATA}"
fi
padim -q -o gauss.st train
that "another program's model" fails 1 'gauss.st: a model of padim, not of patchcore' patchcore -o out.st --add gauss.st late
sed 's/"coverage":"./"coverage":"-/' early.st >damaged.st
that "a coverage below 0" fails 1 'damaged.st: coverage=-.* is absurd' patchcore -o out.st --add damaged.st late
for as in default anomalib original; do
    flag=(-r 0.2)
    [ $as = default ] || flag+=(--as "$as")
    same_however patchcore $as "${flag[@]}"
    FERN_CPU=plain patchcore -m $as.st train >plain.maps
    that "plain kernels give the same maps, $as" npysdiff -t 1e-5 $as.maps plain.maps
done
that "options beside --as win, wherever it stands" cmp <(patchcore -s 3 --start 1 -o a.st --as original train && cat a.st) \
    <(patchcore --as original -o b.st --start 1 -s 3 train && cat b.st)
# bank OPTION...: the sum of the bank alone, of a fit with -r 0.2
bank() { patchcore -r 0.2 -o s.st "$@" train && perl -0777 -ne 'print unpack("%32C*", substr $_, 8 + unpack "Q<", $_), "\n"' s.st; }
other_bank() { bank >a && bank "$@" >b && ! cmp -s a b; }
that "the same seed, the same bank" test "$(bank)" = "$(bank -s 0)"
that "another seed, another bank" other_bank -s 1
that "another projection, another bank" other_bank --projection sparse
that "another, too" other_bank --projection uniform
that "another width of it, another bank" other_bank -p 0
that "another start, another bank" other_bank --start 10
that "auto is a width" test "$(bank -p auto)" = "$(bank -p 150)"
# by WORDS OPTION...: what the model says of how it was made
by() { patchcore -r 0.2 -o s.st "${@:2}" train && grep -aqF -- "$1" s.st; }
that "what --as anomalib sets" by "-p auto -s 0 --projection sparse --start 1 --patches pooled --scale none --distance euclidean --neighbours auto --upsample nearest --score reweighted --sigma 4 --border mirror --quantile" --as anomalib
that "what --as original sets" by "-p 128 -s 0 --projection uniform --start 10 --patches binned --scale none --distance squared --neighbours auto --upsample bilinear --score patch --sigma 4 --border edge --quantile" --as original
that "and --half" by "--border mirror --half --quantile 0.5" --half --quantile 0.5

# Past memory: 160 images of 256 patches, 21 MB of projections and as much of a bank of all.
peak() { grep -o 'peak memory [0-9]*' "$1" | grep -o '[0-9]*'; }
# within MB ARGUMENT...: the same output as without --mem, and so much memory
within() {
    local most=$1
    rm -f much.st little.st
    patchcore -v "${@:2}" >much.out 2>much && mv out.st much.st 2>/dev/null
    patchcore -v --mem "${most}M" "${@:2}" >little.out 2>little && mv out.st little.st 2>/dev/null
    cmp much.out little.out && { [ ! -e much.st ] || cmp much.st little.st; } && [ "$(peak little)" -le "$most" ] && [ "$(peak much)" -gt "$most" ]
}
if [ "${SANITIZE-}" = 1 ]; then
    skip "--mem: the same bytes within it" "sanitizers take memory of their own"
else
    surfgen -q -c 1 -n 160 -z 128 | imgcat -q -r 0 | featx -q -w random:1 -l layer2 >many
    that "--mem: the same bytes within it" within 28 -r 0.01 -o out.st many
    that "no room on the disk either" fails 1 'MB in nowhere (TMPDIR) for\|file of .* in nowhere' env TMPDIR=nowhere patchcore -q -r 0.01 --mem 28M -o out.st many
    that "a bank larger than memory is made," within 28 -r 1 -o out.st many
    mv much.st bank.st
    that "gives the same scores from a disk," within 28 -m bank.st -t - many
    that "and in half precision" within 28 -r 1 --half -o out.st many
    that "two are merged" within 40 -r 1 --merge -o out.st bank.st bank.st
    rm many
fi

# What must be refused.
refuses patchcore default.st
that "other layers" fails 1 'record 1 (1): features of layers=a, but default.st was fitted on layers=a,b,c: .*featx -l a,b,c, or' patchcore -m default.st one
that "another size that is meant" test "$(patchcore -q --force -m default.st -t - small | wc -l)" = 2
{ opening 1a2b && point a 0 0 && npy_note name=b input=1x1 arrays=a && npy_f4 '1, 1, 2' nan 1 && npy_note end=2; } >broken
that "features that are not numbers" fails 1 'record 2 (b): tap a holds NaN' patchcore -o out.st broken
that "the same when scoring" fails 1 'record 2 (b)' patchcore -m k1.st -t t.tsv broken
that "and no table is left" test ! -e t.tsv
that "no image" fails 1 '0 images; a fit needs 1' patchcore -o out.st none
that "no image to score is an empty stream" test "$(patchcore -m k1.st none | npyls | wc -l)" = 1
{ opening 1a2b && npy_note name=x arrays=a && npy_f4 '1, 1, 2' 1 2 && npy_note end=1; } >sizeless
that "a foreign stream says no size" fails 1 'give --size' patchcore -o out.st sizeless
that "--size" patchcore -q --size 8 -o sized.st sizeless
that "a fit's option when scoring" fails 2 '-r is of the fit: the model keeps it' patchcore -m default.st -r 0.5 train
that "a ratio of zero" fails 2 '-r' patchcore -o out.st -r 0 train
that "an unknown projection" fails 2 'sparse' patchcore -o out.st --projection square train
no_leftovers
done_testing
