#!/bin/bash
# verdict: tables and map streams to alarms and drift, line by line.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# scores NUMBER...: a table as patchcore -t writes it, with 3 as threshold
scores() {
    printf 'name\tlabel\tdefect\tscore\tverdict\n'
    local i=0 s
    for s; do
        i=$((i + 1))
        printf 'part %d\t\t\t%s\t%s\n' $i "$s" "$(awk -v s="$s" 'BEGIN { print (s >= 3) ? "defect" : "ok" }')"
    done
}
# column N < TABLE: its cells in one word, without the header
column() { tail -n +2 | cut -f "$1" | tr -d '\n'; }
is() { [ "$1" = "$2" ] || { echo "# '$1', not '$2'" && false; }; }

scores 1 3 2.5 1 4 >table
verdict table >out && printf 'frame\talarm\tdrift\tverdict\tscore\tname\tlabel\tdefect\n1\t0\t-\tok\t1\tpart 1\t\t\n2\t1\t-\tdefect\t3\tpart 2\t\t\n' |
    cmp - <(head -n 3 out) >&2
ok $? "the table's own verdicts"
that "--threshold wins" is "$(verdict --threshold 2.5 table | column 2)" 01101
that "a score at it is a defect" is "$(verdict --threshold 4 table | column 4)" okokokokdefect
that "--hysteresis: the alarm stays, the verdict does not" is "$(verdict --hysteresis 2.5 table | tee out | column 2) $(column 4 <out)" "01101 okdefectokokdefect"
that "below --hysteresis it ends" is "$(verdict --hysteresis 2.6 table | column 2)" 01001
scores 3 1 3 1 1 2 3 3 2 2 1 >long
that "--of 2/3" is "$(verdict --of 2/3 long | column 2)" 00100001100
that "--of 2/3 --hysteresis 2" is "$(verdict --of 2/3 --hysteresis 2 long | column 2)" 00100001111
that "--changes: the first frame and where the alarm turns" is "$(verdict -c --of 2/3 long | cut -f 1,2 | tr '\t\n' '  ')" "frame alarm 1 0 3 1 4 0 8 1 10 0 "
printf 'score\nname\n' | sed 's/name/2/' >plain
{ cat plain plain && printf '\r\n' | sed 's/^/5/'; } | verdict --threshold 3 >out && is "$(column 5 <out)" 225
ok $? "a score alone, the header once more, and a carriage return"
printf '\xef\xbb\xbfname\tscore\na\t4\n' | verdict --threshold 3 | tail -n 1 | grep -q "^1	1	-	defect	4	a		$"
ok $? "a byte order mark"

# --changes for a loop in the shell: no cell before the name is empty, so that read takes none for another
verdict -c table | while IFS=$'\t' read -r _ alarm _ verdict _ name _; do echo "$alarm $verdict $name"; done | tail -n +2 | head -n 2 >out
is "$(<out)" $'0 ok part 1\n1 defect part 2'
ok $? "read in the shell"

# a map stream brings its threshold
npy_note stream=maps version=1 threshold=3 >maps
for s in 1 3 2.5; do npy_note name=$s label=1 defect=hole score=$s arrays= >>maps; done
npy_note end=3 >>maps
that "a map stream and its threshold" is "$(verdict maps | column 2)" 010
verdict maps | sed -n 3p | grep -q '^2	1	-	defect	3	3	1	hole$'
ok $? "its keys"
{ npy_note stream=maps version=1 && npy_note name=a score=1 arrays= && npy_note end=1; } >silent

