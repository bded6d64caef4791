#!/bin/bash
# scripts/grid.mk: one table; what is there isn't made again; a cell that fails leaves the others and itself in order.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
export FERN_BIN
own_folder

partgen -q -z 32 -k carpet,gear --train 3 --good 1 --defect 1 -o data || exit 1
ifsgen -q -c 4 -n 4 -z 32 | fractrain -q -c 4 -n 1 -b 4 -z 32 -o net.safetensors || exit 1
grid() { make --no-print-directory -f "$FERN_TESTS/../scripts/grid.mk" DATA=data IMAGES='-r 32' WEIGHTS=net.safetensors "$@" >out 2>err; }
# cells: the finished ones of the table
cells() { awk -F '\t' '$5 == "all" { print $1 "/" $2 "/" $3 "/" $4 }' grid/results.tsv; }

grid CATEGORIES='carpet gear' METHODS='padim small' PROGRAM_small=patchcore FIT_small='-r 0.5 --score patch' -j2
ok $? "two categories, two methods, -j2"
cells | diff - <(printf '%s\n' carpet/net/layer1,layer2,layer3/padim carpet/net/layer1,layer2,half-layer1,quarter-layer1/small \
    gear/net/layer1,layer2,layer3/padim gear/net/layer1,layer2,half-layer1,quarter-layer1/small) >&2
ok $? "a row for each cell"
awk -F '\t' 'NR == 1 { n = NF; for (i = 1; i <= NF; i++) at[$i] = i; next }
    NF != n || $at["fit_s"] !~ /^[0-9.]+$/ || $at["score_cpu_s"] !~ /^[0-9.]+$/ || $at["pixel_auroc"] !~ /^[01]\.[0-9]+$/ { bad = 1 }
    $at["fit_mib"] !~ /^([1-9][0-9]*|-)$/ { bad = 1 } END { exit bad || NR != 25 }' grid/results.tsv
ok $? "figures of each defect, seconds and memory"
[ -z "$(find grid -name '*.part' -o -name maps.npys)" ]
ok $? "nothing half-written, no maps that nobody asked for"

grid CATEGORIES=carpet METHODS=knn OVERLAYS=yes OUT=pooled && awk -F '\t' '$5 == "all" { n++; ok = $3 == "avgpool" && $4 == "knn" && $11 == "-" && $12 == "-" && $7 ~ /^[01]\./ } END { exit !(n == 1 && ok) }' pooled/results.tsv
ok $? "a method without maps: its layers by its own example, no pixel figures"

cp grid/results.tsv before
grid CATEGORIES='carpet gear' METHODS='padim small' PROGRAM_small=patchcore FIT_small='-r 0.5 --score patch' &&
    cmp grid/results.tsv before >&2 && [ ! -s out ]
ok $? "again: nothing to do"

# What changed is made again, and that only.
touch data/gear/train/good/000.png
grid CATEGORIES='carpet gear' METHODS=padim && [ "$(grep -c '^fit' out)" -eq 1 ] && grep -q '^fit *gear/' out
ok $? "an image that changed"
grid CATEGORIES=carpet METHODS=padim FIT_padim='-d 20' && [ "$(grep -c '^fit' out)" -eq 1 ]
ok $? "an option that changed"
grid CATEGORIES=carpet METHODS=padim FIT_padim='-d 20' LAYERS='layer1 layer2,layer3' && [ "$(grep -c '^fit' out)" -eq 2 ] &&
    [ "$(cells | wc -l)" -eq 2 ]
ok $? "LAYERS"
grid CATEGORIES=carpet METHODS=padim FIT_padim='-d 20' OVERLAYS=yes MAPS=yes && ! grep -q '^fit' out &&
    [ "$(find grid/carpet/net/layer1,layer2,layer3/padim/overlays -name '*.png' | wc -l)" -eq 6 ] &&
    npyls -q grid/carpet/net/layer1,layer2,layer3/padim/maps.npys >/dev/null
ok $? "overlays and maps, without another fit"

grid CATEGORIES=carpet METHODS=patchcore WEIGHTS='net.safetensors random:1' OUT=both &&
    awk -F '\t' '$5 == "all" { print $2, $3 }' both/results.tsv | diff - <(printf '%s\n' 'net layer1,layer2,half-layer1,quarter-layer1' 'random-1 layer2,layer3') >&2
