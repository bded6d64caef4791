#!/bin/bash
# fractrain: learning that learns, the same bytes whatever happens on the way, and clear errors.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

ifsgen -c 4 -n 8 -z 48 --points 2000 -s 1 >set.pam
small=(-z 32 -b 8 --rate 0.02 -s 3 --layers 2)

# Four classes of 8 fractals, seen 24 times without augmentation, are learnt by heart.
fractrain -z 32 -b 16 --rate 0.02 -e 24 -s 3 --layers 3 --crop centre --mirror 0 --flip 0 --jitter 0,0,0,0 --grey 0 --smoothing 0 --log log.tsv --log-every 12 \
    -o a.st set.pam
ok $? 'trains on a held set'
awk -F'\t' 'END { exit !($4 >= 0.95 && $3 ~ /^[0-9]/ && $3 < 0.5) }' log.tsv
ok $? "learns 32 images by heart: $(tail -n 1 log.tsv | cut -f 3,4)"
[ ! -e a.st.checkpoint ]
ok $? 'leaves no checkpoint behind'

fractrain "${small[@]}" -e 1 -l short.tsv -o b.st set.pam && [ "$(tail -n +2 short.tsv | cut -f 1,2)" = "$(printf '4\t32')" ]
ok $? 'a log of fewer steps than --log-every has a row'
"$FERN_TESTS/../scripts/plot-log" short.tsv | grep -q '<circle' && "$FERN_TESTS/../scripts/plot-log" log.tsv | grep -q '<path'
ok $? 'scripts/plot-log draws it, a log of one row too'
printf 'step\tsamples\tloss\theld\n4\t32\t-1\t\n8\t64\t-2\t0.5\n12\t96\t-3\t0.25\n' >flow.tsv
plot=$("$FERN_TESTS/../scripts/plot-log" flow.tsv) && grep -q 'd="M266.7,96.7 L473.3,163.3 L680.0,230.0"' <<<"$plot" && grep -q 'd="M473.3,270.0 L680.0,370.0"' <<<"$plot"
ok $? 'and one with losses below zero and images held out'

# Threads, spooling to disk and interruptions leave the bytes alone. ofdb: every ingredient draws.
run=(fractrain "${small[@]}" -r ofdb -z 32 -c 4 -e 3)
"${run[@]}" -o b.st set.pam && "${run[@]}" -j 1 -o c.st set.pam && cmp b.st c.st
ok $? '-j 1 gives the same weights'
"${run[@]}" --mem 1 -o d.st set.pam && cmp b.st d.st
ok $? 'a set in the spool gives the same weights'

# kill_and_resume OUT COMMAND...: kills it at three odd moments, then lets it finish
kill_and_resume() {
    local out=$1
    shift
    for pause in 0.3 0.7 0.5; do
        "$@" --every 4 --resume -o "$out" >/dev/null 2>&1 &
        sleep "$pause"
        kill -9 $! 2>/dev/null
        wait $! 2>/dev/null
    done
    "$@" --every 4 --resume -o "$out"
}
kill_and_resume e.st "${run[@]}" set.pam 2>errors && cmp b.st e.st
ok $? 'killed with -9 and resumed: the same weights'

# Deterministic cut in the middle: stop at SIGTERM, then resume from the file and from ifsgen --start.
generate() { ifsgen -c 4 -e 0 -z 48 --points 2000 -s 1 "$@"; }
stream=(fractrain "${small[@]}" -c 4 -n 4 --average 0.9)
generate | "${stream[@]}" -o f.st
ok $? 'trains on an endless stream'
generate -e 2 --start 0 >short.pam # 8 images: one step
"${stream[@]}" --every 1 -o g.st short.pam 2>errors
[ $? -eq 1 ] && [ -e g.st.checkpoint ] && grep -q 'fractrain: the stream ended in step 2 of 4' errors
ok $? 'a stream that ends early: exit 1, the checkpoint stays'
cp g.st.checkpoint h.st.checkpoint
generate | "${stream[@]}" --resume -o g.st && cmp f.st g.st
ok $? 'resumed from the stream as a whole: the same weights'
generate --start 8 | "${stream[@]}" --resume -o h.st && cmp f.st h.st
ok $? 'resumed from ifsgen --start: the same weights'

