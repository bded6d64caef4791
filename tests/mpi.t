#!/bin/bash
# fractrain by several processes under mpirun: the same bits for any number of them, taken up again by another number, and the end of all
# when one dies. Needs programs that were built by make MPI=1.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
programs=${FERN_O:-$FERN_BIN/../build}/mpi/bin
! ldd "$FERN_BIN/fractrain" 2>/dev/null | grep -q libmpi || programs=$FERN_BIN
if ! command -v mpirun >/dev/null; then
    echo '1..0 # SKIP there is no mpirun (scripts/deps mpi)'
    exit
elif [ ! -x "$programs/fractrain" ] || [ "$programs/fractrain" -ot "$FERN_BIN/fractrain" ]; then
    echo '1..0 # SKIP built without MPI, or before the other programs (make MPI=1)'
    exit
fi
own_folder
export PATH=$programs:$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_plm=isolated
# Two threads and the one that talks should not be tied to one core.
mpirun() { timeout 60 mpirun --oversubscribe --bind-to none "$@"; }

tree=$programs/../unit/tree.t
for n in 2 4; do
    if [ -x "$tree" ]; then
        mpirun -np $n "$tree" >tree.$n && ! grep -q '^not ok' tree.$n && grep -q '^ok' tree.$n
        ok $? "sums of $n ranks are those of the loop that defines them"
    else
        skip "sums of $n ranks are those of the loop that defines them" "$tree is not built"
    fi
done

# A stream with labels of pixels, so that the log has everything that is summed; mixing, so that the draws of a pass count.
generate='surfgen -q -j 1 -c 4 -e 0 -z 48 --scenes plain,shape --labels -s 2'
options=(-c 4 -n 3 -b 32 --micro 8 -z 32 -s 3 --area .5 --layers 1 --taps layer1 --dense layer1:.5 --mix .5 --average .9 --log-every 1)
# The shells that mpirun starts read these
# shellcheck disable=SC2016
shard='--shard $OMPI_COMM_WORLD_RANK/$OMPI_COMM_WORLD_SIZE' train='sh -c '\''echo $$ >pid.$OMPI_COMM_WORLD_RANK; exec fractrain "$@"'\'' sh "$@"'
# start N PIPE OPTION...: the pipe, which ends in "$train", on each rank
start() { mpirun -np "$1" sh -c "$2" sh "${options[@]}" "${@:3}"; }
# ranks N OUT OPTION...: trains; each rank's process id is in pid.RANK
ranks() { start "$1" "$generate $shard | $train" -o "$2" -l "$2.tsv" "${@:3}"; }
# alone OUT OPTION...: one process, without mpirun
alone() { $generate | fractrain "${options[@]}" -o "$1" -l "$1.tsv" "${@:2}"; }
# same A B: weights, and what the logs say: losses, accuracy, cells
same() { cmp "$1" "$2" && [ "$(cut -f 1-5 "$1.tsv")" = "$(cut -f 1-5 "$2.tsv")" ]; }

alone 1.st -j 1 && alone threads.st -j 2 && same 1.st threads.st && [ "$(wc -l <1.st.tsv)" = 4 ]
ok $? 'one process: -j 2 gives the same bits'
for n in 2 4 8; do
    ranks $n $n.st -j 1 && same 1.st $n.st
    ok $? "$n ranks: the same bits, and the same log"
done
ranks 2 threads2.st -j 2 && same 1.st threads2.st
ok $? '2 ranks with two threads each: the same bits'
ranks 1 mpirun1.st -j 1 && same 1.st mpirun1.st
ok $? 'mpirun -np 1: the same bits'
alone narrow1.st -j 1 --wire bf16 && ranks 4 narrow4.st -j 1 --wire bf16 && same narrow1.st narrow4.st && ! cmp -s narrow1.st 1.st
ok $? '--wire bf16: the same bits for 1 and 4 ranks, but other ones'

ifsgen -c 4 -n 12 -z 48 --points 2000 -s 1 >set.pam
held=(-e 2 -b 16 --micro 4 -z 32 -s 3 --layers 1 --taps layer1 --log-every 1 -j 1)
fractrain "${held[@]}" -o held1.st -l held1.st.tsv set.pam && mpirun -np 4 fractrain "${held[@]}" -o held4.st -l held4.st.tsv set.pam && same held1.st held4.st
ok $? 'a held set: the same bits'

