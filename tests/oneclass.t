#!/bin/bash
# oneclass: what is tuned and what stays; killed and resumed; threads; what must be refused. (Against torch: unit/panda.c, unit/cutpaste.c.)
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
export TMPDIR=$work

# A network that ends at layer3 is a quarter as large as a whole one: most is shown with it.
tune() { oneclass -q --method panda -w short.st -l pool:layer3 -b 5 "$@"; }
# meta FILE KEY: of the metadata
meta() { head -c 40000 "$1" | grep -ao "\"$2\":\"[^\"]*\"" | cut -d '"' -f 4; }
# tensors FILE PATTERN: MD5 of the tensors whose names match
tensors() { npyls -s "$1" | awk -F '\t' -v p="$2" '$2 ~ p' | md5sum; }

# Ten images: nine to learn from, in two steps of four, and one held back
ifsgen -q -c 5 -n 2 -z 32 >images
ifsgen -q -c 4 -n 2 -z 32 >labelled
fractrain -q -e 10 -b 4 -z 32 --layers 3 --rate .02 -o short.st labelled && fractrain -q -e 10 -b 4 -z 32 --rate .02 --precision f32 -o net.st labelled || exit 1

tune -e 2 -o tuned.st --log log --log-every 1 images
ok $? "two epochs"
[ "$(meta tuned.st tuned)" = panda ] && [ "$(meta tuned.st tuned_images)" = 10 ] && meta tuned.st by | grep -q -e 'oneclass .*-e 2 -b 5' && meta tuned.st tuned_epoch | grep -q "^[12]$" && [ "$(meta tuned.st arch)" = resnet18 ]
ok $? "the metadata tell of it"
[ "$(wc -l <log)" -eq 5 ] && head -1 log | grep -q "loss.held"
ok $? "--log, --log-every: a row a step"
oneclass -q --method panda -w net.st -b 5 -e 1 -o all.st images
[ "$(tensors all.st '^(conv1|bn1|layer1|layer2|fc)')" = "$(tensors net.st '^(conv1|bn1|layer1|layer2|fc)')" ] &&
    [ "$(tensors all.st running)" = "$(tensors net.st running)" ] && [ "$(tensors all.st 'layer4.*conv')" != "$(tensors net.st 'layer4.*conv')" ]
ok $? "early layers, the head and all statistics stay; layer4 does not"
tune -e 2 -o j1.st -j 1 images && cmp j1.st tuned.st
ok $? "threads"
tune -e 2 -o seed.st -s 1 images && ! cmp -s seed.st tuned.st
ok $? "another seed, another order"
# losses FILE: the mean of the first and of the last epoch's
losses() { awk 'NR > 1 { l[NR - 1] = $3 } END { n = NR - 1; print (l[1] + l[2]) / 2, (l[n - 1] + l[n]) / 2 }' "$1"; }
tune -e 4 --clip 0 --rate .03 --momentum 0 --decay 0 -o close.st --log log --log-every 1 images && losses log | awk '{ exit !($2 < .8 * $1) }'
ok $? "without the cut, features draw together around their mean"
first='^layer3.0.*conv'
tune -e 1 -o freeze.st --freeze conv1,bn1,layer1,layer2,layer3.0 images && [ "$(tensors freeze.st "$first")" = "$(tensors short.st "$first")" ] && [ "$(tensors tuned.st "$first")" != "$(tensors short.st "$first")" ] && ! cmp -s freeze.st short.st
ok $? "--freeze"
tune -w net.st -e 1 -o layer.st images && [ "$(tensors layer.st '^layer4')" = "$(tensors net.st '^layer4')" ] && [ "$(tensors layer.st '^layer3')" != "$(tensors all.st '^layer3')" ]
ok $? "-l pool:layer3"
fails 2 '-l: half:layer3: a layer is tuned on images of their whole size' tune -l half:layer3 -e 1 -o out.st images
ok $? "-l half:layer3 is refused"
tune -e 1 -o ewc.st --clip 1 --ewc labelled images && tune -e 1 -o strong.st --clip 1 --ewc labelled --pull 1e7 images && ! cmp -s ewc.st strong.st
ok $? "--ewc, --pull"
tune -a resnet18 --norm none --precision f32 --mem 4K -e 1 -o norm.st images && ! cmp -s norm.st tuned.st
ok $? "-a, --norm, --precision, --mem"

# killed after a checkpoint, and taken up again
# shellcheck disable=SC2016 # for the inner shell
timeout -s KILL 60 bash -c 'oneclass -q --method panda -w short.st -l pool:layer3 -b 5 -e 2 --every 1 --checkpoint place -o killed.st images & p=$!
    while [ ! -e place ]; do sleep .02; done; kill -9 $p; wait $p' 2>/dev/null