"${stream[@]}" --minutes 0 -o i.st short.pam 2>/dev/null
generate --start 16 | "${stream[@]}" --resume -o i.st 2>errors
[ $? -eq 1 ] && grep -q 'begins at image 16, training goes on at 8' errors
ok $? 'a stream that begins too late is refused'
ifsgen -c 4 -e 0 -z 48 --points 2000 -s 2 | "${stream[@]}" --resume -o i.st 2>errors
[ $? -eq 1 ] && grep -q 'this is not the stream that the checkpoint was made from' errors
ok $? 'another stream is refused'
generate | "${stream[@]}" --resume --rate 0.5 -o i.st 2>errors
[ $? -eq 1 ] && grep -q 'was made with other options' errors
ok $? 'other options are refused'

mkfifo pipe
"${stream[@]}" -n 100000 --every 2 -o j.st pipe 2>errors &
trainer=$!
generate >pipe &
for _ in $(seq 300); do
    [ -e j.st.checkpoint ] && break
    sleep 0.2
done
kill -TERM $trainer
wait $trainer
[ $? -eq 143 ] && [ -e j.st.checkpoint ] && [ ! -e j.st ]
ok $? 'SIGTERM: a checkpoint, then death by the signal'

# What was not finished is not lost: without --resume it is refused and stays.
cksum <j.st.checkpoint >kept
fractrain "${small[@]}" -e 1 -o j.st set.pam 2>errors
[ $? -eq 2 ] && grep -q 'j.st.checkpoint is there.*--resume goes on with it; remove it to begin anew' errors && cksum <j.st.checkpoint | cmp - kept && [ ! -e j.st ]
ok $? 'a checkpoint that is there is neither removed nor written over'

# one_line EXIT PATTERN COMMAND...: exit status and the one line on stderr; no weights
one_line() {
    local status=$1 pattern=$2
    shift 2
    "$@" >out 2>errors
    [ $? -eq "$status" ] && [ "$(wc -l <errors)" -eq 1 ] && grep -q -- "$pattern" errors && [ ! -s out ] && [ ! -e z.st ]
}
bytes $((48 * 48 * 3)) 1 >pixels
pam plain 48 48 <pixels >plain.pam
one_line 1 'fractrain: plain.pam: record 1 (plain): no label=' fractrain "${small[@]}" -c 4 -n 1 -o z.st plain.pam
ok $? 'an image without a label'
pam nine 48 48 label=9 <pixels >nine.pam
one_line 1 'record 1 (nine): label 9 is outside the 4 classes' fractrain "${small[@]}" -c 4 -n 1 -o z.st nine.pam
ok $? 'a label outside the classes'
head -c 30000 set.pam >cut.pam
one_line 1 'fractrain: cut.pam: record 5' fractrain "${small[@]}" -e 1 -o z.st cut.pam
ok $? 'a cut stream'
one_line 1 'the loss is not finite in step' fractrain "${small[@]}" -e 8 --rate 100 --decay 1 --decay-all yes -o z.st --checkpoint none.st set.pam
ok $? 'a loss that is not finite stops the training, and the step is named'
one_line 1 'are too few for a batch of 64' fractrain -z 32 -b 64 -e 1 -o z.st set.pam
ok $? 'too few images'
one_line 2 "--taps: 'layer9' is not one of" fractrain "${small[@]}" -c 4 -n 5 --taps layer9 -o z.st set.pam
ok $? 'layers to recommend that are none'
one_line 2 '-c CLASSES is needed' fractrain -n 5 -o z.st set.pam
ok $? 'a stream without -c'
! (ulimit -f 100 && fractrain "${small[@]}" -e 1 -o z.st set.pam 2>/dev/null) 2>/dev/null && [ -z "$(ls z.st* 2>/dev/null)" ]
ok $? 'a full disk leaves nothing half-written'
one_line 1 'no/such/z.st.*No such file' fractrain "${small[@]}" -c 4 -n 1 --checkpoint z.checkpoint -o no/such/z.st /dev/null
ok $? 'weights that cannot be written: told before anything is read'
one_line 1 'no/such/log: No such file' fractrain "${small[@]}" -c 4 -n 1 -l no/such/log -o z.st /dev/null
ok $? 'a log that cannot be: the same'
[ -z "$(ls z.* 2>/dev/null)" ]
ok $? 'the tries leave nothing behind'

