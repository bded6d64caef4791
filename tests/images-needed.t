#!/bin/bash
# scripts/images-needed: a row a fit, each that of the pipeline on the images that the seed chose; what is undefined; what it refuses.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
export FERN_BIN
own_folder
export OMP_NUM_THREADS=1 TMPDIR=$work

partgen -q -k gear -z 48 --train 5 --good 3 --defect 1 -o 'a gear' || exit 1
needed() { "$FERN_TESTS/../scripts/images-needed" "$@" >out 2>err; }
common=(-d 'a gear' -w random:1 -l 'layer1,layer2' -r 48 -f '-r 0.05')

needed "${common[@]}" -n 2 -s 7 -o table
ok $? "figures over images" || sed 's/^/# /' err
[ "$(head -n 1 table)" = "$(printf 'images\tseed\timage_auroc\tpixel_auroc\taupro')" ] && [ ! -s out ] &&
    [ "$(tail -n +2 table | cut -f 1,2 | tr '\t\n' ': ')" = '1:7 1:8 2:7 2:8 4:7 4:8 5:7 ' ]
ok $? "1, 2, 4 by two seeds each, and all once"
awk -F '\t' 'NR > 1 { for (i = 3; i <= 5; i++) bad += !($i >= 0 && $i <= 1 && $i != "-") } END { exit bad || NR != 8 }' table
ok $? "each with three figures"
! cmp -s <(awk '$2 == 7 { print $1, $3, $4, $5 }' table | head -n 3) <(awk '$2 == 8 { print $1, $3, $4, $5 }' table)
ok $? "other seeds, other images"
grep -q 'features' err && [ "$(grep -c '^images-needed: [1-5]' err)" -eq 7 ]
ok $? "rows are told as they come"

# The last row is the plain pipeline's.
needed "${common[@]}" -n 1 -q -j 1 && [ ! -s err ] && mv out whole
imgcat -q -r 48 -s train 'a gear' | featx -q -w random:1 -l layer1,layer2 | patchcore -q -r 0.05 -o m.st
imgcat -q -r 48 -s test 'a gear' | featx -q -w random:1 -l layer1,layer2 | patchcore -q -m m.st | auroc -q -M <(imgcat -q -r 48 -M -s test 'a gear') >measured
[ "$(tail -n 1 whole | cut -f 3-)" = "$(awk -F '\t' -v OFS='\t' '$1 == "all" { print $3, $7, $9 }' measured)" ]
ok $? "all images: what the pipeline gives"
needed "${common[@]}" -n 2 -s 7 -j 2 -q && cmp out table
ok $? "the same table again"
needed "${common[@]}" -n 1 -s 8 -q && cmp <(awk '$2 == 8' out | head -n 3) <(awk '$2 == 8' table)
ok $? "a seed's rows are its own"

# Stopped at its fifth fit, and asked again: four rows are there, three are made.
cat >tired <<'END'
#!/bin/bash
# PatchCore, but its fifth fit fails
case $* in *' -o '*) echo x >>fits; [ "$(wc -l <fits)" -ne 5 ] || { echo 'tired: no more' >&2; exit 1; } ;; esac
exec patchcore "$@"
END
chmod +x tired
needed "${common[@]}" -m ./tired -n 2 -s 7 -o late
[ $? -eq 1 ] && grep -q '^tired: no more' err && [ ! -e late ] && [ "$(tail -n +2 late.rows | cut -f 1,2 | tr '\t\n' ': ')" = '1:7 1:8 2:7 2:8 ' ]
ok $? "stopped: the rows wait"
needed "${common[@]}" -m ./tired -n 2 -s 7 -o late && cmp late table && [ "$(wc -l <fits)" -eq 8 ] && [ ! -e late.rows ] && [ "$(grep -c 'from late.rows' err)" -eq 4 ]
ok $? "the same asked again: the work goes on behind them, to the same table"
printf '# %s\n1\t7\t2\t2\t2\n' "$(echo other | cksum)" >late.rows
needed "${common[@]}" -n 1 -s 7 -o late && cmp late <(awk 'NR == 1 || $2 == 7' table)
ok $? "rows of something else are not taken"

needed "${common[@]}" -m padim -f '-d 8' -n 1 -q && [ "$(awk -F '\t' 'NR > 1 { print $1 ":" ($3 == "-" && $5 == "-") }' out | xargs)" = '1:1 2:1 4:0 5:0' ]
ok $? "of too few images for a fit there are no figures"
cat >lister <<'END'
#!/bin/bash
# A method that takes no images: it writes their names, sorted, a file a fit.
n=$(find . -name 'fit.*' | wc -l)
printf '%s\n' "$@" | grep /train/ | sed 's,.*/,,' | sort >fit.$n
echo 'lister: a fit needs more' >&2
exit 1
END
chmod +x lister
needed "${common[@]}" -m ./lister -n 1 -q && [ "$(wc -l fit.? | awk '{ print $1 }' | xargs)" = '1 2 4 5 12' ] &&
    [ -z "$(comm -23 fit.0 fit.1)$(comm -23 fit.1 fit.2)$(comm -23 fit.2 fit.3)" ] && [ "$(sort -u fit.3 | wc -l)" -eq 5 ]
ok $? "each choice holds the smaller ones"
mv 'a gear/ground_truth' gone && needed "${common[@]}" -n 1 -q && [ "$(awk -F '\t' 'NR > 1 { print ($3 != "-") $4 $5 }' out | sort -u)" = 1-- ]
ok $? "nor of pixels without masks"

refused() { # refused STATUS WORDS OPTION...
    needed "${@:3}" -o none
    [ $? -eq "$1" ] && grep -q -e "$2" err && [ ! -s out ] && [ ! -e none ] && [ ! -e none.rows ]
    ok $? "refused: ${*:3}" || sed 's/^/# /' err
}
refused 2 'wanted' -d 'a gear'
refused 2 'not understood' -x
needed "${common[@]}" more; [ $? -eq 2 ] && grep -q 'what is more' err
ok $? "refused: an operand"
refused 2 '-n 0: not a number' "${common[@]}" -n 0
refused 1 'nothing' "${common[@]}" -d nothing
refused 1 'invalid\|not a number' "${common[@]}" -f '-r many'
[ -z "$(find . -name 'tmp.*')" ]
ok $? "nothing is left behind"
done_testing
