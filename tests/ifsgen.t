#!/bin/bash
# ifsgen: an image is a function of seed, class, number and epoch, however the stream is made or cut.
set -o pipefail
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

small=(-c 5 -n 4 -e 2 -z 96 --points 4000)

for mode in single multi fractaldb; do
    set -- -m $mode "${small[@]}" --background leaves --colour map --tone log
    [ $mode != fractaldb ] || set -- -m $mode "${small[@]}" --maps 3-4 --fill .01
    ifsgen "$@" -j 1 >one
    ifsgen "$@" -j 2 >two
    cmp -s one two
    ok $? "$mode: -j 1 and -j 2 give the same bytes"
    image_lines <one >whole
    same=0
    for cpu in plain avx2 avx512; do
        FERN_CPU=$cpu ifsgen "$@" | cmp -s - one || same=1
    done
    ok $same "$mode: plain C, AVX2 and AVX-512 give the same bytes"
    for k in 0 1 2; do ifsgen "$@" --shard $k/3; done | image_lines | sort -n >shards
    cmp -s whole shards
    ok $? "$mode: three shards are the whole"
    ifsgen "$@" --start 17 | image_lines >rest
    tail -n +18 whole | cmp -s - rest
    ok $? "$mode: --start is the tail"
    [ "$(cut -d' ' -f1 whole | tr '\n' ' ')" = "$(seq -s' ' 0 39) " ]
    ok $? "$mode: ids count from 0"
    [ "$(awk '{ n[$2]++ } END { for (l in n) print l, n[l] }' whole | sort | tr '\n' ,)" = "0 8,1 8,2 8,3 8,4 8," ]
    ok $? "$mode: labels are balanced"
    [ "$(cut -d' ' -f3 whole | sort -u | wc -l)" = 40 ]
    ok $? "$mode: every name once"
    [ "$(cut -d' ' -f5 whole | sort -u | wc -l)" = 40 ]
    ok $? "$mode: no two images alike"
    tail -c 8 one | cmp -s - <(pam_end 40)
    ok $? "$mode: the end record says 40"
done

# Bytes that must never change without a new generation in the identity of a stream.
while read -r want options; do
    # shellcheck disable=SC2086
    got=$(ifsgen -c 3 -n 2 -s 9 -z 100 --points 3000 $options | image_lines | cut -d' ' -f5 | cksum | cut -d' ' -f1)
    [ "$got" = "$want" ] || echo "# got $got"
    [ "$got" = "$want" ]
    ok $? "golden:${options:+ }$options"
done <"$FERN_TESTS/ifsgen.sums"

# Systems.
ifsgen -c 4 --systems 12 -s 3 --print >codes.tsv
[ "$(awk 'NR > 1 { s[$1] } END { print length(s) }' codes.tsv)" = 12 ]
ok $? "--print writes all systems"
ifsgen -c 4 --systems 12 -s 3 -n 3 -z 64 --points 1000 | image_lines | cut -d' ' -f5 >sampled
ifsgen -c 4 --codes codes.tsv -s 3 -n 3 -z 64 --points 1000 | image_lines | cut -d' ' -f5 | cmp -s - sampled
ok $? "--codes of what --print wrote: the same pixels"
ifsgen --codes codes.tsv --print | cmp -s - codes.tsv
ok $? "--codes and --print: the same file"
mkdir csv
for i in 0 1 2; do
    awk -v i=$i -v OFS=, -F'\t' '$1 == i { print $3, $4, $5, $6, $7, $8, $9 }' codes.tsv >csv/0000$i.csv
done
{ printf '\xef\xbb\xbf' && cat codes.tsv; } >mark.tsv && ifsgen --codes mark.tsv --print | cmp -s - codes.tsv
ok $? "--codes with a byte order mark, TSV"
mkdir -p marked && for f in csv/*.csv; do { printf '\xef\xbb\xbf' && cat "$f"; } >"marked/${f##*/}"; done
mkfifo marked/pipe.csv && ln -s . marked/self.csv
timeout 10 ifsgen -v --codes marked --print 2>&1 >/dev/null | grep -c 'passed over' | grep -qx 2
ok $? "--codes: pipes and folders in a folder are passed over"
timeout 10 ifsgen --codes marked --print | cmp -s - <(ifsgen --codes csv --print)
ok $? "--codes with a byte order mark, CSV"
ifsgen --codes csv --print | cmp -s - <(awk 'NR == 1 || $1 < 3' codes.tsv)
ok $? "a folder of CSV files"
ifsgen --codes csv -z 64 --points 1000 | image_lines | cut -d' ' -f2 | sort | tr -d '\n' | grep -qx 012
ok $? "a class for each system of the files"
[ "$(ifsgen --sampler search -c 2 --fill .1 -s 1 --print | awk 'NR > 1' | wc -l)" -ge 4 ]
ok $? "the search finds systems"