ok $? "patchcore's layers: those that weights recommend, else the usual"

# Failures: a category with a broken image, and weights that aren't there.
cp -r data/carpet data/broken
truncate -s 100 data/broken/train/good/001.png
grid CATEGORIES='broken carpet' METHODS=padim WEIGHTS='net.safetensors none.safetensors'
[ $? -eq 2 ] && [ "$(cells)" = carpet/net/layer1,layer2,layer3/padim ]
ok $? "cells that fail don't stop the others"
grep -q 'broken/net/.*imgcat: .*train/good/001.png' err && grep -q 'carpet/none/.*featx: none.safetensors' err &&
    grep -q 'train/good/001.png' grid/broken/net/layer1,layer2,layer3/padim/log
ok $? "they say why"
[ -z "$(find grid/broken grid/*/none -name '*.part' -o -name '*.st*' -o -name '*.safetensors*' -o -name '*.npys' -o -name '*.tsv')" ]
ok $? "and leave nothing half-written"
cp data/carpet/train/good/001.png data/broken/train/good
grid CATEGORIES='broken carpet' METHODS=padim && [ "$(grep -c '^fit' out)" -eq 1 ] && [ "$(cells | wc -l)" -eq 2 ]
ok $? "mended, only they are made"

# Killed in the middle of a fit
bash -c 'timeout -s KILL 0.3 "$@"; :' - make --no-print-directory -f "$FERN_TESTS/../scripts/grid.mk" DATA=data CATEGORIES=gear \
    METHODS=padim WEIGHTS=random:3 >out 2>&1
grid CATEGORIES=gear METHODS=padim WEIGHTS=random:3 && [ "$(cells | wc -l)" -eq 1 ]
ok $? "killed, and run again"

# Blanks and other signs in the names of folders: of the data, of what is written, of where one is, and of the scripts
mkdir "a b" && cp -r "$FERN_TESTS/../scripts" "a b/the scripts" && mkdir "a b/my data's & more"
cp -r data/carpet "a b/my data's & more/"
spaced() {
    (cd "a b" && make --no-print-directory -f "the scripts/grid.mk" DATA="my data's & more" OUT="it's | out" IMAGES='-r 32' \
        METHODS=padim WEIGHTS=../net.safetensors OVERLAYS=yes) >out 2>err
}
spaced && [ "$(awk -F '\t' '$5 == "all" { print $1, $2, $4, $11 != "-" }' "a b/it's | out/results.tsv")" = 'carpet net padim 1' ] &&
    [ "$(find "a b/it's | out/carpet" -name '*.png' | wc -l)" -eq 6 ] && [ ! -e "a b/it's" ]
ok $? "blanks in DATA, OUT and elsewhere"
spaced && [ ! -s out ] && touch net.safetensors && spaced && [ "$(grep -c '^fit' out)" -eq 1 ]
ok $? "again, nothing; then weights that changed"
truncate -s 100 "a b/my data's & more/carpet/train/good/001.png"
spaced
grep -q "^it's | out/carpet/net/layer1,layer2,layer3/padim: imgcat: my data's & more/carpet/train/good/001.png" err
ok $? "a failure there says where"
mkdir "spaced" && cp -r data/carpet spaced/carpet && cp -r data/gear "spaced/a gear"
grid DATA=spaced
[ $? -eq 2 ] && [ "$(grep '^grid: ' err)" = "grid: a blank in the name of category 'a gear': rename it or make a link to it" ]
ok $? "a blank in a category's name is refused"
mkdir -p second/can && cp -r data/carpet/train second/can && mkdir second/can/test_public &&
    cp -r data/carpet/test/* data/carpet/ground_truth second/can/test_public
grid DATA=second METHODS=padim && [ "$(awk -F '\t' '$5 == "all" { print $11 }' grid/results.tsv)" != - ]
ok $? "MVTec AD 2's layout: with masks"

for wrong in DATA= DATA=nowhere 'WEIGHTS=random:1 random-1' METHODS=a/b; do
    grid METHODS=padim "$wrong"
    [ $? -eq 2 ] && [ "$(grep -c '^grid: ' err)" -eq 1 ]
    ok $? "refused: $wrong"
done
done_testing
