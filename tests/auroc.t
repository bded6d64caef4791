#!/bin/bash
# auroc against scikit-learn and scipy (tests/oracle/metric.py): the committed dump, and fresh ones where Python has both. Then
# what must hold between its outputs.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder
oracle=$FERN_TESTS/oracle

# agree A B: tables of the same cells, numbers within 1e-9 (the threshold, column 6, within a float's rounding)
agree() {
    paste "$1" "$2" | awk -F '\t' '
        NF != 18 { exit bad = 1 }
        {
            for (i = 1; i <= 9; i++) {
                d = $i - $(i + 9)
                number = $i ~ /^-?[0-9.]+(e-?[0-9]+)?$/ && NR > 1
                if (number ? (d < 0 ? -d : d) > (i == 6 ? 1e-7 : 1e-9) : $i != $(i + 9)) {
                    print "# line " NR ": " $i ", not " $(i + 9)
                    bad = 1
                }
            }
        }
        END { exit bad || NR < 3 }'
}
# compare DIR WHAT [OPTION...]
compare() {
    auroc -d 12 "${@:3}" -M "$1/metric.pam" "$1/metric.npys" >maps && agree maps "$1/metric.expected"
    ok $? "maps and masks, $2"
    auroc -d 12 "$1/metric.tsv" >scores && agree scores "$1/metric.scores-expected"
    ok $? "a table of scores, $2"
}
compare "$oracle" "as committed"
for seed in 2 3 4; do
    if /usr/bin/python3 "$oracle/metric.py" . $seed 2>/dev/null; then
        compare . "seed $seed, scikit-learn now"
    else
        skip "seed $seed" "no /usr/bin/python3 with scikit-learn and scipy"
    fi
done

# The same map as f4 and as f2; then as f4 again, so that what was converted is not taken for what came.
half() { npy_note name=hole/1 label=1 score=1 arrays=map && npy_header '<f2' '2, 2' && printf '\0\74\0\100\0\102\0\104'; }
float() { npy_note name=hole/1 label=1 score=1 arrays=map && npy_f4 '2, 2' "$@"; }
{ npy_note stream=maps && half && half && float 4 3 2 1 && npy_note end=3; } >halves
{ npy_note stream=maps && float 1 2 3 4 && float 1 2 3 4 && float 4 3 2 1 && npy_note end=3; } >floats
masks() { for _ in 1 2 3; do printf 'P5\n2 2\n1\n\1\0\1\1'; done; }
auroc -M <(masks) halves >table.half && auroc -M <(masks) floats | cmp - table.half && grep -q '^all.*0\.[1-9]' table.half
ok $? "maps of f2 are measured as those of f4"

# 360,000 pixels, 32,768 of them in 1 MB
if /usr/bin/python3 "$oracle/metric.py" . 5 200 2>/dev/null; then
    compare . "larger maps than memory, scikit-learn now" --mem 1M
    auroc -d 17 -R curves.all -M metric.pam metric.npys >table.all && auroc -d 17 --mem 1M -R curves.mem -M metric.pam metric.npys >table.mem &&
        cmp table.all table.mem && cmp curves.all curves.mem
    ok $? "and the same bytes as in memory, curves too"
else
    skip "larger maps than memory" "no /usr/bin/python3 with scikit-learn and scipy"
    skip "the same bytes as in memory" "the same"
fi

for j in 1 2 3; do
    auroc -j $j -d 17 -M "$oracle/metric.pam" -R "curves.$j" <"$oracle/metric.npys" >"table.$j" || break
done
cmp table.1 table.2 >&2 && cmp table.1 table.3 >&2 && cmp curves.1 curves.2 >&2 && cmp curves.1 curves.3 >&2
ok $? "the same bytes with 1, 2 and 3 threads"

auroc "$oracle/metric.npys" | cut -f 1-6 >without
auroc -M "$oracle/metric.pam" "$oracle/metric.npys" | cut -f 1-6 | cmp - without >&2
ok $? "image figures are the same without masks"

cp "$oracle/metric.npys" again
auroc -M <(cat "$oracle/metric.pam" "$oracle/metric.pam") "$oracle/metric.npys" - <again | cut -f 1,3- >twice
auroc -M "$oracle/metric.pam" "$oracle/metric.npys" | cut -f 1,3- | awk -F '\t' -v OFS='\t' '{ $3 = "" } 1' >once
awk -F '\t' -v OFS='\t' '{ $3 = "" } 1' twice | cmp - once >&2
ok $? "every image twice: the same figures"

# Six maps of a million pixels: what waits on disk, what is in memory.
{
    npy_note name=hole/1 label=1 score=1 arrays=map
    npy_header '<f4' '1024, 1024'
    perl -e 'srand 1; print pack("f<1024", map { rand } 1 .. 1024) for 1 .. 1024'
} >million
{ printf 'P7\nWIDTH 1024\nHEIGHT 1024\nDEPTH 1\nMAXVAL 1\nTUPLTYPE GRAYSCALE\nENDHDR\n' && head -c 1048076 /dev/zero && head -c 500 /dev/zero | tr '\0' '\1'; } >mask
six=(million million million million million million)
masks() { for _ in "${six[@]}"; do cat mask; done; }
TMPDIR=/nowhere auroc -v -d 17 -M <(masks) "${six[@]}" >all 2>log && grep -q ' 6291456 pixels, 6 regions .* 0 runs of 0.0 MB' log
ok $? "6,291,456 pixels fit the default memory: no temporary file is made"
auroc -v --mem=24M -d 17 -M <(masks) "${six[@]}" 2>log.less | cmp - all && grep -qE ' [1-9][0-9]* runs of [1-9]' log.less
ok $? "with a part of it: the same figures"
peak() { sed -n 's/.*peak memory \([0-9]*\) MB.*/\1/p' "$1"; }
if [ "${SANITIZE-}" = 1 ]; then
    skip "peak memory" "the sanitizers keep what is freed"
else
    [ "$(peak log)" -gt 100 ] && [ "$(peak log.less)" -le 30 ]
    ok $? "peak memory: $(peak log) MB, and $(peak log.less) MB with --mem 24M"
fi
TMPDIR=/nowhere fails 1 'a temporary file of the scores of pixels in /nowhere' auroc --mem 24M -M <(masks) "${six[@]}"
ok $? "no folder for what waits"
(ulimit -f 1000 && trap '' XFSZ && fails 1 'the temporary file of the scores of pixels in .*(TMPDIR), .* MB long: File too large' \
    auroc --mem 24M -M <(masks) "${six[@]}")
ok $? "no room for what waits"
fails 2 'mem 900K: 1M is the least' auroc --mem 900K
ok $? "less than a little"

# area CURVE: the area under that curve of all images, from its points
area() {
    awk -F '\t' -v curve="$1" '
        $1 == curve && $2 == "all" { if (n++) sum += ($4 - x) * ($5 + y) / 2; x = $4; y = $5 }
        END { printf "%.6f\n", sum }' curves
}
auroc -P 0 -f 1 -R curves -M "$oracle/metric.pam" "$oracle/metric.npys" >table
[ "$(area image_roc) $(area pixel_roc) $(area pro)" = "$(tail -n 1 table | cut -f 3,7,9 | tr '\t' ' ')" ]
ok $? "the areas under the curves are the figures"
auroc -P 9 -f 1 -R curves -M "$oracle/metric.pam" "$oracle/metric.npys" >table
[ "$(grep -c '^pro	all' curves)" -le 11 ]
ok $? "thinned curves"
done_testing
