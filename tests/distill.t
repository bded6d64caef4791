#!/bin/bash
# distill: what its options must do; a score is the image's alone; a training that was killed gives the same model; what must be
# refused is, in one line, with nothing left. That training is right is shown in unit/distill.c.
# shellcheck disable=SC2016 # awk's
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
mkdir tmp
export TMPDIR=$work/tmp
opening() { npy_note stream=features version=1 "weights=w:$1" "${@:2}"; }
# tap H W C SEED: an array of numbers in [0, 1), half of them 0 as behind a ReLU, and of structure, so that there is something to learn
tap() {
    npy_header '<f4' "$1, $2, $3"
    perl -e 'my ($h, $w, $c, $x) = @ARGV; my @v;
        for my $i (0 .. $h * $w - 1) { for my $k (0 .. $c - 1) { $x = ($x * 1103515245 + 12345) % 2147483648;
            push @v, ($i * 7 + $k * 5) % 11 < 5 ? 0 : .8 * (($i + $k * 3) % 7) / 7 + .2 * $x / 2147483648 } }
        print pack "f<*", @v' "$@"
}
# image SEED [H W]: a ResNet-18's taps of an image of 32 x 32
image() {
    local h=${2:-8} w=${3:-8}
    npy_note "name=$1.png" "input=$((4 * w))x$((4 * h))" arrays=layer1,layer2,layer3
    tap "$h" "$w" 64 "$1" && tap $((h / 2)) $((w / 2)) 128 "9$1" && tap $((h / 4)) $((w / 4)) 256 "18$1"
}
for i in {1..12} 99; do image "$i" >"image.$i"; done
{ opening 1a2b arch=resnet18 && cat image.{1..12} && npy_note end=12; } >train
{ opening 1a2b && cat image.99 image.3 && npy_note end=2; } >tested
{ opening 7777 && cat image.99 && npy_note end=1; } >other
{ opening 1a2b && image 8 16 8 && npy_note end=1; } >large
{ opening 1a2b && image 7 6 8 && npy_note end=1; } >odd
{ opening 1a2b && cat image.{1..9} && npy_note end=9; } >few
fit() { distill -q --method rd --embedding 4 -b 4 --width 3 --precision f32 "$@" train; }
meta() { grep -aoE "\"$2\":\"[^\"]*\"" "$1" | cut -d '"' -f 4; }
# differs FILE FILE: neither is empty, and they are not the same
differs() { [ -s "$1" ] && cat "$2" >second && [ -s second ] && ! cmp -s "$1" second; }
scores() { distill -q -m "$1" -t - "$2" | awk -F '\t' 'NR > 1 { print $4 }'; }

# A model and its scores
that "a fit" fit -j 1 -e 4 -l log.tsv --log-every 1 -o m.st
that "-j 1 and -j 2 learn the same" cmp m.st <(fit -j 2 -e 4 -o two.st && cat two.st)
that "a row a step" test "$(wc -l <log.tsv)" = 13
that "the loss goes down" awk -F '\t' 'NR == 2 { first = $3 } END { exit !($3 < first) }' log.tsv
that "an epoch of those is the model's" grep -qx '[1-4]' <(meta m.st epoch)
that "what is kept" test "$(for k in method student embedding combine upsample meet sigma border own_precision taps held; do meta m.st $k; done | paste -sd' ')" = \
    'rd resnet18 4 sum align-corners map 4 mirror f32 8x8x64,4x4x128,2x2x256 1'
{ opening 1a2b && cat image.[1-3] && npy_note end=3; } >three
distill -q -j 1 -m m.st three tested >all
that "scores" test -s all
that "-j 1 and -j 2 score the same" cmp all <(distill -q -j 2 -m m.st three tested)
for i in {1..3} 99 3; do { opening 1a2b && cat image."$i" && npy_note end=1; } | distill -q -m m.st; done >single
that "one image at a time scores the same" npysdiff -t 0 all single
distill -q -m m.st -t - train tested | sort >forward
that "a table" test "$(wc -l <forward)" = 15
that "another order scores the same" cmp forward <(distill -q -m m.st -t - tested train | sort)
that "maps of the network's input" grep -q 32x32 <(npyls all)
that "maps of another size" grep -q 12x20 <(distill -q -m m.st --size 20x12 tested | npyls)