# Several labels an image.
for i in 1 2 3 4 5 6 7 8; do pam "two$i" 48 48 "label=$((i % 4)),3" <pixels; done >multi.pam
fractrain "${small[@]}" -e 2 --loss multi -o k.st multi.pam
ok $? 'several labels an image'
rm -f z.st
one_line 1 'too many labels (--loss multi takes several)' fractrain "${small[@]}" -e 2 -o z.st multi.pam
ok $? 'which softmax does not take'

# Every option of a recipe is kept with the weights, so each must arrive there; what they do: tests/unit/recipe.c and its like.
ifsgen -c 4 -n 2 -z 48 --points 2000 -s 1 >few.pam
fractrain --recipe paper --arch resnet34 --layers 3 --precision f32 --classes 4 --batch 4 --accumulate 2 --seed 7 --rate 0 --schedule constant --warmup 0.25 \
    --momentum 0.5 --decay 0.125 --decay-all no --smoothing 0.2 --loss multi --average 0.75 --size 40 --crop resized --area 0.5 --mirror 0.1 --flip 0.3 \
    --jitter 0.1,0.2,0.3,0.4 --grey 0.6 --blur 0.7 --autoaugment yes --erase 0.9 --mix 0.45 --norm none -e 1 -o l.safetensors few.pam
want='recipe=recipe=paper arch=resnet34 layers=3 precision=f32 classes=4 batch=4 accumulate=2 steps=1 seed=7 rate=0 schedule=constant warmup=0.25'
want+=' momentum=0.5 decay=0.125 decay-all=no smoothing=0.2 loss=multi dense=none average=0.75 size=40 crop=resized area=0.5 mirror=0.1 flip=0.3'
want+=' jitter=0.1,0.2,0.3,0.4 grey=0.6 blur=0.7 autoaugment=yes erase=0.9 mix=0.45 norm=0,0,0/1,1,1'
npyls -n l.safetensors | grep -q -F -x "$want"
ok $? 'every option of a recipe reaches it'

# --micro: image k is of micro-batch k modulo M, each a forward pass. Passes over the same images one after the other (--accumulate)
# give the same gradients up to the order of their sum.
still=(-z 32 -c 4 -s 3 -n 1 --layers 1 --taps layer1 --crop centre --mirror 0 --flip 0 --jitter '0,0,0,0' --grey 0)
generate -e 8 >order.pam
for m in 0 1 2 3; do
    generate -e 8 --shard $m/4 >>dealt.pam
    generate -e 8 --shard $m/4 | fractrain "${still[@]}" -b 8 -o pass$m.st
done
# Mixing draws for each pass: micro-batch m is pass m.
mixed=("${still[@]}" --mix 1)
fractrain "${mixed[@]}" -b 32 --micro 4 -j 1 -l micro.tsv -o micro.st order.pam && fractrain "${mixed[@]}" -b 8 --accumulate 4 -l dealt.tsv -o dealt.st dealt.pam &&
    fractrain "${mixed[@]}" -b 8 --accumulate 4 -o order.st order.pam && fractrain "${mixed[@]}" -b 32 --micro 4 -j 2 -o micro2.st order.pam &&
    fractrain "${still[@]}" -b 32 --micro 4 -o plain.st order.pam
