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
compare() {
    auroc -d 12 -M "$1/metric.pam" "$1/metric.npys" >maps && agree maps "$1/metric.expected"
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