[ -e place ] && [ ! -e killed.st ]
ok $? "killed"
fails 2 'resume' tune -e 2 --checkpoint place -o out.st images
ok $? "a checkpoint that is there is not overwritten without --resume"
fails 1 'other options' tune -e 2 --checkpoint place --resume --rate .02 -o out.st images
ok $? "nor gone on from with other options"
fails 1 'other images' tune -e 2 --checkpoint place --resume -o out.st <(ifsgen -q -c 5 -n 2 -z 32 -s 9)
ok $? "nor with other images"
tune -e 2 --checkpoint place --resume -o killed.st images && cmp killed.st tuned.st && [ ! -e place ]
ok $? "resumed: the same bytes, and the checkpoint is gone"

# CutPaste: all learns, running statistics too; the head is dropped.
cutpaste() { oneclass -q --method cutpaste -w short.st -l pool:layer3 -b 5 "$@"; }
names() { npyls -s "$1" | awk -F '\t' '{ print $2 }'; }
early='^(conv1|layer1.*(conv|bn..weight|bn..bias)|layer3.*conv)'
cutpaste -e 2 -o pasted.st --log log --log-every 1 images
ok $? "cutpaste: two epochs"
[ "$(meta pasted.st tuned)" = cutpaste ] && [ "$(meta pasted.st tuned_images)" = 10 ] && meta pasted.st by | grep -q -e 'cutpaste .*--ways 3 --alone 20' && ! meta pasted.st by | grep -q -e --pull
ok $? "cutpaste: the metadata tell of it"
[ "$(names pasted.st)" = "$(names short.st)" ] && [ "$(tensors pasted.st '^fc')" = "$(tensors short.st '^fc')" ]
ok $? "cutpaste: the tensors are those that were; the last layer stays"
[ "$(tensors pasted.st "$early")" = "$(tensors short.st "$early")" ] && [ "$(tensors pasted.st 'bn1.running_mean')" != "$(tensors short.st 'bn1.running_mean')" ]
ok $? "cutpaste: in the first 20 steps only statistics move"
awk 'NR == 2 { first = $5 } NR > 1 && $5 + 0 > last + 0 && NR > 2 { exit 1 } { last = $5 } END { exit !(NR == 5 && first == .03 && last < .01) }' log
ok $? "cutpaste: the rate falls as a cosine does"
cutpaste -e 2 -o j1.st -j 1 images && cmp j1.st pasted.st
ok $? "cutpaste: threads"
cutpaste -e 1 --alone 0 -o all.st images && [ "$(tensors all.st '^conv1')" != "$(tensors short.st '^conv1')" ] && [ "$(tensors all.st 'layer3.*conv')" != "$(tensors short.st 'layer3.*conv')" ]
ok $? "cutpaste: --alone 0, early layers learn"
cutpaste -e 1 --alone 1 -o late.st images && [ "$(tensors late.st '^conv1')" != "$(tensors short.st '^conv1')" ] &&
    oneclass --method cutpaste -w short.st -l pool:layer3 -b 5 -e 1 --alone 2 -o alone.st images 2>err && [ "$(tensors alone.st '^conv1')" = "$(tensors short.st '^conv1')" ] && grep -q 'in 2 steps the head learned alone' err
ok $? "cutpaste: --alone 1 of 2 steps, early layers learn in the last; of 2, they don't, which is told"
cutpaste -e 1 --alone 0 --ways 2 -o ways.st images && ! cmp -s ways.st all.st
ok $? "cutpaste: --ways 2"
cutpaste -e 1 --alone 0 -s 1 -o seed.st images && ! cmp -s seed.st all.st
ok $? "cutpaste: another seed"
cutpaste -w net.st -e 1 --alone 0 --freeze conv1,layer1 -o layer.st images && [ "$(tensors layer.st '^(conv1|layer1.*conv)')" = "$(tensors net.st '^(conv1|layer1.*conv)')" ] &&
    [ "$(tensors layer.st '^layer4')" = "$(tensors net.st '^layer4')" ] && [ "$(tensors layer.st '^layer3')" != "$(tensors net.st '^layer3')" ]
ok $? "cutpaste: --freeze, -l pool:layer3"
featx -q -w pasted.st -l pool:layer3 images | gauss -q -o gauss.st && featx -q -w pasted.st -l pool:layer3 images | gauss -q -m gauss.st >/dev/null
ok $? "cutpaste: gauss scores with the weights"
# shellcheck disable=SC2016 # for the inner shell
timeout -s KILL 60 bash -c 'oneclass -q --method cutpaste -w short.st -l pool:layer3 -b 5 -e 2 --alone 2 --every 1 --checkpoint place -o cut.st images & p=$!
    while [ ! -e place ]; do sleep .02; done; kill -9 $p; wait $p' 2>/dev/null