cmp micro.st micro2.st && [ "$(cut -f 2-5 micro.tsv)" = "$(cut -f 2-5 dealt.tsv)" ]
ok $? '--micro: any -j; the loss and the accuracy of those passes'
# off PATTERN FILE FILE...: the largest difference of the first file's tensors of these names from the others' mean
off() {
    perl -e '
        sub tensors { open my $f, "<:raw", $_[0]; local $/; my $all = <$f>; my $n = unpack "Q<", $all; my $head = substr $all, 8, $n; my %t;
            $t{$1} = [unpack "f<*", substr $all, 8 + $n + $2, $3 - $2] while $head =~ /"([^"]+)":\{"dtype":"F32","shape":\[[\d,]*\],"data_offsets":\[(\d+),(\d+)\]/g;
            \%t }
        my ($pattern, $first, @others) = (shift, map { tensors($_) } @ARGV); my ($worst, $n) = (0, 0);
        for my $name (grep { /$pattern/ } keys %$first) { for my $i (0 .. $#{$first->{$name}}) {
            my $mean = 0; $mean += $_->{$name}[$i] / @others for @others;
            my $d = abs($first->{$name}[$i] - $mean); $worst = $d if !($d <= $worst); $n++ } }
        print "$worst $n\n"' "$@"
}
off 'weight|bias' micro.st dealt.st | awk '{ exit !($1 < 2e-7 && $2 > 100000) }' && off 'weight|bias' order.st dealt.st | awk '{ exit !($1 > 1e-4) }'
ok $? 'its gradients are those of the passes'
off running plain.st pass?.st | awk '{ exit !($1 < 1e-6 && $2 == 640) }'
ok $? 'and its running statistics their mean'
generate --start 2 | fractrain "${still[@]}" -b 32 --micro 4 -o z.st 2>errors
[ $? -eq 1 ] && grep -q 'the stream begins at image 2: 0 modulo 4 is wanted' errors
ok $? 'a stream that begins within micro-batches'
generate --shard 0/2 | fractrain "${still[@]}" -b 32 --micro 4 -o z.st 2>errors
[ $? -eq 1 ] && grep -q 'image 2 comes where image 1 is due' errors
ok $? 'a stream with gaps'
fractrain "${still[@]}" -b 8 --micro 2 --wire bf16 -o wire.safetensors order.pam && npyls -n wire.safetensors | grep -q ' accumulate=1 micro=2 wire=bf16 steps' &&
    ! npyls -n l.safetensors | grep -q 'micro\|wire'
ok $? '--micro and --wire are in the recipe where they are given, which else is as it was'
one_line 2 'must be a power of two' fractrain "${still[@]}" --micro 6 -b 36 -o z.st order.pam
ok $? '--micro 6'
one_line 2 'a batch of 10 is not so many alike' fractrain "${still[@]}" --micro 4 -b 10 -o z.st order.pam
ok $? '--micro that does not divide the batch'
one_line 2 'one of them' fractrain "${still[@]}" --micro 4 --accumulate 2 -o z.st order.pam
ok $? '--micro with --accumulate'
one_line 2 'is of --micro' fractrain "${still[@]}" --wire bf16 -o z.st order.pam
ok $? '--wire without --micro'
if ldd "$(command -v fractrain)" 2>/dev/null | grep -q libmpi; then
    skip 'one of several processes, built without MPI' 'built with it'
else
    one_line 1 'built without MPI: make MPI=1' env OMPI_COMM_WORLD_SIZE=2 fractrain "${still[@]}" --micro 4 -o z.st order.pam
    ok $? 'one of several processes, built without MPI'
fi

# At rate 0 weights stay what they were; the statistics of batch norms do not.
fractrain "${small[@]}" -a resnet34 --layers 3 -e 1 --rate 0 --schedule constant --warmup 0 --init l.safetensors -o m.safetensors few.pam
[ "$(npyls -s l.safetensors | grep '[.]weight')" = "$(npyls -s m.safetensors | grep '[.]weight')" ]
ok $? '--init'

# --keep: numbers between those begun with and those learnt, of every tensor, statistics too.
tensors() { perl -e 'local $/; my $b = <>; print join "\n", unpack "f<*", substr $b, 8 + unpack "Q<", $b' "$1"; }
fractrain "${small[@]}" -e 1 -s 5 -o begun.st set.pam
for keep in 0 .25 1; do
    fractrain "${small[@]}" -e 1 --init begun.st --keep "$keep" -o "keep$keep.st" set.pam
done
fractrain "${small[@]}" -e 1 --init begun.st -o p.st set.pam && cmp p.st keep0.st && npyls -n p.st | grep -q 'average=0 size' && npyls -n keep.25.st | grep -q 'average=0 keep=0.25 size'
ok $? '--keep 0 is the same as none, and others are told'
paste <(tensors begun.st) <(tensors keep0.st) <(tensors keep.25.st) <(tensors keep1.st) >kept.tsv
awk '{ d = .25 * $1 + .75 * $2 - $3; if (d < 0) d = -d; m = $3 < 0 ? -$3 : $3; if (d > 1e-6 * m + 1e-7 || $4 != $1) exit 1; moved += $1 != $2 } END { exit !(moved > NR / 2) }' kept.tsv
ok $? "--keep .25: a quarter of the way back; 1: all of it ($(wc -l <kept.tsv) numbers)"
one_line 2 "--keep is a share of --init's weights" fractrain "${small[@]}" -e 1 --keep .5 -o z.st set.pam
ok $? '--keep without --init'

