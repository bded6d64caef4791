#!/bin/bash
# scripts/slurm: what it asks for, then grids on a real Slurm cluster: of one node, this machine, with daemons of its own.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
export FERN_BIN
scripts=$FERN_TESTS/../scripts
own_folder

partgen -q -z 32 -k carpet,gear --train 12 --good 1 --defect 1 -o data || exit 1
ifsgen -q -c 2 -n 2 -z 32 | fractrain -q -e 1 --layers 2 -c 2 -b 4 -z 32 -o net.safetensors || exit 1
cp -r data/gear data/broken
truncate -s 100 data/broken/train/good/001.png
plainly() { make --no-print-directory -f "$scripts/$1.mk" DATA=data IMAGES='-r 32' WEIGHTS=net.safetensors THREADS=1 "${@:2}" >out 2>err; }
slurm() { "$scripts/slurm" -f "$scripts/$1.mk" DATA=data IMAGES='-r 32' WEIGHTS=net.safetensors THREADS=2 "${@:2}" >out 2>err; }
two=(METHODS='padim knn' LAYERS_padim='layer1,layer2' LAYERS_knn=pool:layer2)

# misuse PATTERN ARGUMENT...: status 2, one line and the usage
misuse() {
    "$scripts/slurm" "${@:2}" >out 2>err
    [ $? -eq 2 ] && [ ! -s out ] && [ "$(grep -vc '^usage: ' err)" = 1 ] && grep -q -e "^slurm: $1" err
    ok $? "misuse: $1"
}
misuse '-f GRID.mk is wanted' DATA=data
misuse 'none.mk: can.t be read' -f none.mk
misuse '.*Makefile: neither' -f "$scripts/../Makefile"
misuse '-j 0: not a number' -j 0 -f "$scripts/grid.mk"
misuse '-x is not understood' -f "$scripts/grid.mk" -x
misuse 'all: not VARIABLE=VALUE' -f "$scripts/grid.mk" all
misuse 'DATA= is missing' -f "$scripts/paper.mk" -n

# asked METHOD ARGUMENT...: MiB, minutes, processors and tasks of its array
asked() {
    slurm grid -n OUT=asked "${@:2}"
    awk -v method="$1" -F '[=M]' '/^#SBATCH --job-name/ { mine = $2 == "asked-" method }
        mine && /^#SBATCH --(mem|time|cpus-per-task|array)/ { print $2 }' out | paste -s -d ' '
}
[ "$(asked padim "${two[@]}" CATEGORIES='carpet gear')" = '8192 240 2 1-2' ] &&
    [ "$(asked stfpm METHODS=stfpm MINUTES=30 THREADS=4 CATEGORIES='carpet gear' -j 1)" = '8192 300 4 1-2%1' ]