[ -e place ] && [ ! -e cut.st ] && cutpaste -e 2 --alone 2 -o whole.st images && cutpaste -e 2 --alone 2 --checkpoint place --resume -o cut.st images && cmp cut.st whole.st
ok $? "cutpaste: killed, resumed: the same bytes"
cutpaste -e 1 --as original --batch 5 --alone 0 -o as.st images && meta as.st by | grep -q -e '-e 1 -b 5 .*--steps 65536' && [ "$(tensors as.st .)" = "$(tensors all.st .)" ]
ok $? "cutpaste --as original, options beside it win"
cutpaste --steps 2 --alone 0 -o steps.st images && meta steps.st by | grep -q -e '-e 1 -b 5' && [ "$(tensors steps.st .)" = "$(tensors all.st .)" ]
ok $? "cutpaste --steps: an epoch makes two"
tune -e 2 --as original -o as.st images && cmp as.st tuned.st
ok $? "panda --as original is the default"
fails 2 'pull: not with --method cutpaste' cutpaste --pull 3 -o out.st images
ok $? "cutpaste: an option of PANDA"
fails 2 'ways: not with --method panda' tune --ways 2 -o out.st images
ok $? "panda: an option of CutPaste"
fails 2 'ways' cutpaste --ways 4 -o out.st images
ok $? "cutpaste: --ways 4"
cutpaste -w net.st -e 1 --alone 0 --freeze conv1,layer1 -l layer3 -o mean.st images && [ "$(tensors mean.st .)" = "$(tensors layer.st .)" ]
ok $? "cutpaste: -l layer3, the mean of a feature map"

fails 2 'method' oneclass -w net.st -o out.st images
ok $? "no method"
fails 2 'one layer' tune -l layer2,layer3 -o out.st images
ok $? "two layers"
fails 2 "begins with 'layer9'" tune --freeze layer9 -o out.st images
ok $? "a frozen layer that is none"
fails 1 'image is 24x24, those before are 32x32' tune -o out.st images <(ifsgen -q -c 1 -n 1 -z 24)
ok $? "images of two sizes"
fails 1 'fc.weight is missing' oneclass -q --method panda -w random:1 --ewc images -o out.st images
ok $? "--ewc without classes"
fails 1 '9 images; 10 or more' tune -o out.st <(ifsgen -q -c 3 -n 3 -z 32)
ok $? "nine images"

# The plan, a budget, the epoch that is kept, what is not finite, what collapses
budget() { oneclass --method panda -w short.st -l pool:layer3 -b 5 "$@" images 2>err; }
budget --minutes .02 -e 3 -o part.st --log log && grep -q 'epochs of 2 steps of 4 images (9 to learn from, 1 held back): about .* s, [0-9]* MB of memory' err &&
    e=$(meta part.st by | grep -o -e '-e [0-9]*') && budget -q -e "${e#-e }" -o same.st && cmp same.st part.st && [ "${e#-e }" -le 3 ]
ok $? "--minutes: the plan is told; as many epochs by -e give the same bytes"
export FERN_CPU=avx512 # in bf16 another epoch would be the best
oneclass --method panda -w net.st -b 5 -e 4 -o all.st --clip 0 --rate .3 --momentum 0 --decay 0 --log log --log-every 1 images 2>err
[ "$(meta all.st tuned_epoch)" = 1 ] && awk -F '\t' 'NR == 3 { first = $4 } NR == 5 { exit !($4 > first) }' log && tune -w net.st -l avgpool -e 1 -o one.st --clip 0 --rate .3 --momentum 0 --decay 0 images && [ "$(tensors all.st .)" = "$(tensors one.st .)" ]
ok $? "the epoch with the lowest loss on the held image is kept"
grep -q 'not finite in step [0-9]*: the training ends there, the model is epoch 1.s' err
ok $? "and a loss that is not finite ends the training"
unset FERN_CPU
fails 1 'its loss on the held images is not a number' tune -w net.st -l avgpool -e 3 --clip 0 --rate 100 --momentum 0 -o out.st images
ok $? "weights that are not finite make no network to look with"
fails 1 'not finite in step [1-4];' tune -w net.st -l avgpool -e 3 --clip 0 --rate 1e6 --momentum 0 -o out.st images
ok $? "a loss that is not finite, before there is an epoch"
ifsgen -q -c 5 -n 4 -z 32 >twenty
perl -0777 -pe 's/(ENDHDR\n)(.{3072})/++$n == 10 ? $1 . reverse $2 : $&/ges' twenty >changed
tune -e 1 -o twenty.st twenty && tune -e 1 -o changed.st changed && cmp twenty.st changed.st
ok $? "what a held image looks like changes no weight"
oneclass --method panda -w short.st -l pool:layer3 -b 5 -e 2 --clip 1e-9 --decay 1 --rate 1 --momentum 0 -o out.st twenty 2>err
[ $? -eq 1 ] && grep -q 'epoch 1: the vectors are constant, the training has collapsed' err && grep -q 'no epoch gave a model: the vectors are constant in each' err && [ ! -e out.st ]
ok $? "a collapse is told, and gives no weights"
head -c 9000 images >part
fails 1 'part: record' tune -o out.st part
ok $? "a cut stream"
done_testing
