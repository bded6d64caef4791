#!/bin/bash
# mapsum: means of standardised maps, by hand.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# maps LOW,HIGH PIXEL_THRESHOLD THRESHOLD SCORE V V V V: a stream of two images of 2 x 2, the second twice the first
maps() {
    npy_note stream=maps version=1 "by=test $4" weights=net:0123456789abcdef "threshold=$3" "pixel_threshold=$2" "scale=$1"
    npy_note name=a label=0 "score=$4" arrays=map
    npy_f4 '2, 2' "${@:5}"
    npy_note name=b label=1 "score=$((2 * $4))" arrays=map
    npy_f4 '2, 2' $((2 * $5)) $((2 * $6)) $((2 * $7)) $((2 * $8))
    npy_note end=2
}
maps 1,9 5 3 2 1 2 5 9 >a # (x - 1) / 4: 0 .25 1 2; (2 - 1) / (3 - 1) = .5
maps 10,30 20 15 20 10 20 30 40 >b # (x - 10) / 10: 0 1 2 3; (20 - 10) / 5 = 2
wanted() {
    npy_note "name=a" "label=0" "score=$1" arrays=map
    npy_f4 '2, 2' "${@:3:4}"
    npy_note "name=b" "label=1" "score=$2" arrays=map
    npy_f4 '2, 2' "${@:7:4}"
}
{ npy_note stream=maps && wanted 1.25 3.75 0 .625 1.5 2.5 .625 1.875 3.625 5.625 && npy_note end=2; } >mean
mapsum a b >out && npysdiff -t 1e-6 out mean && npyls out | grep -q 'score=1.25' && npyls out | grep -q 'score=3.75'
ok $? "the mean of two, each on the scale of its normals"
npyls -n out | tr '\t' '\n' | grep -c -x -e threshold=1 -e pixel_threshold=1 -e scale=0,2 -e weights=net:0123456789abcdef -e 'by=test 2' -e 'by=test 20' | grep -qx 6
ok $? "the opening note: the new scale, what both agree in, and both by="
mapsum b a | npysdiff -t 1e-6 - out
ok $? "in any order"
mapsum - b <a | cmp -s - out
ok $? "- is stdin"
mapsum a >one && mapsum one | npysdiff -t 1e-6 - one && mapsum a a | npysdiff -t 1e-6 - one
ok $? "alone it is standardised; again, and with itself, it is the same"
{ npy_note stream=maps version=1 threshold=4 scores=2:1,3 && npy_note name=a score=2 arrays= && npy_note end=1; } >known
mapsum known | npyls -n | grep -q threshold=1 && ! mapsum known | npyls -n | grep -q scores=
ok $? "what normal images scored is of another scale, and goes"
mapsum a b | auroc -q | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $1 == "all" { exit !($c["image_auroc"] == 1) }'
ok $? "auroc reads it"

scores() {
    npy_note stream=maps version=1 "threshold=$1"
    npy_note name=a label=0 "score=$2" arrays=
    npy_note end=1
}
scores 4 2 >c
scores 8 12 >d
mapsum c d | npyls | grep -q 'score=1\b'
ok $? "scores alone are divided by their thresholds"

that "maps and scores" fails 1 'a has maps, c has scores alone' mapsum a c
sed 's/name=b/name=c/' b >other
that "other names" fails 1 'record 2 (c): it is b in a' mapsum a other
{ npy_note stream=maps version=1 threshold=3 pixel_threshold=5 scale=1,9 && npy_note name=a score=1 arrays=map && npy_f4 '1, 2' 1 2 && npy_note end=1; } >small
that "another size" fails 1 'the map is 2x1, in a 2x2' mapsum a small
{ npy_note stream=maps version=1 threshold=3 pixel_threshold=5 scale=1,9 && npy_note name=a score=1 arrays=map && npy_f4 '2, 2' 1 2 3 4 && npy_note end=1; } >short
that "fewer images" fails 1 'short has 1 images, a has more' mapsum a short
that "more images" fails 1 'short has 1 images, a has more' mapsum short a
sed 's/pixel_threshold=5/pixel_threshold=1/' a >flat
that "a threshold that is the mean" fails 1 'not above the mean' mapsum flat
npy_f4 '2, 2' 1 2 3 4 >foreign
that "a foreign stream" fails 1 'no threshold= of normal images' mapsum foreign
that "stdin twice" fails 2 'more than once' mapsum - -
# shellcheck disable=SC2046
that "too many" fails 2 'more than 16' mapsum $(yes a | head -n 17)
done_testing
