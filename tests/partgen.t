#!/bin/bash
# partgen: the layout, the same files for any number of threads and any company, refusals.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# fails STATUS COMMAND...: leaves so, with one line on stderr
fails() {
    "${@:2}" >out 2>err
    [ $? -eq "$1" ] && [ "$(wc -l <err)" -eq 1 ]
}

small='-z 40 --train 2 --good 1 --defect 2'
# shellcheck disable=SC2086 # options are words
{
    partgen $small -k gear -j 1 -o one && partgen $small -k gear -j 2 -o two && diff -r one two >&2
    ok $? "the same files with -j 1 and -j 2"
    partgen -z 40 --train 1 --good 0 --defect 1 -k wood,gear -o both && cmp one/train/good/000.png both/gear/train/good/000.png &&
        cmp one/test/rust/000.png both/gear/test/rust/000.png && [ -e both/wood/test/hole/000.png ] && [ ! -e both/gear/test/good ]
    ok $? "a picture does not depend on how many are made, nor on other kinds"
    partgen $small -k gear -s 2 -o other && ! cmp -s one/train/good/000.png other/train/good/000.png
    ok $? "another seed, another part"
    partgen $small -k gear -d hard -o hard && diff -r one/train hard/train >&2 && ! cmp -s one/test/rust/000.png hard/test/rust/000.png
    ok $? "--difficulty changes the defective parts only"
}

defects=$(partgen --list | awk -F'\t' '$1 == "gear" { print $3 }')
{
    printf 'train/good/%s.png\n' 000 001
    printf 'test/good/000.png\n'
    for d in $defects; do
        printf "test/$d/%s.png\n" 000 001
        printf "ground_truth/$d/%s_mask.png\n" 000 001
    done
} | sort >expected
(cd one && find . -type f | sed 's,^\./,,' | sort) | diff expected - >&2
ok $? "MVTec AD's layout, and nothing beside it"

partgen --list | awk -F'\t' 'NR == 1 { next } !($1 in n) { kinds[$2]++ } { n[$1]++ }
    END { for (k in n) if (n[k] < 4) exit 1; exit !(kinds["object"] >= 3 && kinds["texture"] >= 3) }'
ok $? "three objects and three textures, four defects each, and more"

fails 1 partgen -k gear -o one && [ "$(find one -type f | wc -l)" -eq "$(wc -l <expected)" ]
ok $? "a folder that is not empty is refused"
touch one/notes
partgen -q --force -z 40 --train 1 --good 0 --defect 0 -k gear -s 9 -o one && [ -e one/notes ] && ! cmp -s one/train/good/000.png two/train/good/000.png
ok $? "--force replaces files of the same name, no others"
fails 1 partgen -k gear -o expected/x
ok $? "a file where a folder should be"
fails 2 partgen && fails 2 partgen -o x -k geer && fails 2 partgen -o x -k gear, && fails 2 partgen -o x -z 31 &&
    fails 2 partgen -o x -d harder && fails 2 partgen -o x y && [ ! -e x ]
ok $? "misuse writes nothing"

(ulimit -f 1 && trap '' XFSZ && fails 1 partgen -k gear -z 128 --train 1 --good 0 --defect 0 -o cut) && [ -z "$(find cut -type f)" ]
ok $? "a file that cannot be written whole is not there"

if imgcat --help >/dev/null 2>&1; then
    imgcat -r 0 -s test two >stream && [ "$(grep -ac '^# defect=' stream)" -eq 11 ] && imgcat -M -r 0 -s test two >masks &&
        [ "$(grep -ac '^# name=' masks)" -eq 11 ]
    ok $? "imgcat reads it, masks too"
fi
done_testing