ok $? "nothing is measured: 8 GiB, 4 hours besides twice the minutes"
# One category is done: 120 s, or 320 s of a processor; 18 images. Another has twice as many.
bank=(METHODS=patchcore LAYERS=layer1)
plainly grid missing OUT=asked "${two[@]}" && plainly grid missing OUT=asked "${bank[@]}"
cp -r data/carpet data/large
find data/large/train data/large/test -name '*.png' | while read -r png; do cp "$png" "${png%.png}x.png"; done
for cell in asked/carpet/net/*/*; do
    printf '100\t300\t1000\n' >"$cell/model.time"
    printf '20\t20\t400\n' >"$cell/maps.time"
    touch "$cell/metrics.tsv"
done
[ "$(asked padim "${two[@]}" CATEGORIES='carpet gear')" = '2048 16 2 1-1' ] &&
    [ "$(asked padim "${two[@]}" CATEGORIES='carpet gear' THREADS=4)" = '2048 14 4 1-1' ]
ok $? "by a cell that is done"
[ "$(asked padim "${two[@]}" CATEGORIES='carpet gear large')" = '3584 21 2 1-2' ] &&
    [ "$(asked padim "${two[@]}" CATEGORIES='carpet gear large' -c 2 -m 77)" = '77 42 2 1-1' ]
ok $? "more images, more of both; -c and -m"
[ "$(asked patchcore "${bank[@]}" CATEGORIES='carpet large')" = '3584 32 2 1-1' ]
ok $? "of PatchCore, time by the square"
[ "$(asked padim "${two[@]}" CATEGORIES='carpet gear' FIT_padim='-d 20')" = '8192 240 2 1-2' ]
ok $? "but not with other options"
# Probes of 8 images, as paper.mk makes them: 500 MiB become 562.5 with 18 images; scripts/estimate says 25 s
for run in few more; do
    cell=asked/probe/$run/gear/net/layer1/patchcore
    mkdir -p "$cell"
    echo 8 >asked/probe/$run/limit
    cp asked/gear/images asked/probe/$run/gear
    echo '-r 32; auto; net; layer1; patchcore -s 3' >"$cell/recipe"
    seq 0 8 >"$cell/scores.tsv"
    printf '8\t0\t500\n' | tee "$cell/model.time" >"$cell/maps.time"
done
rm asked/carpet/net/layer1/patchcore/*.time
[ "$(asked patchcore "${bank[@]}" CATEGORIES=gear)" = '1536 11 2 1-1' ] && [ ! -e asked/estimate.tsv ] && [ ! -e asked/slurm ]
ok $? "by probes; -n leaves nothing"

PATH=$PATH:/usr/sbin
for program in munged slurmctld slurmd sbatch; do
    if ! command -v $program >/dev/null; then
        skip "grids on a cluster" "there is no $program (scripts/deps slurm)"
        done_testing
        exit
    fi
done

# A cluster of this machine, with two processors; gone when the test ends
ports=$(perl -MIO::Socket::INET -e 'my @free = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") } 1, 2;
    print join " ", map { $_->sockport } @free')
export SLURM_CONF=$work/cluster/slurm.conf
mkdir -p cluster/state cluster/spool
cat >"$SLURM_CONF" <<END
ClusterName=fern
SlurmctldHost=$(hostname -s)(127.0.0.1)
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000
PartitionName=main Nodes=ALL Default=YES
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$work/cluster/munge
StateSaveLocation=$work/cluster/state
SlurmdSpoolDir=$work/cluster/spool
SlurmctldPidFile=$work/cluster/slurmctld.pid
SlurmdPidFile=$work/cluster/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
KillWait=2
END
daemons=()
leave() {
    [ ${#daemons[@]} -eq 0 ] || { scancel -u "$(id -un)" && within idle; } 2>/dev/null
    for daemon in "${daemons[@]}"; do kill "$daemon"; done
    wait
    rm -rf "$work"
}
idle() { sleep .1 && [ -z "$(squeue -h)" ]; }
trap leave EXIT
head -c 1024 /dev/urandom >cluster/key
chmod 400 cluster/key
munged -F -f --key-file="$work/cluster/key" -S "$work/cluster/munge" --pid-file="$work/cluster/munged.pid" \
    --log-file="$work/cluster/munged.log" --seed-file="$work/cluster/seed" >cluster/munged.out 2>&1 &
daemons+=($!)
within test -S cluster/munge
slurmctld -D -c >cluster/slurmctld.out 2>&1 &
daemons+=($!)
slurmd -D >cluster/slurmd.out 2>&1 &
daemons+=($!)
up() { [ "$(sinfo -h -o %T)" = idle ]; }
within up
ok $? "slurmctld and slurmd run"
if ! up; then
    sed 's/^/# /' cluster/*.out
    done_testing
    exit
fi

# The same grid by make and by Slurm: equal tables, times and memory excepted, and the same failures
figures() { cut -f 1-13,20 "$1/results.tsv"; }
plainly grid OUT=plain "${two[@]}" CATEGORIES='carpet gear broken'
slurm grid OUT=cells THREADS=1 "${two[@]}" CATEGORIES='carpet gear broken' -m 300 && [ ! -s err ] &&
    [ "$(grep -c '^job [0-9]*: .* 3 cells, 300M 240$' out)" = 2 ]
ok $? "two arrays are submitted"
stamps() { stat -c '%n %y' cells/*/images; }
stamps >before
last=$(tail -n 1 cells/slurm/jobs)
is_left() { [ "$(squeue -h -o %F | sort -u)" = "$last" ]; }
scontrol hold "$last" && within is_left && stamps | diff - before >&2 && [ ! -e cells/results.tsv ] && [ -z "$(find cells -name '*.part')" ]
ok $? "tasks write nothing that they share"
scontrol release "$last" && within idle && figures plain | diff - <(figures cells) >&2 && [ "$(figures cells | wc -l)" = 25 ]
ok $? "the table is that of make"
sed -n '/^These cells failed:/,$p' cells/slurm/table.log | diff - <(printf '%s\n' 'These cells failed:' \
    '  broken/net/layer1,layer2/padim: imgcat: data/broken/train/good/001.png: PNG: cut short' \
    '  broken/net/pool-layer2/knn: imgcat: data/broken/train/good/001.png: PNG: cut short') >&2
