#!/bin/bash
# padim: hand-made Gaussians; a score is the image's alone; what must be refused is, in one line, with nothing left.
# shellcheck source=tests/detector.sh
. "$FERN_TESTS/detector.sh"

# record NAME NUMBER NUMBER: features of one position, two channels
record() { npy_note "name=$1" input=1x1 arrays=a && npy_f4 '1, 1, 2' "$2" "$3"; }
score() { padim -q -m "$1" -t - "$2" | awk -F '\t' 'NR > 1 { print $4 }'; }

# (0,0), (2,1), (1,2): mean (1,1), covariance [[1,.5],[.5,1]] + .01 I
{ opening 1a2b && record a 0 0 && record b 2 1 && record c 1 2 && npy_note end=3; } >three
{ opening 1a2b && record x 2 1 && npy_note end=1; } >one
{ opening 1a2b && record a 3 5 && record b 3 5 && record c 3 5 && record d 3 5 && npy_note end=4; } >same
{ opening 1a2b && record x 6 9 && npy_note end=1; } >far
padim -o three.st three && padim -o same.st same
that "three images by hand: sqrt(1.01 / (1.01^2 - .25))" close_to "$(score three.st one)" 1.14521346
that "identical images: 10 |x - mean|" close_to "$(score same.st far)" 50
padim --as anomalib -o anomalib.st same
that "--as anomalib adds 1e-5 to the ridge" close_to "$(score anomalib.st far)" 49.9750187
padim --ridge 0.04 -o ridge.st same
that "--quantile in by=" test "$(padim --quantile 0.25 -o q.st three && grep -ao "border mirror --quantile 0.25" q.st)" = "border mirror --quantile 0.25"
that "--ridge" close_to "$(score ridge.st far)" 25
that "the verdict is the threshold's" test "$(padim -m three.st -t - three one | cut -f 5 | sort | uniq -c | tr -s ' \n' ' ')" = " 4 ok 1 verdict "

make_streams
for form in packed low-rank; do
    same_however padim $form --form $form
done
that "packed triangles" grep -aq '"factor.0"' packed.st
that "a basis in their place" grep -aq '"basis"' low-rank.st
that "packed and low rank agree" close_to "$(score packed.st fresh)" "$(score low-rank.st fresh)"
that "the same seed and any -d above the channels' number" cmp <(padim -d 28 -o a.st train && cat a.st) \
    <(padim -d 9999 -o b.st train && cat b.st)
# model OPTION...: its sum
model() { padim -o s.st "$@" train && cksum <s.st; }
that "another seed, other channels" test "$(model -d 5 | grep .)" != "$(model -d 5 -s 1 | grep .)"
that "the same seed, the same channels" test "$(model -d 5)" = "$(model -d 5 -s 0)"
that "auto is all of 28 channels" test "$(model -d auto)" = "$(model -d 28)"

# Added to: the fit of all, but for the rounding of what the model keeps; also of a Gaussian a position that keeps no image.
adds padim --form packed
padim -o early.st early && padim -o sum.st --add early.st late
that "--add: a low rank's images are all there: the scores of a fit of all" close_to "$(score sum.st fresh)" "$(score packed.st fresh)"
that "and its threshold" close_to "$(meta sum.st threshold)" "$(meta packed.st threshold)"
padim --form packed -o early.st early && padim -o sum.st --add early.st late
that "packed: the scores of a fit of all" close_to "$(score sum.st fresh)" "$(score packed.st fresh)"
that "packed it stays" grep -aq '"factor.0"' sum.st
patchcore -q -o bank.st early
that "another program's model" fails 1 'bank.st: a model of patchcore, not of padim' padim -o out.st --add bank.st late
padim -o lost.st --ridge 1e-9 --form low-rank early
that "a low rank that has lost its images" fails 1 'lost.st: its features are so large beside the ridge' padim -o out.st --add lost.st late

if real_streams; then
    for options in '-d 100' '-d 9'; do # of a low rank and packed
        # shellcheck disable=SC2086 # options
        padim -q $options -o early.st first && padim -q -o sum.st --add early.st second && padim -q $options -o all.st first second
        that "real images added, $options: maps within 1e-6 of a fit of all" npysdiff -q -s 1e-6 <(padim -m sum.st broken) <(padim -m all.st broken)
    done
    that "packed, with -d 9" grep -aq '"factor.0"' early.st
else
    skip "real images added" "no images in ${FERN_DATA-FERN_DATA}"
fi

# What must be refused.
refuses padim packed.st
that "other layers" fails 1 'record 1 (x)' padim -m packed.st one
that "other shapes" fails 1 'record 1 (8.png): packed.st: tap 1 is 4x4x6; the fit.s was 8x8x6' padim -q --force -m packed.st small
{ opening 1a2b && record a 0 0 && record b nan 1 && record c 1 2 && npy_note end=3; } >broken
that "features that are not numbers" fails 1 'record 2 (b): tap a holds NaN' padim -o out.st broken
that "the same when scoring" fails 1 'record 2 (b)' padim -q -m same.st -t t.tsv broken
that "and no table is left" test ! -e t.tsv
that "two images" fails 1 '1 images; a fit needs 3' padim -o out.st one
that "no image" fails 1 '0 images' padim -o out.st none
that "a fit's option when scoring" fails 2 '-d is of the fit: the model keeps it' padim -m packed.st -d 3 train
that "a ridge of zero" fails 2 'ridge' padim -o out.st --ridge 0 train
that "an unknown form" fails 2 'packed' padim -o out.st --form square train
no_leftovers
done_testing
