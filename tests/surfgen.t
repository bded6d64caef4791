#!/bin/bash
# surfgen: an image is a function of seed, class, number and epoch, however the stream is made or cut; its label is the class of its
# largest region; switches leave alone what they don't switch.
set -o pipefail
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

small=(-c 5 -n 4 -e 2 -z 48)

surfgen "${small[@]}" -j 1 >one
surfgen "${small[@]}" -j 2 | cmp -s - one
ok $? "-j 1 and -j 2 give the same bytes"
image_lines <one >whole
same=0
for cpu in plain avx2 avx512; do
    FERN_CPU=$cpu surfgen "${small[@]}" | cmp -s - one || same=1
done
ok $same "plain C, AVX2 and AVX-512 give the same bytes"
for k in 0 1 2; do surfgen "${small[@]}" --shard $k/3; done | image_lines | sort -n | cmp -s whole -
ok $? "three shards are the whole"
surfgen "${small[@]}" --start 17 | image_lines | cmp -s - <(tail -n +18 whole)
ok $? "--start is the tail"
[ "$(cut -d' ' -f1 whole | tr '\n' ' ')" = "$(seq -s' ' 0 39) " ]
ok $? "ids count from 0"
[ "$(awk '{ n[$2]++ } END { for (l in n) print l, n[l] }' whole | sort | tr '\n' ,)" = "0 8,1 8,2 8,3 8,4 8," ]
ok $? "labels are balanced"
[ "$(cut -d' ' -f3 whole | sort -u | wc -l)" = 40 ] && [ "$(cut -d' ' -f5 whole | sort -u | wc -l)" = 40 ]
ok $? "every name once, no two images alike"
tail -c 8 one | cmp -s - <(pam_end 40)
ok $? "the end record says 40"

# Bytes that must never change without a new generation in the identity of a stream.
while read -r want options; do
    # shellcheck disable=SC2086
    got=$(surfgen -c 8 -s 9 -z 64 $options | image_lines | cut -d' ' -f5,10 | cksum | cut -d' ' -f1)
    [ "$got" = "$want" ] || echo "# got $got"
    [ "$got" = "$want" ]
    ok $? "golden:${options:+ }$options"
done <"$FERN_TESTS/surfgen.sums"

# Labels.
surfgen "${small[@]}" --labels | image_lines >labelled
cut -d' ' -f1-3,5 labelled | cmp -s - <(cut -d' ' -f1-3,5 whole)
ok $? "--labels: the same colours"
awk '{ bad += $11 != $2 + 1 } END { exit bad > 0 }' <(surfgen -c 50 -n 4 -z 48 --labels --scenes plain,shape | image_lines)
ok $? "one or two regions: the label is the class of the largest"
awk '{ good += $11 == $2 + 1 } END { exit good < 0.8 * NR }' <(surfgen -c 50 -n 4 -z 48 --labels --scenes leaves | image_lines)
ok $? "leaves: nearly always, as regions of one class are seldom more than one"
surfgen -c 20 -z 48 --labels --scenes plain | image_lines | awk '{ print $10 }' | sort -u | wc -l | grep -qx 20
ok $? "--scenes plain: the whole image has its class"

# Switches.
labels_of() { surfgen -c 8 -n 3 -z 48 --labels "$@" | image_lines | cut -d' ' -f10; }
labels_of >all
for switch in '--light no' '--camera no' '--light no --camera no'; do
    # shellcheck disable=SC2086
    labels_of $switch | cmp -s - all
    ok $? "$switch: the same surfaces in the same places"
done
surfgen -c 40 -t fractal --print | awk -F'\t' 'NR > 1 && $2 != "fractal" { bad = 1 } END { exit bad || NR != 41 }'
ok $? "--textures fractal: all classes are"
surfgen -c 300 --textures cells,cells,cells,bands --print | awk -F'\t' '{ n[$2]++ } END { exit !(n["cells"] > 195 && n["bands"] > 45) }'
ok $? "--textures: named thrice, drawn thrice as often"

# The stream's identity.
name() { surfgen -c 2 -z 32 "$@" | image_lines | cut -d' ' -f4 | sort -u; }
[ "$(name)" = "$(name -e 3 -j 1)" ] && [ "$(name)" = "$(name --shard 0/2)" ] && [ "$(name)" = "$(name --start 1)" ]
ok $? "stream= does not depend on -e, -j, --shard and --start"
options=('-s 1' '-c 3' '-n 2' '-z 33' '-t noise' '--scenes plain' '--light no' '--camera no' '--labels')
for option in "${options[@]}"; do
    # shellcheck disable=SC2086
    name $option
done >names
[ "$(sort -u names | wc -l)" = ${#options[@]} ] && ! grep -qx "$(name)" names
ok $? "stream= depends on everything else"

# A stream without end stops when its reader does.
surfgen -e 0 -c 2 -z 32 2>errors | head -c 100000 | grep -ac '^# id=' >count
[ "$(cat count)" -ge 20 ]
ok $? "-e 0 goes on"
surfgen -c 3 -z 32 >/dev/full 2>errors
[ $? -eq 1 ] && [ "$(wc -l <errors)" = 1 ]
ok $? "a full disk: status 1, one line"

# Misuse: status 2, one line, nothing on stdout.
for line in '-c 0' '-z 15' '-z 9000' '-t wood' '-t' '--scenes plain,' '--light maybe' '--labels -c 256' '--shard 3/3' '--start 1000' \
    '--nonsense' 'operand' "--scenes $(yes plain | head -n 17 | paste -sd,)"; do
    # shellcheck disable=SC2086
    surfgen $line >out 2>errors
    [ $? -eq 2 ] && [ ! -s out ] && [ "$(wc -l <errors)" = 1 ]
    ok $? "misuse: surfgen $line"
done
done_testing