# One rank is killed; other ranks go on.
alone long.st -j 2 -n 20
{
    ranks 4 killed.st -j 1 -n 20 --every 1 2>errors
    echo $? >status
} &
within test -s killed.st.checkpoint && kill -9 "$(cat pid.2)"
for _ in $(seq 150); do [ -e status ] || sleep .1; done
[ -e status ] && [ "$(cat status)" != 0 ] && [ "$(grep -c '^fractrain' errors)" = 1 ] && grep -q '^fractrain: rank 2 has died' errors
ok $? 'a rank is killed: all end within seconds, and one line says which it was'
wait
gone() { ! kill -0 "$@"; }
within gone "$(cat pid.0)" && within gone "$(cat pid.1)" && within gone "$(cat pid.3)"
ok $? 'none is left'
ranks 2 killed.st -j 1 -n 20 --resume && same long.st killed.st && [ ! -e killed.st.checkpoint ]
ok $? 'what 4 ranks began 2 go on with: the same bits'

# What follows ends with a line of its own: mpirun need not wait before it ends the others.
export OMPI_MCA_odls_base_sigkill_timeout=0
# dies PATTERN: of one line, and no weights
dies() { [ "$(grep -c '^fractrain' errors)" = 1 ] && grep -q -e "^fractrain: $1" errors && [ ! -e z.st ]; }
# shellcheck disable=SC2016
cut='{ if [ $OMPI_COMM_WORLD_RANK = 1 ]; then head -c 1500000; else cat; fi; }'
! start 2 "$generate $shard | $cut | $train" -o z.st -l z.st.tsv --every 1 -n 20 2>errors && dies 'rank 1: stdin: record 16. .*cut' && [ -e z.st.checkpoint ]
ok $? "a rank's input is cut: one line with its rank, and the checkpoint stays"
$generate -j 1 | fractrain "${options[@]}" -o z.st -l z.st.tsv -n 20 --resume && same long.st z.st
ok $? 'which one process goes on with'
rm -f z.st
! start 2 "$generate -e 1 -n 20 $shard | $train" -o z.st 2>errors && grep -q '^fractrain: rank [01]: the stream ended in step 3 of 3' errors && [ ! -e z.st ]
ok $? 'a stream that ends early'
rm -f z.st.checkpoint
! start 2 "$generate | $train" -o z.st 2>errors && grep -q 'rank 0: .*image 1 comes where image 2 is due' errors
ok $? 'streams that are no shards'
! start 2 "$generate --shard 0/2 | $train" -o z.st 2>errors && dies 'rank 1: .*begins at image 0: 1 modulo 8 is wanted'
ok $? 'one shard for all'
# shellcheck disable=SC2016
! start 2 "$generate $shard -s \$OMPI_COMM_WORLD_RANK | $train" -o z.st 2>errors && dies 'rank 1: the stream is not that of rank 0'
ok $? 'another stream on a rank'
# shellcheck disable=SC2016
! start 2 "$generate $shard --start \$((8 * OMPI_COMM_WORLD_RANK)) | $train" -o z.st 2>errors && dies 'rank 1: the stream is not that of rank 0: .*up to image 40.*up to image 32'
ok $? 'a stream that begins elsewhere on a rank'
# shellcheck disable=SC2016
! start 2 "$generate $shard | $train"' --rate .$OMPI_COMM_WORLD_RANK' -o z.st 2>errors && dies 'rank 1: the training is not that of rank 0'
ok $? 'other options on a rank'
! start 4 "$generate $shard | $train" -o z.st --micro 2 2>errors && dies 'rank 0: 4 ranks need --micro 4 or more'
ok $? 'fewer micro-batches than ranks'
! start 3 "$generate $shard | $train" -o z.st 2>errors && dies 'rank 0: 3 ranks: they must be 2, 4, 8'
ok $? 'three ranks'
! start 2 "$generate $shard | $train" -o z.st --rate 100 --decay 1 --decay-all yes -n 30 2>errors && dies 'rank 0: the loss is not finite in step'
ok $? 'a loss that is not finite: rank 0 says so'
done_testing
