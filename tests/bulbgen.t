#!/bin/bash
# bulbgen: an image is a function of seed, class, number and epoch, rendered as it goes or read from a file of planes.
set -o pipefail
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

pixels() { image_lines | cut -d' ' -f5; }
small=(-c 3 -n 2 -e 2 -z 24 --views 2 --render 24 --coverage 0-1)

for mode in single multi; do
    set -- -m $mode "${small[@]}" --background leaves
    bulbgen "$@" -j 1 >one
    bulbgen "$@" -j 2 | cmp -s - one
    ok $? "$mode: -j 1 and -j 2 give the same bytes"
    same=0
    for cpu in plain avx2 avx512; do
        FERN_CPU=$cpu bulbgen "$@" | cmp -s - one || same=1
    done
    ok $same "$mode: plain C, AVX2 and AVX-512 give the same bytes"
    bulbgen "$@" --planes $mode.planes -j 2 | cmp -s - one && bulbgen "$@" --planes $mode.planes | cmp -s - one && [ ! -e $mode.planes.part ]
    ok $? "$mode: the same bytes by a file of planes, made and found"
    image_lines <one >whole
    for k in 0 1 2; do bulbgen "$@" --planes $mode.planes --shard $k/3; done | image_lines | sort -n | cmp -s - whole
    ok $? "$mode: three shards are the whole"
    bulbgen "$@" --start 7 | image_lines | cmp -s - <(tail -n +8 whole)
    ok $? "$mode: --start is the tail"
    [ "$(cut -d' ' -f2 whole | sort | uniq -c | tr -s ' ' | tr '\n' ,)" = " 4 0, 4 1, 4 2," ] && [ "$(cut -d' ' -f3 whole | sort -u | wc -l)" = 12 ]
    ok $? "$mode: labels are balanced, every name once"
done

# A rendering that was interrupted is gone on with; what was damaged in it is rendered again, the rest is left as it was.
set -- "${small[@]}"
bulbgen "$@" --planes whole.planes >one
size=$(stat -c %s whole.planes) record=$((8 * 24 * 24 + 8))
[ "$size" = $((64 + 8 * 3 + 6 * record)) ]
ok $? "a file of planes is as large as the page says"
head -c $((size - 2 * record - 100)) whole.planes >cut.planes.part
printf 'xxxx' | dd of=cut.planes.part bs=1 seek=$((64 + 24 + 50)) conv=notrunc status=none
bulbgen "$@" --planes cut.planes | cmp -s - one && cmp -s cut.planes whole.planes && [ ! -e cut.planes.part ]
ok $? "FILE.part is gone on with, and comes out the same"
cp whole.planes damaged.planes
printf 'xxxx' | dd of=damaged.planes bs=1 seek=$((64 + 24 + record + 50)) conv=notrunc status=none
that "a damaged view" fails 1 'damaged.planes: view 1 of system 0 is damaged' bulbgen "$@" -e 9 --planes damaged.planes
head -c 70 whole.planes >short.planes
that "damaged forms" fails 1 'short.planes: its forms are damaged' bulbgen "$@" --planes short.planes
that "planes of another set" fails 1 'whole.planes: planes of another set' bulbgen "$@" -s 1 --planes whole.planes
that "planes of other views" fails 1 'whole.planes: planes of another set' bulbgen "$@" --views 3 --planes whole.planes
echo text >text.planes
that "no file of planes" fails 1 'text.planes: not a file of planes' bulbgen "$@" --planes text.planes
: >empty.planes
that "an empty file" fails 1 'empty.planes: empty' bulbgen "$@" --planes empty.planes
that "planes that can't be written" fails 1 'whole.planes/x' bulbgen "$@" --planes whole.planes/x
(flock 9 && fails 1 'another process renders it' bulbgen "$@" --planes locked.planes) 9>>locked.planes.part
ok $? "one process renders"

# Forms.
bulbgen -c 4 -s 3 --coverage .3-.5 --powers 5-9 --print >forms.tsv
awk 'NR == 1 { exit $0 != "system\tpower\trule\tcoverage" } ' forms.tsv &&
    [ "$(awk 'NR > 1 && $2 >= 5 && $2 <= 9 && $4 >= .3 && $4 <= .5' forms.tsv | wc -l)" = 4 ]
ok $? "--print: forms of those --powers and --coverage"
bulbgen -c 4 -s 3 --coverage .3-.5 --powers 5-9 --print -j 1 | cmp -s - forms.tsv
ok $? "the scan is the same with one thread"
bulbgen -c 4 -s 3 --coverage .3-.5 --powers 5-9 -z 16 --render 16 --views 1 | pixels >by_scan
bulbgen --codes forms.tsv -s 3 -z 16 --render 16 --views 1 | pixels | cmp -s - by_scan
ok $? "--codes of what --print wrote: the same pixels"
bulbgen --codes forms.tsv -c 2 --systems 4 --print | cut -f 2,3 | cmp -s - <(cut -f 2,3 forms.tsv)
ok $? "two classes of two --systems each"
for mode in single multi; do
    bulbgen --codes forms.tsv -c 2 --systems 4 -n 12 -z 16 --views 1 --render 16 -m $mode >two
    [ "$(image_lines <two | cut -d' ' -f2 | sort | uniq -c | tr -s ' ' | tr '\n' ,)" = " 12 0, 12 1," ]
    ok $? "--systems: labels are the classes (${mode%% *})"
