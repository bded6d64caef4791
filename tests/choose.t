#!/bin/bash
# scripts/choose-score: a row a fit, the means of them, and the choice that they give.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
export TMPDIR=$work
choose=$FERN_TESTS/../scripts/choose-score

"$choose" "$FERN_BIN" -k gear -n 2 -z 32 -d easy -f 'patch/4 top:0.05/2' random:1:layer2,half:layer1 >table
ok $? "two forms, two seeds"
[ "$(grep -c -P '\tgear\t[12]\t0\.\d+\t0\.\d+\t0\.\d+$' table)" -eq 4 ] && [ "$(grep -c -P '\tall\tall\t' table)" -eq 4 ]
ok $? "a row a fit, and the means"
awk -F '\t' '$4 == "gear" && $2 == "layer2,half:layer1" && $3 == "patch/4" { sum += $6; n++ } $4 == "all" && $2 == "layer2,half:layer1" && $3 == "patch/4" { mean = $6 }
    END { d = sum / n - mean; exit !(n == 2 && d * d < 1e-8) }' table
ok $? "which are those of their rows"
# The rule by hand: the first form stays unless the other is more than two standard errors above it.
awk -F '\t' '$4 == "gear" { x[$2, $5, $3] = $6; key[$2 SUBSEP $5] } /^# form: / { chosen = substr($0, 9) }
    END { for (k in key) { d = x[k, "top:0.05/2"] - x[k, "patch/4"]; s += d; ss += d * d; n++ }
        want = s > 0 && s / n > 2 * sqrt((ss - s * s / n) / (n - 1) / n) ? "top:0.05/2" : "patch/4"; exit !(n == 2 && chosen == want) }' table
ok $? "the choice of the form"
grep -qE '^# layers of random:1: layer2,half:layer1$' table
ok $? "and of the layers"
"$choose" "$FERN_BIN" 2>err
[ $? -eq 2 ] && grep -q 'no weights' err
ok $? "no weights"
[ -z "$(find . -name 'tmp.*')" ]
ok $? "nothing is left"
done_testing
