#!/bin/bash
# flowscore: what it learns tells the odd image; the same bytes however it is run, killed or not; what must be refused is, in one line,
# with nothing left.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
mkdir tmp
export TMPDIR=$work/tmp

# image SEED [ODD]: taps of an image, smooth over the positions and alike but for noise; ODD: a place where values are others
image() {
    npy_note "name=$1.png" input=32x32 arrays=a,b,c
    perl -e 'my ($seed, $odd) = @ARGV; my $x = $seed * 7919 + 1;
        for ([8, 8, 6], [4, 4, 10], [2, 2, 5]) {
            my ($h, $w, $c) = @$_;
            my $text = sprintf "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: (%d, %d, %d), }", $h, $w, $c;
            my $length = int((10 + length($text) + 64) / 64) * 64 - 10;
            print "\x93NUMPY\1\0", pack("v", $length), $text, " " x ($length - length($text) - 1), "\n";
            for my $y (0 .. $h - 1) { for my $z (0 .. $w - 1) { for my $k (0 .. $c - 1) {
                $x = ($x * 1103515245 + 12345) % 2147483648;
                my $v = sin($k + 3 * $y / $h) + cos(2 * $k - 2 * $z / $w) + .2 * ($x / 1073741824 - 1);
                $v = 2 - $v if $odd && int($y * 4 / $h) == 1 && int($z * 4 / $w) == 2;
                print pack "f<", $v } } } }' "$1" "${2:-0}"
}
# opening HASH[ KEY=VALUE ...], in one word
opening() {
    # shellcheck disable=SC2086 # words
    npy_note stream=features version=1 weights=w:$1
}
# stream HASH IMAGE...: the images as a stream
stream() {
    local i
    opening "$1"
    for i in "${@:2}"; do cat "image.$i"; done
    npy_note end=$(($# - 1))
}
for i in {1..24}; do image "$i" >"image.$i"; done
image 90 1 >image.odd
mapfile -t train < <(seq 1 20)
stream 1a2b "${train[@]}" >train
stream 1a2b 21 22 23 24 odd >fresh
stream 7777 21 >other

small() { flowscore --blocks 3 -e 6 -b 5 "$@"; }
that "a fit" small -q -o m.st train
that "two of twenty images are held back" grep -q '"held":"2"' m.st
that "the model says which epoch it is, and what it is made of" grep -q '"blocks":"3".*"epoch":"[1-6]".*"method":"fastflow"' m.st
flowscore -m m.st -t - fresh >scores
that "the odd image has the highest score" test "$(sort -t "$(printf '\t')" -k 4,4g scores | tail -n 1 | cut -f 1)" = 90.png
that "its highest value is where it is odd" test "$(flowscore -m m.st fresh | perl -0777 -ne '
    my $map = substr $_, -4096 - 64 * 2; my @v; my $at = rindex $_, "end=5"; $at = rindex($_, "\x93NUMPY", $at) - 4096;
    @v = unpack "f<1024", substr $_, $at, 4096; my $best = 0; $v[$_] > $v[$best] and $best = $_ for 0 .. 1023;
    print int($best / 32 / 8), int($best % 32 / 8)')" = 12

# The same bytes.
small -q -j 1 -o one.st train && small -j 2 -o two.st train 2>plan
that "-j 1 and -j 2 fit the same model, with the plan or without" eval "cmp m.st one.st && cmp m.st two.st"
that "the plan is told" grep -qE '^flowscore: 6 epochs of 4 steps of 4 images \(18 to learn from, 2 held back\): about .* s, .* MB of memory, .* MB on disk$' plan
flowscore -j 1 -m m.st fresh >maps && flowscore -j 2 -m m.st fresh >two.maps
that "-j 1 and -j 2 give the same maps" cmp maps two.maps
for i in 21 22 23 24 odd; do stream 1a2b $i | flowscore -m m.st; done >single.maps
that "one image at a time gives the same maps" npysdiff -t 0 maps single.maps
stream 1a2b odd 24 23 22 21 >backward
that "another order gives the same scores" cmp <(sort scores) <(flowscore -m m.st -t - backward | sort)
flowscore --blocks 3 -b 5 -q --minutes 0.004 -o by.st train && e=$(grep -aoE -- ' -e [0-9]+' by.st | grep -oE '[0-9]+')
small -q -e "${e:-0}" -o count.st train
that "--minutes: the same bytes as --epochs with the number that it came to ($e)" cmp by.st count.st
small -q -s 1 -o seed.st train
that "another seed, another model" eval "! cmp -s m.st seed.st"
small -q --precision f32 -o f32.st train && small -q --precision bf16 -o bf16.st train
that "--precision: the model keeps it" eval 'grep -q "\"own_precision\":\"f32\"" f32.st && grep -q "\"own_precision\":\"bf16\"" bf16.st'
that "auto is one of the two" eval 'cmp -s m.st f32.st || cmp -s m.st bf16.st'
stream '1a2b precision=f32' "${train[@]}" >precise
small -q --precision bf16 -o with.st precise
that "subnets in bf16 on features in f32: these are scored" eval "stream '1a2b precision=f32' 21 odd | flowscore -q -m with.st >/dev/null"
stream '1a2b precision=bf16' 21 >rounded
that "others are refused" eval '! flowscore -q -m with.st rounded >/dev/null 2>why && grep -q "^flowscore: rounded: record 1 (21.png): features of precision=bf16, but with.st was fitted on precision=f32" why'
small -q --store f32 -o f32.st train
near() { paste "$1" <(flowscore -m "$2" -t - fresh) | awk -F '\t' 'NR > 1 && ($4 - $9 > .01 || $9 - $4 > .01) { bad = 1 } END { exit bad }'; }
that "--store f32: nearly the same scores" near scores f32.st
small -q --precision f32 -o plain.st train && flowscore -m plain.st -t - fresh >plain.scores
that "--precision bf16: nearly the scores of f32" near plain.scores bf16.st
that "and not the same" eval '! cmp -s plain.scores <(flowscore -m bf16.st -t - fresh)'
other() { ! cmp -s m.st "$1" && flowscore -m "$1" -t - fresh >other.scores && ! cmp -s scores other.scores; }
for with in '--kernels 3x3' '--hidden 2' '--clamp 1' '--decay 0.1' '--rate 0.01' '--as paper -e 2 --blocks 2' '-b 3' '--warmup 0.5' '--schedule cosine'; do
    # shellcheck disable=SC2086 # words
    small -q $with -o with.st train
    that "$with changes the model" other with.st
done
small -q --log log --log-every 3 -o log.st train
logged() { cmp m.st log.st && [ "$(cut -f 1 log | tr '\n' ' ')" = 'step 3 6 9 12 15 18 21 24 ' ] && head -n 1 log | grep -q held; }
that "--log: a row every 3 steps, with the loss on the held images" logged
threshold() { grep -aoE '"threshold":"[^"]*"' "$1"; }
small -q --quantile 0 -o low.st train
that "--quantile 0: another threshold" test "$(threshold low.st)" != "$(threshold m.st)"
# pixel MODEL: the threshold of its maps' largest values, which is the images' where that is their score
pixel() { grep -aoE '"pixel_threshold":"[^"]*"' "$1" | sed s/pixel_//; }
that "the score is the map's largest value" test "$(threshold m.st)" = "$(pixel m.st)"
small -q --score top:1e-9 -o max.st train && small -q --score top:.2 -o top.st train
that "--score top: of one value is that" test "$(threshold max.st)" = "$(threshold m.st)"
[ "$(threshold top.st)" != "$(threshold m.st)" ] && [ "$(pixel top.st)" = "$(pixel m.st)" ]
ok $? "--score top:.2: another score of the same maps"
that "which the scores have, too" eval '! cmp -s scores <(flowscore -m top.st -t - fresh)'
small -q --sigma 2 -o blurred.st train && small -q --sigma 2 --border edge -o edge.st train
that "--sigma: other maps" test "$(pixel blurred.st)" != "$(pixel m.st)"
that "--border: other ones" test "$(pixel edge.st)" != "$(pixel blurred.st)"
flowscore -q -m m.st --size 16x8 -t - fresh >sized
that "--size" eval "! cmp -s scores sized && grep -q 90.png sized"

# by OPTION...: what by= of a fit says from --blocks on, without what the map is made of
by() { flowscore -q "$@" -o as.st train && grep -aoE '"by":"[^"]*"' as.st | sed -E 's/.*(--blocks.*) --score.*(-e.*) -s 0.*(--schedule.*) --quantile.*/\1 \2 \3/'; }
# What --as stands for (methods 1, 7, 8 of shared/facts): of FastFlow, then of CFLOW-AD. A fit that never gets better ends after an epoch.
flow='--blocks 8 --clamp 2 --kernels alternate --hidden 1 --condition 128 --mix permutation --fibre 256 --decay 1e-05 -e 1 -b 32 --rate 0.001 --schedule constant --warmup 0 --final 0'
that "--as anomalib" test "$(by --as anomalib -e 1)" = "$flow --patience 3"
that "--as original" test "$(by --as original -e 1)" = "$flow --patience 0"
that "--as paper" test "$(by --as paper -e 1)" = "${flow/alternate/3x3} --patience 3"
flow='--blocks 8 --clamp 1.9 --kernels alternate --hidden 1 --condition 128 --mix permutation --fibre 64 --decay 0 -e 1 -b 16 --rate 0.0001 --schedule constant --warmup 0 --final 0 --patience 2'
that "cflow --as anomalib" test "$(by --method cflow --as anomalib -e 1)" = "$flow"
that "cflow --as paper" test "$(by --method cflow --as paper -e 1)" = "$flow"
flow='--blocks 8 --clamp 1.9 --kernels alternate --hidden 1 --condition 128 --mix orthogonal --fibre 256 --decay 0 -e 1 -b 32 --rate 0.0002 --schedule cosine --warmup 0.08 --final 0.001 --patience 0'
that "cflow --as original" test "$(by --method cflow --as original -e 1)" = "$flow"
epochs() { by --blocks 1 --rate 0 --patience 1 "$@" | grep -oE -- '-e [0-9]+'; }
that "epochs of fastflow" test "$(for who in anomalib original paper; do epochs --as $who; done | paste -sd' ')" = '-e 500 -e 500 -e 500'
that "epochs of cflow" test "$(for who in anomalib original paper; do epochs --method cflow --as $who; done | paste -sd' ')" = '-e 50 -e 200 -e 50'

# Killed, then resumed. The checkpoint stands beside the model.
killed() { # SIGNAL FILE
    rm -f "$2"*
    flowscore --blocks 3 -b 5 -q -e 60 --every 7 -o "$2" train 2>messages &
    local pid=$! i # flowscore itself, no shell around it
    for ((i = 0; i < 500; i++)); do
        [ ! -e "$2.checkpoint" ] || break
        sleep 0.01
    done
    kill -"$1" $pid
    wait $pid 2>/dev/null
    [ -e "$2.checkpoint" ] && [ ! -e "$2" ]
}
small -q -e 60 -o long.st train
for signal in KILL TERM; do
    that "SIG$signal leaves a checkpoint" killed $signal killed.st
    that "which isn't overwritten" fails 2 'killed.st.checkpoint is there' small -q -e 60 -o killed.st train
    that "nor taken for other options" fails 1 'killed.st.checkpoint: ' small -q -e 60 -o killed.st --resume --clamp 1 train
    that "nor for other images" fails 1 'killed.st.checkpoint: made with other images' small -q -e 60 -o killed.st --resume train train
    small -q -e 60 -o killed.st --resume train
    that "and resumed the model is the same" cmp long.st killed.st
    that "the checkpoint is gone" test ! -e killed.st.checkpoint
done
small -q -e 60 --checkpoint else --every 2 -o long.st train
that "--checkpoint" test ! -e else

# CFLOW-AD, the same questions.
conditional() { flowscore --method cflow --blocks 2 --condition 8 --fibre 32 -e 3 -b 5 --rate 0.003 "$@"; }
conditional -q -j 1 -o c.st train && conditional -j 2 -o two.st train 2>plan
that "cflow: -j 1 and -j 2 fit the same model" cmp c.st two.st
that "cflow: the plan" grep -q 'flowscore: 3 epochs of 4 steps of 4 images' plan
that "cflow: what the model says" grep -q '"blocks":"2".*"condition":"8".*"method":"cflow"' c.st
flowscore -j 1 -m c.st fresh >maps && flowscore -j 2 -m c.st fresh >two.maps
that "cflow: -j 1 and -j 2 give the same maps" cmp maps two.maps
for i in 21 22 23 24 odd; do stream 1a2b $i | flowscore -m c.st; done >single.maps
that "cflow: one image at a time gives the same maps" npysdiff -t 0 maps single.maps
flowscore -m c.st -t - fresh >conditional.scores
that "cflow: another order gives the same scores" cmp <(sort conditional.scores) <(flowscore -m c.st -t - backward | sort)
that "cflow: the odd image has the highest score" test "$(sort -t "$(printf '\t')" -k 4,4g conditional.scores | tail -n 1 | cut -f 1)" = 90.png
for with in '--mix orthogonal' '--fibre 16' '--condition 12' '--clamp 1' '--decay 0.1' '--as original -e 3 --rate 0.01' '-s 5'; do
    # shellcheck disable=SC2086 # words
    conditional -q $with -o with.st train
    that "cflow: $with changes the model" other with.st
done
# sides SEED [SWAPPED]: the left half is one vector, the right half another, but for noise
sides() {
    # shellcheck disable=SC2046 # numbers are words
    npy_note "name=$1.png" input=16x16 arrays=a && npy_f4 '4, 4, 4' $(perl -e 'my ($x, $swapped) = @ARGV;
        for my $i (0 .. 15) { for my $c (0 .. 3) { $x = ($x * 1103515245 + 12345) % 2147483648;
            printf "%.4f ", ((($i % 4 < 2) ^ $swapped) ? 1 : -1) * (1 + $c / 2) + .2 * ($x / 1073741824 - 1) } }' "$1" "${2:-0}")
}
{ opening 1a2b && for i in {1..20}; do sides "$i"; done && npy_note end=20; } >halves
{ opening 1a2b && sides 21 && sides 22 && sides 23 && sides 90 1 && npy_note end=4; } >swapped
flowscore -q --method cflow --blocks 4 --condition 16 --fibre 32 -e 25 -b 5 --rate 0.005 -o halves.st halves
swaps() { flowscore -m halves.st -t - swapped | awk -F '\t' 'NR > 1 && ($1 == "90.png" ? $4 < .95 : $4 > .85) { bad = 1 } END { exit bad }'; }
that "cflow: it knows where a vector belongs" swaps
large() { # images whose features are by far too large for a network that nothing normalises
    opening 1a2b
    for i in 1 2 3 4 5 6 7 8 9 10; do npy_note name=$i input=4x4 arrays=a && npy_f4 '2, 2, 4' $((i * 911)) 5 -3000 $((i * 7)) 5 6 -7 $((9 - i)) 1 2 3 4 99999 2 $i 3; done
    npy_note end=10
}
large >large.npys
conditional -q -o large.st large.npys
finite() { flowscore -m large.st -t - large.npys | awk -F '\t' 'NR > 1 && !($4 >= 0 && $4 <= 1) { bad = 1 } END { exit bad || NR != 11 }'; }
that "cflow: large features have finite scores, from 0 to the number of taps" finite
conditional -q -e 40 -o long.st train
rm -f killed.st*
flowscore --method cflow --blocks 2 --condition 8 --fibre 32 -b 5 --rate 0.003 -q -e 40 --every 7 -o killed.st train &
pid=$!
until [ -e killed.st.checkpoint ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -KILL $pid
wait $pid 2>/dev/null
rm -f killed.st.?????? killed.st.checkpoint.?????? # a kill may leave those
conditional -q -e 40 --resume -o killed.st train
that "cflow: killed and resumed, the model is the same" cmp long.st killed.st
that "cflow: a condition that isn't a multiple of 4" fails 2 '6 is not a multiple of 4' conditional --condition 6 -o out.st train
that "cflow: other methods' models are told apart" fails 1 'padim' padim -m c.st fresh

# Training that goes wrong.
that "a loss that is not finite is told" fails 1 'the loss is not finite in step 2; there is no checkpoint yet' small -q --rate 1e6 -o out.st train

# What must be refused.
head -c 10000 train >short
that "a cut stream" fails 1 'short: record' small -q -o out.st short
stream 1a2b 1 2 3 4 5 6 7 8 9 >nine
that "nine images" fails 1 '9 images; a fit needs 10' small -q -o out.st nine
{ opening 1a2b && for i in 1 2 3 4 5 6 7 8 9 10; do npy_note name=$i input=4x4 arrays=a && npy_f4 '2, 2, 1' 1 2 3 4; done && npy_note end=10; } >thin
that "one channel" fails 1 'tap 1 has one channel' small -q -o out.st thin
that "other weights" fails 1 'record 1 (21.png): .*weights' flowscore -m m.st other
{ opening 1a2b && npy_note name=x input=32x32 arrays=a && npy_f4 '2, 2, 2' 1 2 3 4 5 6 7 8 && npy_note end=1; } >lone
that "other layers" fails 1 'record 1 (x)' flowscore -m m.st lone
that "fewer taps" fails 1 'record 1 (x): m.st: fitted on 3 taps, not 1' flowscore -q --force -m m.st lone
that "little memory" fails 1 'needs .* memory' small -q --mem 1M -o out.st train
that "a fit's option when scoring" fails 2 'b is of the fit: the model keeps it' flowscore -m m.st -b 3 fresh
that "an unknown method" fails 2 'fastflow' flowscore --method glow -o out.st train
that "no block" fails 2 'blocks' flowscore --blocks 0 -o out.st train
padim -q -o padim.st train
that "a model of another method" fails 1 'padim.st: a model of padim, not of f' flowscore -m padim.st fresh
that "a model of flows for another program" fails 1 'm.st: a model of fastflow, not of padim' padim -m m.st fresh

# Models that were tampered with. change FROM TO: the same number of bytes
change() { perl -0777 -pe 'BEGIN { ($a, $b) = splice @ARGV, 0, 2 } s/\Q$a\E/$b/' "$1" "$2" m.st >changed.st; }
head -c 3000 m.st >cut.st
that "a cut model" fails 1 '^flowscore: cut.st: ' flowscore -m cut.st fresh
change '"tap2.block1.conv1.bias"' '"tap2.block1.conv1.bass"'
that "a tensor that is missing" fails 1 'changed.st: tap2.block1.conv1.bias ' flowscore -m changed.st fresh
change '"tap1.norm.weight"' '"tap1.norm.wxight"'
that "no flow at all" fails 1 'changed.st: no tap1.norm.weight in it: not a model of flows' flowscore -m changed.st fresh
change '"shape":[6,8,8]' '"shape":[8,6,8]'
that "another shape" fails 1 'changed.st: tap1.* is .*, not ' flowscore -m changed.st fresh
change '"blocks":"3"' '"blocks":"4"'
that "more blocks than there are" fails 1 'changed.st: tap1.block4.conv1.weight ' flowscore -m changed.st fresh
change '"blocks":"3"' '"blocks":"x"'
that "blocks that are no number" fails 1 'changed.st: blocks=x' flowscore -m changed.st fresh
change '"hidden":"1"' '"hidden":"9"'
that "wider subnets than there are" fails 1 'changed.st: tap1.block1.conv1.weight is 3x3x3x3, not 27x3x3x3' flowscore -m changed.st fresh
change '"kernels":"alternate"' '"kernels":"3x3"      '
that "other kernels" fails 1 'changed.st: tap1.block2.conv1.weight is 3x3x1x1, not 3x3x3x3' flowscore -m changed.st fresh
# damage FROM TO: the same of CFLOW-AD's model
damage() { perl -0777 -pe 'BEGIN { ($a, $b) = splice @ARGV, 0, 2 } s/\Q$a\E/$b/' "$1" "$2" c.st >changed.st; }
damage '"tap2.peak"' '"tap2.peek"'
that "cflow: no peak" fails 1 'changed.st: tap2.peak is not there' flowscore -m changed.st fresh
damage '"taps"' '"tops"'
that "cflow: no list of taps" fails 1 'changed.st: no list of taps in it' flowscore -m changed.st fresh
damage '"shape":[3,3]' '"shape":[9,1]'
that "cflow: a list of another shape" fails 1 'changed.st: no list of taps in it' flowscore -m changed.st fresh
damage '"condition":"8"' '"condition":"4"'
that "cflow: another condition" fails 1 'changed.st: tap1.block1.linear1.weight is 22x11, not 14x7' flowscore -m changed.st fresh
damage '"tap3.block1.linear2.bias"' '"tap3.block1.linear2.bass"'
that "cflow: a tensor that is missing" fails 1 'changed.st: tap3.block1.linear2.bias ' flowscore -m changed.st fresh
# fuzz FILE N: N models with a few bytes changed; each is scored or refused in one line
fuzz() {
    local i status
    for ((i = 0; i < $2; i++)); do
        perl -0777 -pe 'BEGIN { srand shift } my $head = 8 + unpack "v", $_;
            for my $k (0 .. rand 4) { substr($_, int(rand 1 < .7 ? rand $head : rand length), 1) = chr rand 256 }' "$i" "$1" >fuzzed.st
        flowscore -q -m fuzzed.st -t - fresh >stdout 2>stderr
        status=$?
        if [ $status -gt 1 ] || { [ $status = 1 ] && [ "$(wc -l <stderr)" != 1 ]; }; then
            echo "# $i: status $status, $(head -c 300 stderr)"
            return 1
        fi
    done
}
that "thirty damaged models" fuzz m.st 30
that "cflow: thirty damaged models" fuzz c.st 30
that "no temporary file is left" test -z "$(find . -name 'fern*' -o -name '*.tmp*' -o -name '*.st.??????' -o -path './tmp/*')"
done_testing