done
bulbgen --codes forms.tsv -c 2 --systems 4 -n 12 -z 16 --views 1 --render 16 --background none | image_lines | awk '{ n += !seen[$9]++; one += !($9 in class && class[$9] == $2); class[$9] = $2 } END { exit !(n == 4 && one == 4) }'
ok $? "each class shows the two forms of its own block"
# The stream's identity.
name() { bulbgen -c 2 -z 16 --views 1 --render 16 --coverage 0-1 "$@" | image_lines | cut -d' ' -f4 | sort -u; }
[ "$(name)" = "$(name -e 3 -j 1)" ] && [ "$(name)" = "$(name --shard 0/2)" ] && [ "$(name)" = "$(name --start 1)" ] &&
    [ "$(name)" = "$(name --planes named.planes)" ]
ok $? "stream= does not depend on -e, -j, --shard, --start and --planes"
options=('-s 1' '-c 3' '-n 2' '-z 17' '--views 2' '--render 17' '--systems 4' '--powers 3' '--coverage 0-.9' '--codes forms.tsv' '--light random'
    '--background none' '-m multi' '-m multi --objects 3' '-m multi --object-size .2')
for option in "${options[@]}"; do
    # shellcheck disable=SC2086
    name $option
done >names
[ "$(sort -u names | wc -l)" = ${#options[@]} ] && ! grep -qx "$(name)" names
ok $? "stream= depends on everything else"

# Pixels: the corner of a picture, which no bulb of these reaches; more objects, more that isn't black.
set -- --codes forms.tsv -z 32 --views 1 --render 32
corners() { bulbgen "$@" | image_lines | cut -d' ' -f6-8 | sort -u; }
[ "$(corners "$@")" = "255 255 255" ] && [ "$(corners "$@" --background none)" = "0 0 0" ]
ok $? "--background white and none"
# filled [OPTION...]: bytes above 0 of all images
filled() { bulbgen "$@" --background none | tr -d '\0' | wc -c; }
[ "$(filled "$@" -m multi --objects 8 --object-size .2)" -gt $((2 * $(filled "$@" -m multi --objects 2 --object-size .2))) ]
ok $? "--objects: eight fill more than twice as much as two"
[ "$(filled "$@" -m multi --objects 1 --object-size .5)" -gt $((2 * $(filled "$@" -m multi --objects 1 --object-size .2))) ]
ok $? "--object-size: large ones fill more"
! bulbgen "$@" --light random | pixels | cmp -s - <(bulbgen "$@" | pixels) && [ "$(filled "$@" --light random)" -gt 5000 ]
ok $? "--light random gives other pictures"
[ "$(bulbgen "$@" -e 3 | pixels | sort -u | wc -l)" = 12 ]
ok $? "colours are drawn anew in each epoch"

bulbgen -e 0 "$@" -z 16 2>errors | head -c 100000 | grep -ac '^# id=' >count
[ "$(cat count)" -ge 20 ] && { [ ! -s errors ] || [ -n "$({ yes | head -n 1; } 2>&1 >/dev/null)" ]; } # where SIGPIPE is ignored it is told
ok $? "-e 0 goes on, a closed pipe is quiet"

for line in '-m cube' '-c 0' '-z 15' '-z 9000' '-n x' '--shard 3/3' '--start 1000' '--views' '--views 0' '--render 9999' '--powers 1-4' '--powers 2-19' \
    '--powers 4-2' '--coverage 2' '--light dark' '--background pink' '--objects 0' '--object-size 9' '--systems 10 -c 11' '-c 700' '--nonsense' 'operand'; do
    # shellcheck disable=SC2086
    that "misuse: bulbgen $line" fails 2 bulbgen bulbgen $line
done
that "more systems than the file has" fails 2 'of only 4' bulbgen --codes forms.tsv --systems 5
that "no file of forms" fails 1 absent.tsv bulbgen --codes absent.tsv
printf 'power\trule\n8\t512\n' >bad.tsv
that "a rule that is none" fails 1 'bad.tsv: line 2: rule' bulbgen --codes bad.tsv
printf 'power\n8\n' >bad.tsv
that "no rules" fails 1 "bad.tsv: no column 'rule'" bulbgen --codes bad.tsv
that "too few forms" fails 1 'only [0-9]* of 61 forms' bulbgen -c 61 --powers 3 --coverage .69-.7
done_testing
