#!/bin/bash
# scripts/paper.mk: the three shapes of methods in one grid, told beforehand how long; then its tables, from a results.tsv made by hand.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
export FERN_BIN
scripts=$FERN_TESTS/../scripts
own_folder

partgen -q -z 32 -k gear --train 12 --good 2 --defect 1 -o data/gear || exit 1
ifsgen -q -c 2 -n 2 -z 32 | fractrain -q -e 1 -b 4 -z 32 -o net.safetensors || exit 1
cp -r data/gear data/broken
truncate -s 100 data/broken/train/good/001.png
paper() { make --no-print-directory -f "$scripts/paper.mk" DATA=data IMAGES='-r 32' EPOCHS=1 WEIGHTS=net.safetensors "$@" >out 2>err; }
three=(METHODS='padim stfpm panda')

paper "${three[@]}" CATEGORIES='gear broken'
[ $? -eq 2 ] && [ "$(awk -F '\t' '$5 == "all" { print $1, $2, $3, $4 }' paper/results.tsv)" = "gear net layer1,layer2,layer3 padim
gear net layer1,layer2,layer3 stfpm
gear net avgpool panda" ]
ok $? "a method of each shape, and a category that is broken"
[ "$(sed -n '/^These cells failed/,$p' out | grep -c '^  broken/net/.*imgcat: data/broken/train/good/001.png')" -eq 3 ]
ok $? "the cells that failed are named, and why"
grep -q '^6 cells to make, of 3 methods and 1 weights' out && grep -q '^about [0-9]* min on this machine, until [0-9:]*, 1 at a time:' out &&
    [ "$(grep -cE '^  (padim|stfpm|panda) +2 cells  [0-9]+ min$' out)" -eq 3 ]
ok $? "it says beforehand how long"
grep -qE '^ +1 of 6 cells, about [0-9]+ min left, until [0-9:]+$' out
ok $? "and what is left"
[ "$(awk -F '\t' '{ print $1, $3, $5 }' paper/paper.tsv)" = "method categories pixel_auroc
$(awk -F '\t' '$5 == "all" { print $4, 1, $11 }' paper/results.tsv)" ] && grep -qE '^panda +-$' out
ok $? "the table; a method without maps has none of their figures"

paper "${three[@]}" CATEGORIES=gear && grep -q '^0 cells to make' out && ! grep -q '^fit\|^tune\|measuring' out
ok $? "again: nothing to do"
rm -r paper/gear/net/avgpool/panda
paper "${three[@]}" CATEGORIES=gear ESTIMATE=no && [ "$(grep '^tune\|^fit\|^measure' out)" = "tune     gear/net/avgpool/panda
fit      gear/net/avgpool/panda
measure  gear/net/avgpool/panda" ]
ok $? "what is missing is made, and that only"

# A checkpoint of other options is dropped; one of these is gone on from, and one that can't be is gone the next time.
cell=paper/gear/net/avgpool/panda
retry() { paper METHODS=panda CATEGORIES=gear ESTIMATE=no "$@"; }
echo damaged >$cell/tuned.safetensors.checkpoint
retry EPOCHS=2 && [ "$(grep -c '^tune' out)" -eq 1 ] && [ ! -e $cell/tuned.safetensors.checkpoint ]
ok $? "a checkpoint of another recipe"
rm $cell/tuned.safetensors
echo damaged >$cell/tuned.safetensors.checkpoint
retry EPOCHS=2
[ $? -eq 2 ] && grep -q 'oneclass: .*checkpoint' err && [ ! -e $cell/tuned.safetensors.checkpoint ] && retry EPOCHS=2
ok $? "a damaged one"

# planned WANTED OPTION...: the cells that there would be
planned() {
    make --no-print-directory -f "$scripts/grid.mk" missing DATA=data CATEGORIES=gear OUT=planned "${@:2}" 2>&1 | diff - <(printf '%s\n' "$1") >&2
}
# Weights with layers of their own are one method's, compared; weights on two choices of layers are two.
mkdir own
patches() { printf 'gear\t%s\t%s\tpatchcore\tall\t9\t%s\t-\t-\t-\t%s\t-\t%s\t1\t1\t1\t1\t1\t1\t-\n' "$@"; }
{ head -n 1 paper/results.tsv && patches net layer2,layer3 .9 .8 .7 && patches other layer1,layer2 .8 .75 .5; } >own/results.tsv
"$scripts/paper-table" net own >/dev/null
that "layers of their own: one method, and its loss" test "$(awk -F '\t' '$2 == "other" { print $1, $7, $9 }' own/paper.tsv)" = 'patchcore 0.100000 0.200000'
patches net layer1,layer2 .7 .6 .5 >>own/results.tsv
"$scripts/paper-table" net own >/dev/null
that "two choices of one network: two methods" test "$(cut -f 1,2 own/paper.tsv | grep -c '^patchcore:layer')" = 3
# The names of a network that ends at layer3, and of one that doesn't
for layer in 3 4; do
    { for i in 1 2 3 4; do [ $i -gt $layer ] || printf 'layer%d.0.conv1.weight\n' $i; done; } |
        perl -e 'chomp(my @n = <>); my $i = 0;
            my $h = "{" . join(",", map { sprintf "\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}", $_, 4 * $i++, 4 * $i } @n) . "}";
            print pack("Q<", length $h), $h, "\0" x (4 * @n)' >"to$layer.safetensors"
done
planned "gear/to4/layer2,layer3,layer4/cflow
gear/to4/avgpool/panda" WEIGHTS=to4.safetensors METHODS='cflow panda'
ok $? "weights with layer4"
planned "gear/to3/layer1,layer2,layer3/cflow
gear/to3/pool-layer3/panda
gear/to3/layer3/cutpaste
gear/random-1/layer1,layer2,layer3/cflow
gear/random-1/pool-layer3/panda
gear/random-1/layer3/cutpaste" WEIGHTS='to3.safetensors random:1' METHODS='cflow panda cutpaste'
ok $? "without, and then for all weights of the grid"
planned gear/random-1/layer1,layer2,layer3/cflow METHODS=cflow LAYER4=no
ok $? "LAYER4=no"
planned "gear/random-1/layer1,layer2,layer3/mine@0
gear/random-1/layer1,layer2,layer3/mine@7
gear/random-1/avgpool/knn" METHODS='mine knn' PROGRAM_mine=fastflow SEEDS='0 7'
ok $? "seeds, where there is anything to draw; a name of one's own for a method"

# The time: 10 s and 1 s an image; PatchCore .2 s, .1 s an image and .01 s an image times image.
mkdir -p time/{gear,probe/{few,more}/gear/w/l/{panda,patchcore}} time/gear/w/l/{panda,patchcore}
{ printf 'train/good/%d.png 1 1\n' $(seq 100) && printf 'test/good/%d.png 1 1\n' $(seq 50) && echo ground_truth/x.png 1 1; } >time/gear/images
for run in few:10 more:20; do
    n=${run#*:} folder=time/probe/${run%:*}
    cp time/gear/images "$folder/gear"
    echo "$n" >"$folder/limit"
    for cell in "$folder"/gear/w/l/*; do seq 0 "$n" >"$cell/scores.tsv"; done
    printf '%d\t0\t1\n' 4 >"$folder/gear/w/l/panda/tuned.time"
    printf '%d\t0\t1\n' $((6 + n)) | tee "$folder/gear/w/l/panda/model.time" >"$folder/gear/w/l/panda/maps.time"
    perl -e 'printf "%g\t0\t1\n", .2 + .1 * $ARGV[0] + .01 * $ARGV[0] ** 2' "$n" | tee "$folder/gear/w/l/patchcore/model.time" >"$folder/gear/w/l/patchcore/maps.time"
done
printf 'gear/w/l/%s\n' panda patchcore >time/missing
echo '-r 32; auto; w; l; patchcore' >time/gear/w/l/patchcore/recipe
# estimated RECIPE: seconds of panda, by what its recipe says, and of patchcore
estimated() {
    echo "-r 32; auto; w; l; knn --method panda $1" >time/gear/w/l/panda/recipe
    "$scripts/estimate" time >/dev/null && cut -f 2 time/estimate.tsv | paste -s -d ' '
}
[ "$(estimated '-e 3')" = '366.0 165.4' ] # 10 + 3 x 100, 6 + 50; .2 + 10 + 100, .2 + 50 (.1 + .01 x 100)
ok $? "the estimate grows with images and epochs, PatchCore's with their square"
[ "$(estimated '--minutes 6 -e 1 -e 3')" = '366.0 165.4' ] && [ "$(estimated '-e 30 --minutes 5')" = '466.0 165.4' ] &&
    [ "$(estimated '--minutes 5')" = '466.0 165.4' ]
ok $? "minutes are a limit, or what it takes"

# Means over categories, then losses, by hand. rd failed with weights b on y; seeds of patchcore.
mkdir table
{
    printf 'category\tweights\tlayers\tmethod\tdefect\timages\timage_auroc\tpixel_auroc\taupro\tfit_s\tscore_s\tseed\n'
    while read -r row; do printf '%s\n' "${row// /$'\t'}"; done <<'END'
x a l patchcore all 9 0.9 0.8 0.7 1 1 0
x a l patchcore all 9 1.0 0.8 0.7 1 1 1
y a l patchcore all 9 0.7 0.6 0.5 1 1 0
y a l patchcore all 9 0.8 0.6 0.5 1 1 1
x b l patchcore all 9 0.8 0.7 0.7 1 1 0
x b l patchcore all 9 0.8 0.7 0.7 1 1 1
y b l patchcore all 9 0.6 0.6 0.3 1 1 0
y b l patchcore all 9 0.6 0.6 0.3 1 1 1
x a l rd all 9 0.9 0.5 0.5 1 1 -
y a l rd all 9 0.5 0.5 0.5 1 1 -
x b l rd all 9 0.7 0.5 0.5 1 1 -
x a l knn all 9 0.6 - - 1 1 -
y a l knn all 9 0.6 - - 1 1 -
x b l knn all 9 0.7 - - 1 1 -
y b l knn all 9 0.7 - - 1 1 -
x a l patchcore dent 5 1.0 0.9 0.9 1 1 0
x a l patchcore crack 6 0.8 0.9 0.9 1 1 0
x b l patchcore dent 5 0.9 0.6 0.9 1 1 0
x b l patchcore crack 6 0.4 0.6 0.9 1 1 0
x a l knn dent 5 0.8 - - 1 1 -
x b l knn dent 5 0.9 - - 1 1 -
END
} >table/results.tsv
"$scripts/paper-table" dir/a.safetensors table >out
row() { awk -F '\t' -v m="$1" -v w="$2" '$1 == m && $2 == w { for (i = 3; i <= NF; i++) printf "%s%s", $i == "-" ? $i : sprintf("%.4f", $i), i < NF ? " " : "\n" }' table/paper.tsv; }
[ "$(row patchcore a)" = '2.0000 0.8500 0.7000 0.6000 0.0000 0.0000 0.0000 0.0707 0.0000 0.0000' ] &&
    [ "$(row patchcore b)" = '2.0000 0.7000 0.6500 0.5000 0.1500 0.0500 0.1000 0.0000 0.0000 0.0000' ]
ok $? "means over categories, losses, spread over seeds"
[ "$(row rd b)" = '1.0000 0.7000 0.5000 0.5000 0.2000 0.0000 0.0000 - - -' ] && [ "$(row knn b)" = '2.0000 0.7000 - - -0.1000 - - - - -' ]
ok $? "a loss is over what both have; a method without maps"
grep -qE '^rd +0\.700 +0\.700\*  \(0\.200\)$' out && grep -qE '^patchcore +0\.850 \+-0\.071 +0\.700 \+-0\.000  \(0\.150\)$' out && grep -qE '^knn +- +-$' out
ok $? "printed, with a star where a category is missing"
[ "$(awk -F '\t' '$4 == "b" { print $1, $2, $3, $5, $6, $7, $8 }' table/kinds.tsv)" = "x dent 5 0.900000 0.000000 0.600000 0.300000
x crack 6 0.400000 0.400000 0.600000 0.300000" ] && grep -q '^   0.400  0.400  x, crack (6 images' out
ok $? "kinds of defect, by what they lose"
"$scripts/results" --means table/results.tsv | grep -qE '^mean +patchcore +b +0\.700 +0\.650 +0\.500 +2\.0$' && ! "$scripts/results" --means table/results.tsv | grep -q '^x'
ok $? "report --means"
done_testing