# Options of the systems, by what --print says of them. most [ARG...]: the largest magnitude of a translation
most() { ifsgen -c 40 --systems 40 "$@" --print | awk 'NR > 1 { for (i = 7; i <= 8; i++) { x = $i < 0 ? -$i : $i; if (x > m) m = x } } END { print m }'; }
awk -v a="$(most --translation .1)" -v b="$(most)" 'BEGIN { exit !(a > .09 && a <= .1 && b > .9 && b <= 1) }'
ok $? "--translation bounds them"
ifsgen -c 40 --systems 40 --alpha 5-5.2 --print | awk 'NR > 1 {
        e = $3 * $3 + $4 * $4 + $5 * $5 + $6 * $6; d = $3 * $6 - $4 * $5; root = sqrt(e * e - 4 * d * d)
        sum[$1] += sqrt((e + root) / 2) + 2 * sqrt((e - root) / 2) }
    END { for (s in sum) { n++; bad += sum[s] < 4.999999 || sum[s] > 5.200001 } exit !(n == 40 && !bad) }'
ok $? "--alpha: the sum of first and twice the second singular values"
ifsgen --sampler one -c 30 --delta 0 --print >same.tsv
cut -f 2- same.tsv | tail -n +2 | sort -u >base.tsv
ifsgen --sampler one -c 30 --delta .05 --print | awk 'NR == FNR { for (i = 2; i <= 7; i++) base[$1, i] = $i; next }
    FNR > 1 { for (i = 3; i <= 8; i++) { r = $i / base[$2, i - 1] - 1; if (r > up) up = r; if (r < down) down = r } }
    END { exit !(up > .04 && up <= .050001 && down < -.04 && down >= -.050001) }' base.tsv -
ok $? "--delta: each number of the one system times 1 - D to 1 + D"

# The weights of FractalDB come in rows of four images, one for each flip; without weights all rows are the same.
fractaldb() { ifsgen -m fractaldb --sampler sigma -c 1 --systems 1 -n 8 -z 64 --points 1000 "$@" | image_lines | sort -k 3 | cut -d' ' -f5; }
fractaldb --weight 0 >none && fractaldb >some && fractaldb --weight .1 >others
[ "$(sed -n 1p none)" = "$(sed -n 5p none)" ] && [ "$(sed -n 1p some)" != "$(sed -n 5p some)" ] && ! cmp -s some others
ok $? "--weight moves numbers, 0 none"

# The stream's identity.
name() { ifsgen -c 2 -z 32 --points 100 "$@" | image_lines | cut -d' ' -f4 | sort -u; }
[ "$(name)" = "$(name -e 3 -j 1)" ] && [ "$(name)" = "$(name --shard 0/2)" ] && [ "$(name)" = "$(name --start 1)" ]
ok $? "stream= does not depend on -e, -j, --shard and --start"
different=0
options=('-s 1' '-c 3' '-n 2' '-z 33' '--tone log' '--tone binary' '--blur .4' '--flip no' '--window no' '--patch yes' '--points 1000'
    '--systems 101' '--maps 3' '--alpha 5-6' '--translation .9' '--colour none' '--jitter svd' '--background noise'
    '--sampler one' '--sampler one --delta .2' '--sampler one --fill .06' '--codes codes.tsv' '--codes csv' '-m multi' '-m multi --objects 3'
    '-m multi --object-size .2' '-m fractaldb' '-m fractaldb --weight .3')
for option in "${options[@]}"; do
    # shellcheck disable=SC2086
    name $option
done >names
[ "$(sort -u names | wc -l)" = ${#options[@]} ] && ! grep -qx "$(name)" names || different=1
ok $different "stream= depends on everything else"

# A stream without end stops when its reader does.
ifsgen -e 0 -c 2 -z 32 --points 100 2>errors | head -c 100000 | grep -ac '^# id=' >count
[ "$(cat count)" -ge 20 ]
ok $? "-e 0 goes on"
[ ! -s errors ]
ok $? "a closed pipe is quiet"
ifsgen -c 3 -z 32 >/dev/full 2>errors
[ $? -eq 1 ] && [ "$(wc -l <errors)" = 1 ]
ok $? "a full disk: status 1, one line"

# Misuse: status 2, one line, nothing on stdout. Bad files: status 1.
misused() {
    ifsgen "$@" >out 2>errors
    [ $? -eq 2 ] && [ ! -s out ] && [ "$(wc -l <errors)" = 1 ]
    ok $? "misuse: ifsgen $*"
}
for line in '-m cube' '-c 0' '-z 15' '-z 9000' '-n x' '--shard 3/3' '--shard 1' '--start 1000' '--tone' '--maps 4-2' '--maps 9' \
    '--alpha 5-4' '--blur 2' '--patch maybe' '--systems 10 -c 11' '--nonsense' 'operand' '-c 10000000 -n 1000000000 -e 2147483648'; do
    # shellcheck disable=SC2086
    misused $line
done
misused --codes codes.tsv --systems 13
misused --codes codes.tsv -c 13
failed() {
    ifsgen "$@" >out 2>errors
    [ $? -eq 1 ] && [ ! -s out ] && [ "$(wc -l <errors)" = 1 ] && grep -q "$2" errors
    ok $? "failure: ifsgen $*"
}
printf '1,2,3\n' >bad.csv
mkdir empty
failed --codes absent.tsv
failed --codes bad.csv
failed --codes empty
done_testing
