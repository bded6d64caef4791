#!/bin/bash
# scripts/search: arms are trained, killed by their rules, evaluated, and go on when time was up.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
export FERN_BIN
own_folder
export OMP_NUM_THREADS=1

partgen -q -z 32 -k carpet,gear --train 3 --good 1 --defect 1 -o data || exit 1
search() { "$FERN_TESTS/../scripts/search" -d data "$@" METHODS=patchcore IMAGES='-r 32' >out 2>err; }
# arms NAME GENERATOR TRAINER SEED...: a table
arms() {
    printf 'name\tgenerator\ttrainer\tseed\n# a comment\n\n'
    printf '%s\t%s\t%s\t%s\n' "$@"
}
# cell NAME COLUMN [SET]: what RESULTS says of an arm
cell() { awk -F '\t' -v name="$1" -v column="$2" -v set="${3-}" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $1 == name && (set == "" || $at["set"] == set) { print $at[column] }' search/search.tsv; }
few='ifsgen -q -c 4 -e 0 -z 32 --points 1000 -s {seed}'
train='fractrain -q -c 4 -b 4 -z 32 --log-every 1 -s {seed}'

arms bad "$few" "$train --steps 3 -a alexnet" 2 one "$few" "$train --steps 3" 1 >table.tsv
search -k '.5:0' table.tsv
[ $? -eq 1 ] && [ "$(cell one status | sort -u)" = "done" ] && [ "$(cell bad status)" = failed ]
ok $? "arms that fail don't stop the others; status 1; accuracy is not below 0"
grep -q '^search: bad@2: fractrain: .*alexnet' err || { sed 's/^/# /' err; false; }
ok $? "they say why"
[ "$(cell one set | tr '\n' ' ')" = "carpet gear mean " ] && [ "$(cell one samples mean)" = 12 ] && [ "$(cell one seed mean)" = 1 ]
ok $? "a row for each data set and their mean, with samples and seed"
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $1 == "one" { for (f in at) if (f ~ /auroc|aupro/) { if ($at["set"] == "mean") bad += ($at[f] - sum[f] / 2) ^ 2 > 1e-8; else sum[f] += $at[f] } }
    END { exit !(sum["aupro"] > 0 && !bad) }' search/search.tsv
ok $? "the mean is their mean"
[ "$(cell one generator mean)" = "${few//'{seed}'/1}" ]
ok $? "commands stand there, with the seed"

cp search/search.tsv before
search -k '' table.tsv
[ $? -eq 1 ] && cmp search/search.tsv before >&2 && [ ! -s out ]
ok $? "again: nothing to do"

# Chance is 1 of 4: no accuracy is 4.1 times that.
arms hopeless "$few" "$train --steps 4" 1 >rules.tsv
search -k '.5:4.1' rules.tsv && [ "$(cell hopeless status)" = 'killed .5:4.1' ] && [ "$(cell hopeless aupro)" = - ] && [ "$(cell hopeless set)" = - ]
ok $? "a rule kills, without figures"

# Time is up at once, or while it trains, on a stream that is slow as long as there is a file: the rest is for the next time.
slowly='{ while [ -e slow ]; do head -c 13000; sleep 0.8; done; cat; }'
arms later "$few | $slowly" "$train --steps 8" 7 >later.tsv
touch slow
search -b 0 -k '' later.tsv
[ $? -eq 3 ] && [ -z "$(cell later status)" ]
ok $? "no time: status 3"
search -b .06 -k '' later.tsv
[ $? -eq 3 ] && [ ! -e search/later@7/net.safetensors ] && [ -z "$(cell later status)" ]
ok $? "time is up in the training"
rm slow
search -k '' later.tsv CATEGORIES=carpet && [ "$(cell later samples mean)" = 32 ] && [ ! -e search/later@7/net.safetensors.checkpoint ]
ok $? "it goes on"
bash -c "${few//'{seed}'/7} | ${train//'{seed}'/7} --steps 8 -o whole.safetensors" 2>whole.err
cmp whole.safetensors search/later@7/net.safetensors >&2
ok $? "to the weights of a training that wasn't stopped"

# misuse PATTERN OPTION...: status 2, one line
misuse() {
    search "${@:2}"
    [ $? -eq 2 ] && [ "$(wc -l <err)" = 1 ] && grep -q -e "$1" err
    ok $? "misuse: $1"
}
misuse 'a: can.t be read' a
misuse '-k x: not SHARE:K' -k x table.tsv
misuse '-b x: not a number' -b x table.tsv
printf 'name\tgenerator\tseed\n' >bad.tsv
misuse 'bad.tsv: line 1: no column trainer' bad.tsv
arms a/b x y 1 >bad.tsv
misuse 'bad.tsv: line 4: a name' bad.tsv
arms a x y 1 a x y 1 >bad.tsv
misuse 'bad.tsv: line 5: a with seed 1 comes twice' bad.tsv
arms one "$few" "$train --steps 9" 1 >bad.tsv
misuse 'with other commands' bad.tsv
done_testing