# Labels at every cell, and a network without its last stage.
surfgen -c 4 -n 8 -z 48 --scenes plain,shape --labels -s 2 >cells.pam
dense=(fractrain -z 48 -b 8 --rate 0.03 -c 4 -s 3 --area .5 --layers 3 --dense 'layer2:.5,layer3:1')
"${dense[@]}" -e 10 -l cells.tsv --log-every 8 -o n.st cells.pam && [ "$(head -n 1 cells.tsv | cut -f 3-7)" = "$(printf 'loss\taccuracy\tlayer2\tlayer3\trate')" ]
ok $? '--dense: the log has a column for each layer'
awk -F'\t' 'NR == 2 { first = $6 } END { exit !($5 > .4 && $6 > .4 && $6 > first) }' cells.tsv
ok $? "cells learn their classes: $(tail -n 1 cells.tsv | cut -f 4-6)"
"${dense[@]}" -e 1 -o o.st cells.pam && "${dense[@]}" -e 1 -j 1 -o p.st cells.pam && cmp o.st p.st
ok $? '-j 1 gives the same weights'
npyls -s n.st | grep -q 'dense.layer3.bias' && ! npyls -s n.st | grep -q layer4 && npyls -s n.st | grep -q 'fc.weight.*256'
ok $? '--layers 3: no layer4, the class is told from layer3'
featx -w n.st cells.pam | npyls -n | grep -q 'layers=layer1,layer2,half:layer1,quarter:layer1'
ok $? 'featx reads them'
for weight in 1 2 3; do "${dense[@]}" -e 1 --rate 0 --precision f32 --dense "layer2:$weight" -l "weight$weight.tsv" -o p.st cells.pam; done
awk -F'\t' 'FNR == 2 { loss[++n] = $3 } END { d = loss[2] - loss[1]; e = loss[3] - loss[2]; exit !(d > .5 && e - d < 1e-3 && d - e < 1e-3) }' weight?.tsv
ok $? 'the loss has that of the cells in it, times its weight'
"${dense[@]}" -e 1 --mix 1 -o p.st cells.pam && ! cmp -s o.st p.st
ok $? 'labels are mixed as their images are'
one_line 1 'no plane of labels' fractrain "${small[@]}" -c 4 -n 1 --dense layer2:1 -o z.st set.pam
ok $? 'an image without a plane'
one_line 1 "a pixel's label 3 is outside the 3 classes" fractrain "${small[@]}" -c 3 -n 2 --dense layer2:1 -o z.st <(surfgen -c 4 -z 32 --labels --scenes shape -n 20 | sed 's/^# label=3$/# label=0/')
ok $? 'a label of a pixel outside the classes'
for wrong in layer2 layer5:1 layer2:0 layer2:1,layer2:1 'layer2:1,' layer2:x; do
    one_line 2 "--dense: '$wrong'" fractrain "${small[@]}" -c 4 -n 1 --dense "$wrong" -o z.st set.pam
    ok $? "--dense $wrong"
done
one_line 2 'there is no layer4 (--layers 3)' fractrain "${small[@]}" -c 4 -n 1 --layers 3 --dense layer4:1 -o z.st set.pam
ok $? '--dense of a layer that is left out'
one_line 2 '--taps: there is no layer4' fractrain "${small[@]}" -c 4 -n 1 --layers 3 --taps layer4 -o z.st set.pam
ok $? '--taps of one'
one_line 2 'AutoAugment' fractrain "${small[@]}" -c 4 -n 1 --dense layer2:1 --autoaugment yes -o z.st set.pam
ok $? '--dense with AutoAugment'
one_line 2 '-c CLASSES' fractrain "${small[@]}" -e 1 --dense layer2:1 -o z.st set.pam
ok $? '--dense without -c'

