#!/bin/bash
# scripts/hybrid: weights adapted to a small set, its frozen layers untouched; scores of both and their sum; what is there is not made again.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
export FERN_BIN
own_folder
export OMP_NUM_THREADS=1

partgen -q -z 48 -k carpet --train 4 --good 2 --defect 1 -o carpet || exit 1
ifsgen -q -c 2 -n 2 -z 32 | fractrain -q -c 2 -b 2 -n 1 -z 32 --norm paper --layers 2 --taps layer1,layer2 -o net.st || exit 1
hybrid() { "$FERN_TESTS/../scripts/hybrid" "$@" >out 2>err; }
run=(-d carpet -w net.st -n 2 -z 32 -r 48 -f '-r 0.1')


hybrid "${run[@]}" -- -b 14 --jitter 0,0,0,0
ok $? "trains, fits twice, scores" || sed 's/^/# /' err
[ "$(cut -f1 out | paste -sd' ')" = "features frozen adapted sum" ] && cmp -s out hybrid/results.tsv &&
    awk -F'\t' 'NR > 1 { for (i = 3; i <= 5; i++) if (!($i > 0 && $i <= 1)) bad = 1 } END { exit bad || NR != 4 }' out
ok $? "a row for each, with figures"
auroc -q -d 4 -M <(imgcat -q -M -r 48 -s test carpet) <(mapsum hybrid/frozen.maps hybrid/adapted.maps) | tail -n 1 | cut -f 2- >sum
[ -s sum ] && grep -q "$(awk -F'\t' '$1 == "sum" { print $3 }' out)" sum
ok $? "the sum is mapsum's"
npyls -n hybrid/adapted.safetensors >adapted
grep -qx taps=layer1,layer2 adapted && grep -qx mean=0.2,0.2,0.2 adapted && grep -q '^recipe=.* layers=2 .*freeze=layer1 batch=14 .*steps=2 .*decay=3e-05 .*area=0.25 .*jitter=0,0,0,0' adapted &&
    grep -q '^images=blemish:' adapted && grep -qx classes=7 adapted
ok $? "taps, normalisation and stages are those of the weights; E5's recipe, and what was said last" || sed 's/^/# /' adapted
imgcat -q -r 48 -s test carpet >carpet.pam
npysdiff -q <(featx -q -w net.st -l layer1 carpet.pam) <(featx -q -w hybrid/adapted.safetensors -l layer1 carpet.pam)
ok $? "layer1 is as it was"
! npysdiff -q <(featx -q -w net.st -l layer2 carpet.pam) <(featx -q -w hybrid/adapted.safetensors -l layer2 carpet.pam)
ok $? "layer2 is not"

stat -c '%Y %i' hybrid/*.safetensors hybrid/*.maps >before
cp hybrid/results.tsv was
hybrid "${run[@]}" && cmp -s was hybrid/results.tsv && stat -c '%Y %i' hybrid/{adapted.safetensors,{adapted,frozen}.maps} | cmp -s - <(head -n 3 before)
ok $? "what is there is not made again"
for line in '-w net.st' '-d carpet' '-d carpet -w none' '-d carpet -w net.st -x' '-d carpet -w carpet.pam'; do
    # shellcheck disable=SC2086
    ! hybrid $line && [ ! -s out ] && [ -s err ]
    ok $? "misuse: hybrid $line"
done
rm -r hybrid
hybrid -d nowhere -w net.st -n 2 -z 32
[ $? -eq 1 ] && [ ! -e hybrid/results.tsv ] && [ ! -e hybrid/adapted.safetensors ]
ok $? "a stage that fails leaves no results"
done_testing
