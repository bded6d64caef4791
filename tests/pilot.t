#!/bin/bash
# scripts/pilot: folders of several kinds, from their images to a page; what it refuses, and what it does not do twice.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
pilot=$FERN_TESTS/../scripts/pilot
own_folder
export FERN_BIN
if ! command -v make >/dev/null; then
    skip "pilots" "make is not here"
    done_testing
    exit 0
fi

partgen -q -k gear -z 64 --train 8 --good 4 --defect 2 -s 3 -o 'a gear'
"$pilot" 'a gear' -o one --resize 64 --curve 0 --methods patchcore --parts-per-day 1000 --miss-cost 10 --alarm-cost 1 >told 2>err && [ ! -s err ]
ok $? "a data set with defects and masks"
sed 's/^/# /' err
grep -q '8 good images to train with, 4 good and 10 defective ones to test with, masks: yes' told && grep -q 'TOO FEW: recall=.95 takes 59 defective images' told &&
    grep -q 'none missed, recall is shown to be 0.741 or more' told && grep -qE '^ +scratch +2$' told && grep -q '22 of 64x64 pixels' told
ok $? "it looks at the folder and says what can be claimed"
[ "$(cut -f 1 one/verdicts.tsv | tr '\n' ,)" = 'run,fern patchcore,untrained patchcore,' ] && grep -q 'id="gallery"' one/report.html && grep -q 'id="curves"' one/report.html &&
    grep -q 'PRO: where the defect is' one/report.html && grep -q 'EUR' one/report.html && grep -q '<title>fern: a gear</title>' one/report.html
ok $? "fern's network and an untrained one, in one page"
grep -q -- '--quantile 0.975' one/grid/*/*/*/patchcore/recipe
ok $? "half of the allowed false alarms set the threshold"
cp one/log log && cp one/verdicts.tsv verdicts.tsv
"$pilot" 'a gear' -o one --resize 64 --curve 0 --methods patchcore --parts-per-day 1000 --miss-cost 10 --alarm-cost 1 >told 2>err && cmp verdicts.tsv one/verdicts.tsv && [ "$(grep -c '^fit' one/log)" -eq "$(grep -c '^fit' log)" ]
ok $? "again: nothing is fitted twice"
that "another rule" fails 2 'was begun with another rule' "$pilot" 'a gear' -o one --resize 64 --require recall=.5

"$pilot" 'a gear' -o curve --resize 64 --curve 1 --methods patchcore >told 2>err && [ ! -s err ] && [ "$(cut -f 1 curve/learning.tsv | tr '\n' ' ')" = 'images 1 2 4 8 ' ] &&
    grep -q 'id="learning"' curve/report.html
ok $? "with the curve over training images"
sed 's/^/# /' err
awk -F '\t' 'NR == FNR { if ($1 == 8) want = $3; next } FNR == 2 { exit !($8 == want) }' curve/learning.tsv curve/verdicts.tsv
ok $? "all images: the judged run's own figure"

# A folder of folders: good, and a kind of defect, with a name that a page must not take for its own
mkdir -p plain/OK 'plain/<script>'
n=0
for file in 'a gear'/train/good/*.png 'a gear'/test/good/*.png; do n=$((n + 1)) && cp "$file" "plain/OK/$n.png"; done
cp 'a gear'/test/scratch/*.png 'plain/<script>'
"$pilot" plain -o two --resize 64 --curve 0 --methods patchcore --require recall=.5 >told 2>err && grep -q '9 good images to train with, 3 good and 2 defective ones to test with, masks: no' told &&
    grep -qF '&lt;script&gt;' two/report.html && ! grep -qF 'data-kind="<script>' two/report.html
ok $? "a folder of good and one of defects: every fourth good image is for the test"
sed 's/^/# /' err

# Good images only
mkdir good && cp plain/OK/*.png good
"$pilot" good -o three --resize 64 --methods patchcore >told 2>err && grep -q 'nothing can be said of recall' told && awk -F '\t' 'NR == 2 { exit $2 != "not-yet" || $4 != "-" }' three/verdicts.tsv &&
    ! grep -q 'id="kinds"' three/report.html
ok $? "good images only: not yet, and no claim about recall"
sed 's/^/# /' err

"$pilot" plain -o four --resize 64 --curve 0 --hours 0 --lang ja >told 2>err && [ "$(wc -l <four/verdicts.tsv)" -eq 2 ] && grep -q 'left out for lack of time' four/report.html && grep -q '<html lang="ja">' four/report.html
ok $? "no hours: the judged run alone, and the page says what was left out"

echo no picture >good/13.png
that "an image that can't be read" fails 1 '13.png: is not an image' "$pilot" good -o five --resize 64
mkdir empty
that "no images" fails 1 'training images' "$pilot" empty -o six
that "no folder" fails 2 'no folder' "$pilot"
that "a folder that isn't there" fails 1 'no such folder' "$pilot" nowhere
that "an unknown option" fails 2 'not understood' "$pilot" good --speed 1
that "a rule that report does not know" fails 2 "'speed' is none of" "$pilot" plain -o seven --require speed=1
that "weights that aren't there" fails 1 "can't be read" "$pilot" plain -o eight --imagenet nowhere.safetensors
"$pilot" --help | grep -q '^usage: scripts/pilot DIR'
ok $? "--help"
done_testing