# drift: a model of 40 vectors, and parts like them and not
# shellcheck disable=SC2046 # numbers are words
vectors() { # vectors FIRST LAST FACTOR
    npy_note stream=features version=1 layers=avgpool
    for ((i = $1; i <= $2; i++)); do
        npy_note "name=$i" input=8x8 arrays=avgpool
        npy_f4 '4,' $(perl -e 'my ($x, $f) = @ARGV; for (1 .. 4) { $x = ($x * 1103515245 + 12345) % 2147483648; print $f * (($x >> 8) % 1000) / 1000, " " }' "$i" "$3")
    done
    npy_note "end=$(($2 - $1 + 1))"
}
vectors 1 40 1 | knn -q -o model
npyls -n model | tr '\t' '\n' | grep -q '^scores=40:'
ok $? "a model knows what its normal images score"
vectors 41 100 1 | knn -q -m model >same
vectors 101 160 .25 | knn -q -m model >other
npyls -n same | tr '\t' '\n' | grep -q '^scores=40:'
ok $? "and its map stream"
that "like parts" is "$(verdict --drift 20 --threshold 99 same 2>err | column 3)$(<err)" "$(printf '0%.0s' {1..60})"
that "other parts: the warning comes with the first full window" is \
    "$(verdict --drift 20 --threshold 99 other 2>err | column 3)" "$(printf '0%.0s' {1..19})$(printf '1%.0s' {1..41})"
that "once" is "$(wc -l <err)" 1
grep -q '^verdict: frame 20: drift: ' err
ok $? "and says where"
cat other same | verdict --drift 20 --threshold 99 -c 2>err >out && is "$(cut -f 1,3 <out | tr '\t\n' '  ')" "frame drift 1 0 20 1 80 0 "
ok $? "--changes: drift that begins and ends"
grep -q '^verdict: frame 80: the drift is over: ' err
ok $? "its end is told"
vectors 101 160 .25 | knn -q -m model -t - | verdict -m model --drift 20 --threshold 99 2>/dev/null | column 3 >out
[[ $(<out) == *1 ]]
ok $? "a table and the model"
that "-q is quiet, --drift 0 does not look" is "$(verdict -q --drift 20 --threshold 99 other 2>&1 >out)$(verdict --drift 0 --threshold 99 other 2>&1 | column 3 | tr -d -)" ""
vectors 101 160 .6 | knn -q -m model >mild
that "--drift-level: one is reached, a stricter one is not" is \
    "$(verdict --drift 20 --drift-level .2 --threshold 99 mild 2>/dev/null | column 3 | tr -d 0 | head -c 1)$(verdict -q --drift 20 --drift-level 1e-9 --threshold 99 mild | column 3 | tr -d 0)" 1
knn -q -m model -t - <(vectors 41 60 1) >table2 && verdict -m model table2 | cut -f 4,6 >out && tail -n +2 table2 | cut -f 1,5 | awk -F'\t' '{ print $2 "\t" $1 }' |
    cmp - <(tail -n +2 out) >&2
ok $? "the model's threshold is the detector's"

that "no threshold anywhere" fails 1 'give --threshold' verdict plain
that "in a map stream, too" fails 1 'give --threshold' verdict silent
that "--drift of a table alone" fails 1 'does not know what normal images score: give the model' verdict --drift 10 table
sed 's/"scores"/"sc0res"/' model >old
that "a model of before" fails 1 'fit it again' verdict -m old --drift 10 table
verdict -m old table >out
ok $? "is a model without drift"
that "a window too small to tell" fails 1 'too few' verdict --drift 1 --threshold 99 same
printf 'name\tscore\na\t1\nb' >half
that "cut in a line" fails 1 'line 3: the table is cut here' verdict --threshold 2 half
printf 'name\tscore\na\n' >ragged
that "a ragged line" fails 1 'line 2: 1 cells where the header has 2' verdict --threshold 2 ragged
printf 'score\nnan\n' >nan
that "no number" fails 1 "line 2: score 'nan' is not a number" verdict --threshold 2 nan
printf 'score\tverdict\n1\tgood\n' >word
that "no verdict" fails 1 "line 2: verdict 'good' is not ok or defect" verdict word
printf 'name\n' >other
that "no score" fails 1 "no column 'score'" verdict --threshold 2 other
printf 'score\n1\0\n' >nul
that "a NUL" fails 1 'line 2: a NUL byte' verdict --threshold 2 nul
that "two operands" fails 2 'one table' verdict table table
that "--of 3" fails 2 'K/N' verdict --of 3 table
that "--of 4/3" fails 2 'of' verdict --of 4/3 table
that "--hysteresis above the threshold" fails 2 'above the threshold' verdict --threshold 3 --hysteresis 3.1 table
done_testing