"${dense[@]}" -e 1 --store bf16 -o half.st cells.pam
npyls -s half.st | awk -F'\t' 'NR > 1 && ($4 == "BF16") != ($5 ~ /x/) { exit 1 }' && [ $((2 * $(stat -c %s half.st))) -lt $((11 * $(stat -c %s o.st) / 10)) ]
ok $? '--store bf16: half the bytes'
npysdiff -q -s .01 <(featx --precision f32 -w o.st -l layer2 cells.pam) <(featx --precision f32 -w half.st -l layer2 cells.pam)
ok $? 'and nearly the same features'

# --freeze: those tensors keep their bytes, statistics too; the others move.
# tensors FILE PATTERN: names that match, and MD5 of their bytes
tensors() {
    perl -MDigest::MD5=md5_hex -e '
        my ($file, $pattern) = @ARGV;
        open my $f, "<:raw", $file; local $/; my $all = <$f>;
        my $n = unpack "Q<", $all; my $head = substr $all, 8, $n;
        while ($head =~ /"([^"]+)":\{"dtype":"\w+","shape":\[[\d,]*\],"data_offsets":\[(\d+),(\d+)\]/g) {
            my ($name, $from, $to) = ($1, $2, $3);
            print "$name ", md5_hex(substr $all, 8 + $n + $from, $to - $from), "\n" if $name =~ /$pattern/;
        }' "$1" "$2"
}
freeze=(fractrain "${small[@]}" --layers 3 --init a.st -c 4 -n 2)
# moved OUT PATTERN: how many of a.st's tensors of these names are others in OUT
moved() { diff <(tensors a.st "$2") <(tensors "$1" "$2") | grep -c '^>'; }
"${freeze[@]}" --freeze layer1 -o layer1.st set.pam && [ "$(moved layer1.st '^(conv1|bn1|layer1)')" = 0 ] &&
    [ "$(moved layer1.st '^(layer[234]|fc)')" = "$(tensors a.st '^(layer[234]|fc)' | wc -l)" ]
ok $? '--freeze layer1: the stem too, no statistic moves, and all else does'
npyls -n layer1.st | grep -q ' freeze=layer1 ' && ! npyls -n a.st | grep -q freeze=
ok $? 'the recipe says so'
"${freeze[@]}" --freeze conv1,layer2.0.bn1 -o some.st set.pam && [ "$(moved some.st '^(conv1|layer2\.0\.bn1)')" = 0 ] &&
    [ "$(moved some.st '^(bn1|layer1|layer2\.0\.bn2)')" = "$(tensors a.st '^(bn1|layer1|layer2\.0\.bn2)' | wc -l)" ]
ok $? '--freeze of a list: these alone'
"${freeze[@]}" --minutes 0 -n 9 --freeze layer1 -o cold.st set.pam 2>err
"${freeze[@]}" --resume -n 9 --freeze layer2 -o cold.st set.pam 2>err
[ $? -eq 1 ] && grep -q 'was made with other options' err
ok $? '--freeze is of the recipe that a checkpoint keeps'
one_line 2 "no tensor's name begins with 'layer9'" "${freeze[@]}" --freeze layer9 -o z.st set.pam
ok $? '--freeze of what is not there'
one_line 2 'a name is empty' "${freeze[@]}" --freeze conv1, -o z.st set.pam
ok $? '--freeze with an empty name'
one_line 2 'nothing is left to learn' "${freeze[@]}" --freeze layer3,fc -o z.st set.pam
ok $? '--freeze of everything'

# --norm as it is printed.
"${freeze[@]}" -n 1 --norm 0.5,.5,.25/.25,.5,1 -o norm.st set.pam && npyls -n norm.st | grep -qx std=0.25,0.5,1 && npyls -n norm.st | grep -qx mean=0.5,0.5,0.25
ok $? '--norm of a mean and a deviation'
one_line 2 'a deviation above 0' "${freeze[@]}" --norm .5,.5,.5/.5,0,.5 -o z.st set.pam
ok $? '--norm with a deviation of 0'

# What leaves goes into featx, with its own normalisation.
featx -w b.st -l layer2 set.pam | npyls -n | grep -q 'norm=0.485,0.456,0.406/0.229,0.224,0.225'
ok $? 'featx reads the weights'
fractrain -q --precision int8 -c 2 -n 1 -o int8.st </dev/null 2>err
[ $? -eq 2 ] && grep -q 'f32, bf16, auto' err && [ ! -e int8.st ]
ok $? 'no training in 8 bits'
done_testing