ok $? "cells that failed are named, and why"

# knn asks for 1,280 MiB, padim for 8,192: more than the node has
printf '100\t300\t100\n' >asked/carpet/net/pool-layer2/knn/model.time
slurm grid OUT=asked THREADS=1 "${two[@]}" METHODS='knn padim' CATEGORIES=gear
[ $? -eq 1 ] && [ "$(<err)" = 'slurm: padim: Memory specification can not be satisfied' ] && [ "$(wc -l <asked/slurm/jobs)" = 1 ] && within idle &&
    scontrol show job "$(<asked/slurm/jobs)" | grep -q JobState=CANCELLED
ok $? "when Slurm refuses a job, those before it are cancelled"

# Stopped: a task is requeued in the middle of its training, then cancelled, and the next before it begins
# shellcheck disable=SC2016 # the cell, for the grid's recipe
flow=(METHODS=fastflow LAYERS=layer1 EPOCHS=25 FIT_fastflow='--every 1 --log-every 1 --log $$cell/steps')
cell=gear/net/layer1/fastflow
plainly grid OUT=whole "${flow[@]}" CATEGORIES=gear
runs() { squeue -h -r -t R -o %i | grep -Fxq "$job" && [ -e stopped/$cell/model.safetensors.checkpoint ]; }
# Slurm would let it wait for two minutes; in the second of its end the node would not take it again.
waits() { squeue -h -r -t PD -o '%i %r' | grep -Fxq "$job BeginTime"; }
again() { scontrol update JobId="$job" StartTime=now+2 && within runs; }
mkdir -p stopped/broken/${cell#*/} && touch -d 2000-01-01 stopped/broken/${cell#*/}/metrics.tsv # of images that have changed
slurm paper OUT=stopped THREADS=1 "${flow[@]}" CATEGORIES='gear broken' -m 300 -t 5 -j 1 -p main && grep -q '^job .* 300M 5$' out
ok $? "-t and -p"
job=$(head -n 1 stopped/slurm/jobs)_1
scontrol hold "${job%1}2" && within runs && scontrol requeue "$job" && within waits &&
    grep -q 'JOB REQUEUE' stopped/slurm/fastflow-1.log
ok $? "a task is requeued in the middle of its training"
slurm paper OUT=stopped "${flow[@]}"
[ $? -eq 1 ] && [ "$(<err)" = "slurm: jobs of stopped are not done: $(paste -s -d ' ' stopped/slurm/jobs)" ]
ok $? "another submission is refused meanwhile"
again && scancel "${job%_1}" && within idle && [ ! -e stopped/broken/${cell#*/}/metrics.tsv ] &&
    sed -n '/^These cells failed:/,$p' stopped/slurm/table.log | sed 's/JOB .* AT [^ ]*/.../' >list
diff list - >&2 <<END
These cells failed:
  $cell: slurm: *** ... ***
  broken/${cell#*/}: slurm: its task never began
END
ok $? "cancelled cells are named, and why"
sed -i '2s/$/ of the first run/' stopped/$cell/steps
slurm paper OUT=stopped THREADS=1 "${flow[@]}" CATEGORIES='gear broken' -m 300 && within idle
cmp stopped/$cell/scores.tsv whole/$cell/scores.tsv >&2 && [ "$(sed -n '/^These cells failed:/,$p' stopped/slurm/table.log | tail -n +2)" = \
    "  broken/${cell#*/}: imgcat: data/broken/train/good/001.png: PNG: cut short" ]
ok $? "a second submission makes them, to the scores of a training that was not stopped"
grep -q 'of the first run$' stopped/$cell/steps && [ "$(wc -l <stopped/$cell/steps)" = 51 ] && [ "$(wc -l <stopped/paper.tsv)" = 2 ]
ok $? "from the checkpoint on; and the paper's table"
done_testing