# Options: what they set
distill -b 4 -e 1 --embedding 4 -o g.st <(opening 1a2b && cat image.{1..12} && npy_note end=12) 2>plan
that "--student by the channels" test "$(meta g.st student)" = resnet18
that "--as original, but --student and --sigma" test "$(fit -e 1 --as original --sigma 1 --student resnet34 -o g.st && meta g.st by | grep -o 'beta2.*' | cut -d ' ' -f 2)/$(meta g.st border)/$(meta g.st sigma)/$(meta g.st student)" = 0.999/edge/1/resnet34
that "--as anomalib, and an option beside it" test "$(fit -e 1 --border edge --as anomalib -o a.st && meta a.st by | grep -o 'beta2.*' | cut -d ' ' -f 2)/$(meta a.st border)" = 0.99/edge
fit -e 1 -o one.st && scores one.st tested >one
for other in '-s 1' '--rate 0.001' '--decay 0.1' '--optimiser sgd' '--loss mean' '--loss sum' '--store f32' '--precision bf16' '--beta2 0.9' '--zero-init-residual yes' '--schedule cosine' '--warmup 0.5' '--schedule cosine --final 0.5'; do
    # shellcheck disable=SC2086 # words
    that "$other learns something else" differs one <(fit -e 1 $other -o x.st && scores x.st tested)
done
fit -e 1 --sigma 0 --upsample half-pixel --meet tap -o tap.st && fit -e 1 --sigma 0 --upsample half-pixel --meet map -o map.st
for meet in tap map; do
    distill -q -m $meet.st --size 8x8 tested >$meet.small
    distill -q -m $meet.st tested >$meet.large
done
that "--meet: in the finest tap's size both are one" npysdiff -t 0 tap.small map.small
that "in another they are not" test "$(npysdiff -q -t 1e-6 tap.large map.large >/dev/null 2>&1; echo $?)" = 1
fit -e 1 --sigma 0 --combine product -o product.st && fit -e 1 --sigma 0 --combine sum -o sum.st
that "--combine: a product is at most the cube of a third of the sum" awk '{ p[NR] = $1 } END { n = NR / 2; for (i = 1; i <= n; i++) if (!(p[i] > 0 && p[i] <= (p[n + i] / 3) ^ 3)) exit 1; exit !(n == 2) }' \
    <(scores product.st tested && scores sum.st tested)
that "--sigma lowers a maximum" awk '{ s[NR] = $1 } END { exit !(s[1] < s[3] && s[2] < s[4]) }' <(cat one && scores sum.st tested)
that "--minutes: an epoch at the least, and at most as many as --epochs" test "$(fit --minutes 0.0001 -e 3 -o min.st && meta min.st by | grep -oE ' -e [0-9]+')" = ' -e 1'
that "--epochs with the number that it tells gives the same" cmp one.st min.st
that "the plan is told before" grep -q '1 epochs of 3 steps of 3 images (11 to learn from, 1 held back)' plan

# Of twice twelve images the tenth of the first and the eighth of the second are held back.
for q in 0 1; do distill -q --embedding 4 -e 1 --quantile $q -o q$q.st <(cat train train); done
{ opening 1a2b && cat image.10 image.8 && npy_note end=2; } >held
that "--quantile 0 and 1: the held images' lowest and highest score" cmp <(scores q1.st held | sort -g) <(meta q0.st threshold && meta q1.st threshold)

