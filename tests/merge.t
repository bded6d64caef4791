#!/bin/bash
# patchcore --merge: models of parts become one; what it says of itself; which are refused. That the bank covers all patches: unit/merge.
# shellcheck source=tests/detector.sh
. "$FERN_TESTS/detector.sh"
make_streams
part() { { opening 1a2b && cat "${@:2}" && npy_note end=$(($# - 1)); } >"$1"; }
part A image.[1-3] && part B image.[45] && part C image.[67]
fit() { for p in A B C; do patchcore -q "$@" -o $p.st $p; done; }
vectors() { grep -ao '"shape":.[0-9]*,28' "$1" | tr -dc '0-9,' | cut -d , -f 1; }
# rows MODEL COUNT: so many vectors of the bank, its first
rows() { perl -e 'local $/; open F, "<", $ARGV[0]; $_ = <F>; $h = unpack "Q<", $_; ($from) = substr($_, 8, $h) =~ /"bank":.*?"data_offsets":\[(\d+)/; print substr $_, 8 + $h + $from, $ARGV[1] * 112' "$@"; }
least() { perl -e 'exit !($ARGV[0] <= $ARGV[1])' "$@"; }

fit -r 0.1 --scale none --score patch -p 0
patchcore -q --merge -o all.st A.st B.st C.st
that "banks that are no larger than the ratio asks are put together, in order" cmp <(rows all.st 43) <(rows A.st 19 && rows B.st 12 && rows C.st 12)
that "so many, and no more" test "$(vectors A.st) $(vectors B.st) $(vectors C.st) $(vectors all.st)" = '19 12 12 43'
that "the images of all, and whose they are" test "$(meta all.st images): $(meta all.st added)" = '7: 3 | 2 | 2'
that "the coverage is the largest" test "$(meta all.st coverage)" = "$(for p in A B C; do meta $p.st coverage; done | sort -g | tail -n 1)"
that "by= of all" test "$(meta all.st by | grep -o -- '--quantile' | wc -l), $(meta all.st by | grep -o -- '--merge -r 0.1 --quantile 0.995')" = '4, --merge -r 0.1 --quantile 0.995'
that "the left-out scores of all" test "$(meta all.st left_out_scores)" = "7:$(for p in A B C; do meta $p.st left_out_scores | cut -d : -f 2 | tr , '\n'; done | sort -g | paste -sd ,)"
patchcore -q --merge --quantile 1 -o most.st A.st B.st C.st
that "the threshold is their quantile" test "$(meta most.st threshold)" = "$(for p in A B C; do meta $p.st left_out_scores | cut -d : -f 2 | tr , '\n'; done | sort -g | tail -n 1)"
that "settings and identity stay" test "$(for k in score ratio projected positions weights layers input; do meta all.st $k; done | xargs)" = "$(for k in score ratio projected positions weights layers input; do meta A.st $k; done | xargs)"
patchcore -q -m all.st -t - train >scores && that "it scores" test "$(wc -l <scores)" = 8
that "of fewer the first's first is the first" cmp <(patchcore -q --merge -r 0.05 -o two.st B.st A.st C.st && rows two.st 1) <(rows B.st 1)
patchcore -q --merge -o two.st all.st A.st
that "a merged model is merged, and grown" test "$(meta two.st added)" = '3 | 2 | 2 | 3'
patchcore -q --add all.st -o grown.st fresh
that "and grown" test "$(meta grown.st images): $(meta grown.st added)" = '8: 3 | 2 | 2 | 1'

fit -r 1 --scale none && patchcore -q --merge -o all.st A.st B.st C.st && patchcore -q -r 1 --scale none -o exact.st train
that "parts kept whole score as a fit of all, to the last bit" npysdiff -q -t 0 <(patchcore -m all.st fresh) <(patchcore -m exact.st fresh)

fit -r 0.4 -p 0 --score patch && patchcore -q --merge -r 0.1 -o all.st A.st B.st C.st
that "others are chosen from: as many as a fit of all keeps" test "$(vectors all.st), $(meta all.st ratio)" = '44, 0.1'
patchcore -q -m all.st -t - train | awk -F '\t' 'NR > 1 { print $4 }' | sort -g | tail -n 1 >farthest
that "no patch is farther than the coverage" least "$(cat farthest)" "$(meta all.st coverage)"
that "-j 1 and -j 2 merge the same" cmp <(patchcore -j 1 --merge -r 0.1 -o one.st A.st B.st C.st && cat one.st) <(patchcore -j 2 --merge -r 0.1 -o two.st A.st B.st C.st && cat two.st)
patchcore -q --merge -r 0.1 -o small.st A.st
that "one model becomes smaller" test "$(vectors small.st), $(meta small.st images)" = '19, 3'
cp A.st itself.st && patchcore -q --merge -r 0.1 -o itself.st itself.st B.st C.st
that "a model may be merged in its place" cmp <(rows itself.st 44) <(rows all.st 44)
that "it says what it has made" test "$(patchcore -v --merge -r 0.1 -o two.st A.st B.st C.st 2>&1 | grep -c 'two.st: 7 images of 3 models, a bank of 44 x 28, threshold ')" = 1
fit --half && patchcore -q --merge -o all.st A.st B.st C.st
that "half stays half" grep -aq '"bank":{"dtype":"F16"' all.st
patchcore -q -o whole.st C && patchcore -q --merge -o all.st A.st whole.st B.st
that "unless one is whole" grep -aq '"bank":{"dtype":"F32"' all.st
fit --size 20x12 --sigma 2 && patchcore -q --merge -o all.st A.st B.st C.st
that "the fits' maps stay" test "$(meta all.st map) $(meta all.st sigma)" = '20x12 2'

# --normal: images that no part has seen set the threshold.
fit -r 0.4 && patchcore -q --merge -r 0.1 -o all.st A.st B.st C.st && patchcore -q --merge -r 0.1 --quantile 1 --normal fresh -o fresh.st A.st B.st C.st
that "--normal: the bank is the same" cmp <(rows all.st 44) <(rows fresh.st 44)
that "the threshold is the new image's score" test "$(meta fresh.st threshold)" = "$(patchcore -q -m fresh.st -t - fresh | awk -F '\t' 'NR == 2 { print $4 }')"
that "the only one" test "$(meta fresh.st left_out_scores): $(meta fresh.st images)" = "1:$(meta fresh.st threshold): 7"
that "by= says it" test "$(meta fresh.st by | grep -o -- '--merge -r 0.1 --normal --quantile 1')" = '--merge -r 0.1 --normal --quantile 1'
patchcore -q --merge -r 0.1 --quantile 1 --normal - -o two.st A.st B.st C.st <fresh
that "- is stdin" cmp fresh.st two.st
fit -r 0.4 --half --size 20 && patchcore -q --merge --quantile 1 --normal fresh -o fresh.st A.st B.st C.st
that "a half bank scores as it will" test "$(meta fresh.st threshold)" = "$(patchcore -q -m fresh.st -t - fresh | awk -F '\t' 'NR == 2 { print $4 }')"
that "normal images of other weights" fails 1 'record 1 (1.png): features of weights=w:7777, but the models were fitted on weights=w:1a2b' patchcore --merge --normal other -o out.st A.st B.st
that "of none" fails 1 'none: no image to set the threshold by' patchcore --merge --normal none -o out.st A.st B.st
that "a cut stream of them" fails 1 'short: record' patchcore --merge --normal short -o out.st A.st B.st
that "--normal alone" fails 2 '--normal is of --merge' patchcore --normal fresh -o out.st train

# Past memory: 16,384 vectors, 16 MB of them and 8 MB of projections.
if [ "${SANITIZE-}" = 1 ]; then
    skip "--mem: the same bytes within it" "sanitizers take memory of their own"
else
    for seed in 1 2; do
        partgen -q -z 128 -k gear -s $seed --train 8 --good 1 --defect 1 -o gears
        imgcat -q -r 128 -s train gears | featx -q -w random:1 -l layer1,layer2 | patchcore -q -r 1 -o large$seed.st
        rm -r gears
    done
    peak() { grep -o 'peak memory [0-9]*' "$1" | grep -o '[0-9]*'; }
    patchcore -v --merge -r 0.04 -o much.st large[12].st 2>much && patchcore -v --merge -r 0.04 --mem 24M -o little.st large[12].st 2>little &&
        cmp much.st little.st && [ "$(peak little)" -le 25 ] && [ "$(peak much)" -ge 30 ]
    ok $? "--mem: the same bytes within it" || sed 's/^/# /' much little
fi

# What must be refused.
fit -r 0.3
merge() { patchcore --merge -o out.st "$@"; }
like() { patchcore -q -o unlike.st -r 0.3 "$@"; }
like other
that "other weights" fails 1 'unlike.st: fitted on weights=w:7777, but those before on weights=w:1a2b: .*featx -w w, or give --force' merge A.st B.st unlike.st
that "which may be meant" test "$(patchcore --merge --force -o forced.st A.st unlike.st 2>&1 | grep -c weights)" = 1
like small
that "another size" fails 1 'unlike.st: fitted on input=16x16, but those before on input=32x32' merge A.st unlike.st
that "other patches, forced" fails 1 '16 patches an image, but A.st has 64' merge -q --force A.st unlike.st
{ opening 1a2b && npy_note name=x input=32x32 arrays=a && npy_f4 '1, 1, 2' 1 2 && npy_note end=1; } >layer
like -q layer
that "other layers" fails 1 'unlike.st: fitted on layers=a, but those before on layers=a,b,c' merge A.st unlike.st
that "forced, too" fails 1 'unlike.st: 2 channels, but A.st has 28' merge -q --force A.st unlike.st
patchcore -q -r 0.2 -o unlike.st C
that "another ratio" fails 1 'unlike.st: ratio=0.2, but A.st has ratio=0.3' merge A.st unlike.st
that "unless one is given" patchcore -q --merge -r 0.1 -o given.st A.st unlike.st
for option in '-s 1' '--projection sparse' '--sigma 1' '--score patch' '--distance squared'; do
    # shellcheck disable=SC2086 # two words
    like $option C
    that "another $option" fails 1 'unlike.st: .*=.*, but A.st has ' merge A.st unlike.st
done
like -p 64 C
that "another projection" fails 1 'unlike.st: 64 dimensions of the projection, but A.st has 128' merge A.st unlike.st
like --scale none C
that "layers as they are" fails 1 'unlike.st: its layers are not scaled, those of A.st are scaled' merge A.st unlike.st
like --quantile 0.5 C
that "another quantile" fails 1 'unlike.st: its quantile is 0.5, that of A.st 0.995: give --quantile' merge A.st unlike.st
like --size 8 C
that "other maps" fails 1 'unlike.st: map=8x8, but A.st has map=' merge A.st unlike.st
padim -q -o unlike.st train
that "another program's model" fails 1 'unlike.st: a model of padim, not of patchcore' merge A.st unlike.st
head -c 3000 B.st >cut.st
that "a cut model" fails 1 'cut.st: ' merge A.st cut.st C.st
that "features" fails 1 'B: ' merge A.st B
that "no such model" fails 1 'missing.st: ' merge A.st missing.st
for key in positions projected coverage images left_out_scores; do
    sed "s/\"$key\":/\"${key%?}_\":/" B.st >damaged.st
    that "a model without $key" fails 1 "damaged.st: no $key= in it" merge A.st damaged.st
done
sed 's/"images":"2/"images":"0/' B.st >damaged.st
that "one of no images" fails 1 'damaged.st: images=0 is absurd' merge A.st damaged.st
sed 's/"coverage":"./"coverage":"-/' B.st >damaged.st
that "a coverage below 0" fails 1 'damaged.st: coverage=-.* is absurd' merge A.st damaged.st
cp A.st kept.st
that "and what was there stays" fails 1 'cut.st' patchcore --merge -o kept.st A.st cut.st
that "to the byte" cmp A.st kept.st
that "little memory" fails 1 'needs .* memory' merge --mem 1M A.st B.st
that "no models" fails 2 'needs models' merge
that "an option of the fits" fails 2 '-p is of the fits: their models keep it' merge -p 0 A.st B.st
for option in '--add A.st' '--label x' '--as original' '--size 8'; do
    # shellcheck disable=SC2086
    that "${option% *}" fails 2 "${option% *} is of a fit to images, not of --merge" merge $option A.st B.st
done
that "--merge is of a fit" fails 2 '--merge is of the fit' patchcore --merge -m A.st B.st
no_leftovers
done_testing