# Killed and resumed
cp m.st whole.st
killed() { # killed SIGNAL: after a checkpoint
    rm -f k.st* k.ckpt
    distill -q --embedding 4 -b 4 --width 3 --precision f32 -e 4 --every 3 --checkpoint k.ckpt -o k.st train 2>/dev/null &
    local pid=$!
    until [ -e k.ckpt ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
    kill "-$1" $pid
    wait $pid 2>/dev/null
    rm -f k.st.* # only a kill leaves a temporary file
    [ -e k.ckpt ] && [ ! -e k.st ]
}
for signal in KILL TERM; do
    that "SIG$signal leaves a checkpoint and no model" killed $signal
    that "which is refused without --resume" fails 2 'k.ckpt is there.*--resume' distill --checkpoint k.ckpt -o out.st train
    [ $signal = TERM ] || that "or with other options" fails 1 'k.ckpt' fit -e 4 --rate 0.1 --resume --checkpoint k.ckpt -o out.st
    [ $signal = TERM ] || that "or other images" fails 1 'k.ckpt: made with other images' distill -q --embedding 4 -b 4 --width 3 --precision f32 -e 4 --every 3 --resume --checkpoint k.ckpt -o out.st train tested
    that "resumed, the model is the same" cmp whole.st <(fit -e 4 --resume --checkpoint k.ckpt -o k.st && cat k.st)
    that "and the checkpoint is gone" test ! -e k.ckpt
done

# STFPM: images are read
ifsgen -q -c 4 -n 1 -z 32 | fractrain -q -c 4 -n 1 -b 4 -z 32 -o net.st
for i in {1..10}; do bytes 3072 "$i" | pam "$i.png" 32 32 >"part.$i"; done
cat part.{1..10} >parts.pam
stfpm() { distill -q --method stfpm -w net.st -b 4 -e 1 "$@" parts.pam; }
that "a fit to images" stfpm -j 1 -o st.st
that "-j 1 and -j 2 learn the same" cmp st.st <(stfpm -j 2 -o two.st && cat two.st)
that "its model" test "$(for k in method student layers combine upsample meet sigma; do meta st.st $k; done | paste -sd' ')" = \
    'stfpm resnet18 image,layer1,layer2,layer3 product half-pixel tap 0'
that "--as: --patience, decay and grid" test "$(for who in original anomalib paper; do stfpm --as $who -e 1 -o who.st && meta who.st by | grep -oE 'loss [a-z]+|decay [0-9.]+|residual [a-z]+|meet [a-z]+|patience [0-9]' | cut -d ' ' -f 2; done | paste -sd' ')" = \
    '0 mean no 0.0001 tap 5 sum yes 0.001 map 5 sum yes 0.001 map'
distill -q -j 1 -m st.st -w net.st parts.pam >all.st
that "its scores" test -s all.st
that "-j 1 and -j 2 score the same" cmp all.st <(distill -q -j 2 -m st.st -w net.st parts.pam)
that "ten maps" test "$(npyls all.st | grep -c 32x32)" = 10
that "each with a score of its own" test "$(distill -q -m st.st -w net.st -t - parts.pam | awk -F '\t' 'NR > 1 { print $4 }' | sort -u | wc -l)" = 10
that "one image at a time scores the same" npysdiff -t 0 all.st <(distill -q -m st.st -w net.st part.{1..10})
that "another teacher" fails 1 'record 1 (1.png): .*weights' distill -m st.st -w random:2 parts.pam
that "no teacher" fails 2 '-w WEIGHTS is needed: stfpm reads images' distill -m st.st parts.pam
that "none for a fit" fails 2 '-w WEIGHTS is needed' distill --method stfpm -o out.st parts.pam
that "a teacher for rd" fails 2 '-w is for models of --method stfpm' distill -w net.st -o out.st train
that "images for rd" fails 1 'parts.pam' distill -o out.st parts.pam
that "features for stfpm" fails 1 'train' stfpm -o out.st train
head -c 20000 parts.pam >cut.pam
that "images that were cut" fails 1 'cut.pam: record 7' distill -m st.st -w net.st cut.pam
bytes 6144 1 | pam wide.png 64 32 >wide.pam
that "images of another size" fails 1 'record 11 (wide.png): image is 64x32, those before are 32x32' distill -q --method stfpm -w net.st -o out.st <(cat parts.pam wide.pam)
that "of another size than the fit's" fails 1 'record 1 (wide.png): .*input=64x32' distill -m st.st -w net.st wide.pam

# What must be refused
that "images whose taps don't halve" fails 1 '4x3 and 2x1: .*multiples of 32' distill -q -o out.st odd
that "taps of another network" fails 1 'tap 1 has 64 channels, not the 256' distill -q --student wide_resnet50_2 -o out.st train
{ opening 1a2b && npy_note name=a input=8x8 arrays=a && tap 8 8 64 1 && npy_note end=1; } >one_tap
that "one tap" fails 1 'layer1,layer2,layer3 are needed\|--student' distill -q -o out.st one_tap
that "nine images" fails 1 '9 images; a fit needs 10' distill -q --embedding 4 -o out.st few
that "other weights" fails 1 'record 1 (99.png): .*weights' distill -m m.st other
that "another size" fails 1 'record 1 (8.png): .*input=32x64' distill -m m.st large
that "another size by force" fails 1 'record 1 (8.png): m.st: tap 1 is 16x8x64; the fit.s was 8x8x64' distill -q --force -m m.st large
that "--score top: a part of the map" differs one <(fit -e 1 --score top:.1 -o top.st && scores top.st tested)
that "--as has the map's largest value" test "$(fit -e 1 --as original -o g.st && meta g.st score)/$(meta g.st sigma)" = map-max/4
that "a fit's option when scoring" fails 2 '--sigma is of the fit: the model keeps it' distill -m m.st --sigma 1 tested
that "a method that there isn't" fails 2 'rd' distill --method wrong -o out.st train
that "little memory" fails 1 'needs .* memory' distill -q --mem 1M -o out.st train
that "a rate that diverges" fails 1 'not finite\|no epoch' fit -e 2 --rate 1e6 --optimiser sgd --loss sum --decay 1 -o out.st
# damaged SED: m.st with its header changed in place
damaged() { perl -0777 -pe "$1" m.st >damaged.st; }
damaged 's/"method":"rd"/"method":"re"/'
that "a model of another method" fails 1 'damaged.st: a model of re, not of distill' distill -m damaged.st tested
damaged 's/"student":"resnet18"/"student":"resnet19"/'
that "of another student" fails 1 'damaged.st: student=resnet19' distill -m damaged.st tested
damaged 's/"student":"resnet18"/"student":"resnet34"/'
that "of a deeper one: tensors are missing" fails 1 'damaged.st: .* is missing' distill -m damaged.st tested
damaged 's/"student":/"studEnt":/'
that "of none" fails 1 'damaged.st: no student=' distill -m damaged.st tested
damaged 's/"embedding":"4"/"embedding":"5"/'
that "of another width" fails 1 'damaged.st: .* is .*, not ' distill -m damaged.st tested
for taps in 8x8x64,4x4x128,2x2x255 "8x8x64,4x4x128,2x2,256" 8x8x64,4x4x128,2x1x256 0x8x64,4x4x128,2x2x256 "8x8x64,4x4x128,2x2x25," 8x8x64,4x4x128,-2x2x25; do
    damaged "s/8x8x64,4x4x128,2x2x256/$taps/"
    that "taps=$taps" fails 1 'damaged.st: ' distill -m damaged.st tested
done
damaged 's/decoder.layer1.0.conv1.weight/decoder.layer1.0.conv9.weight/'
that "a tensor's name" fails 1 'damaged.st: ' distill -m damaged.st tested
damaged 's/....\z/\0\0\xc0\x7f/s'
that "a tensor that holds NaN" fails 1 'damaged.st: .*not finite' distill -m damaged.st tested
head -c 3000 m.st >damaged.st
that "a cut model" fails 1 'damaged.st: ' distill -m damaged.st tested
find . -name '*.checkpoint' -o -name '*.st.??????' -o -path './tmp/*' >left
that "no file is left" test ! -s left
sed 's/^/# /' left
done_testing
