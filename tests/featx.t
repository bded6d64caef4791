#!/bin/bash
# featx: shapes, names, normalisation, weights files, and clear errors. (Values: unit/networks.c, against torchvision.)
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

bytes $((32 * 32 * 3)) 1 >pixels
pam a 32 32 label=0 size=64x64 <pixels >a.pam
pam b 32 32 label=1 defect=hole <pixels >b.pam
cat a.pam b.pam >ab.pam
# Weights of a file: random:1 draws a whole network each time.
for i in 1 2 3 4; do pam "$i" 32 32 "label=$((i % 2))" <pixels; done >train.pam
fractrain -q -e 1 -b 4 -z 32 -o w.safetensors train.pam

featx -w random:1 -l layer1,layer2,layer3,layer4,avgpool a.pam | npyls | cut -f 5 | tail -n +2 | paste -sd, >shapes
grep -q '^8x8x64,4x4x128,2x2x256,1x1x512,1x1x512$' shapes
ok $? "the shapes of ResNet-18's layers at 32x32: $(cat shapes)"
[ "$(featx -w random:1 -a resnet50 -l layer1 a.pam | npyls | tail -n 1 | cut -f 5)" = 8x8x256 ]
ok $? "-a: ResNet-50's first layer"
featx -w random:1 ab.pam >ab.npys && npyls ab.npys >records
grep -q 'b.*label=1.*defect=hole.*input=32x32' records && grep -q 'a.*size=64x64' records
ok $? 'keys of the images pass through, input= is added'
npyls -n ab.npys | paste -sd' ' | grep -q 'stream=features .*weights=random-1:[0-9a-f]\{16\} arch=resnet18 layers=layer2,layer3 '
ok $? 'the opening note names weights and layers'

# Normalisation: what none gives for x, mean/std gives for mean + std * x. Grey, 16 bit and alpha are the same picture.
printf 'P2 32 32 255\n%s\n' "$(perl -e 'print join " ", map { $_ % 251 } 1 .. 1024')" >grey.pgm
printf 'P3 32 32 255\n%s\n' "$(perl -e 'print join " ", map { my $v = $_ % 251; ($v) x 3 } 1 .. 1024')" >rgb.ppm
printf 'P3 32 32 65535\n%s\n' "$(perl -e 'print join " ", map { my $v = 257 * ($_ % 251); ($v) x 3 } 1 .. 1024')" >rgb16.ppm
featx -w w.safetensors grey.pgm >grey.npys && featx -w w.safetensors rgb.ppm >rgb.npys && featx -w w.safetensors rgb16.ppm >rgb16.npys
npysdiff grey.npys rgb.npys >&2 && npysdiff -t 1e-4 rgb.npys rgb16.npys >&2
ok $? 'grey and 16-bit images are what their RGB is'
featx -w w.safetensors --norm imagenet rgb.ppm | npysdiff rgb.npys - >&2
ok $? 'ImageNet is the default normalisation'
featx -w w.safetensors --norm .485,.456,.406/.229,.224,.225 rgb.ppm | npysdiff rgb.npys - >&2
ok $? 'and may be given by numbers'
featx -w w.safetensors --norm none rgb.ppm >none.npys && ! npysdiff -t 1e-3 rgb.npys none.npys >/dev/null 2>&1
ok $? 'none is another one'

featx -w random:1 rgb.ppm >rgb.npys
for p in f32 bf16 int8; do
    featx -w random:1 --precision $p rgb.ppm >$p.npys && npyls -n $p.npys | grep -q "precision=$p" && npysdiff -t .2 rgb.npys $p.npys >&2
    ok $? "in $p: the stream says so"
done
! cmp -s bf16.npys int8.npys && ! cmp -s f32.npys bf16.npys
ok $? 'three precisions, three results'

# A filter drops the names; a list brings them back.
printf 'name\tlabel\n%s\t%s\n%s\t%s\n' x 3 y 4 >list
cat rgb.ppm rgb.ppm | featx -w w.safetensors -n list | npyls >named
grep -q 'x.*label=3' named && grep -q 'y.*label=4' named
ok $? '-n names images again'
fails() { # fails STATUS PATTERN COMMAND...
    local status=$1 pattern=$2
    shift 2
    "$@" >out 2>err
    [ $? -eq "$status" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$pattern" err && return
    cat err >&2
    return 1
}
fails 1 'list: has 2 rows for 1 images' featx -w w.safetensors -n list rgb.ppm
ok $? 'a list that is too long'
cat rgb.ppm rgb.ppm rgb.ppm >three.ppm
fails 1 'record 3.*only 2 rows' featx -w w.safetensors -n list three.ppm
ok $? 'a list that is too short'

# Streams that imgcat made in two ways: what it says of them goes on, and they are not mixed.
imgcat -r 40 -c 32 rgb.ppm >crop.pam && imgcat -r 32 rgb.ppm >squash.pam
featx -w w.safetensors -l layer1 crop.pam | npyls | grep -q 'resize=40,32.*input=32x32'
ok $? 'resize= of the image stream goes on'
cat crop.pam squash.pam >mixed.pam
fails 1 'record 2.*resize=32, those before have resize=40,32 (imgcat -r 40 -c 32)' featx -w w.safetensors -l layer1 mixed.pam
ok $? 'image streams made in two ways are not mixed'

# Weights from files: deepest tap only, guessed architecture, refused faults. Changed by perl's hand.
featx -w w.safetensors a.pam | npyls -n | paste -sd' ' | grep -q 'weights=w.safetensors:.* arch=resnet18'
ok $? 'weights from a file'
# layers [OPTION...]: those that featx takes
layers() { featx "$@" a.pam | npyls -n | paste -sd' ' | grep -o ' layers=[^ ]*' | head -n 1; }
[ "$(layers -w w.safetensors)" = ' layers=layer1,layer2,half:layer1,quarter:layer1' ] && [ "$(layers -w w.safetensors -l layer3)" = ' layers=layer3' ] && [ "$(layers -w random:1)" = ' layers=layer2,layer3' ]
ok $? 'the layers that the weights recommend, unless others are asked for; of random ones 2 and 3'
fractrain -q -e 1 -b 4 -z 32 --taps layer2,pool:layer3 -o taps.safetensors train.pam && [ "$(layers -w taps.safetensors)" = ' layers=layer2,pool:layer3' ]
ok $? 'fractrain --taps'

# Parts of the size. rgb.ppm, each pixel twice or four times in both directions, is rgb.ppm again at half or a quarter of its size.
larger() { # larger BITS
    printf 'P3 %d %d 255\n' $((32 << $1)) $((32 << $1))
    perl -e 'my $b = $ARGV[0]; for my $y (0 .. (32 << $b) - 1) { for my $x (0 .. (32 << $b) - 1) { my $v = (($y >> $b) * 32 + ($x >> $b) + 1) % 251; print "$v $v $v\n" } }' "$1"
}
larger 1 >twice.ppm && larger 2 >four.ppm
tensor() { featx --precision f32 -w random:1 "$@"; }
tensor -l layer2,layer1,pool:layer3 rgb.ppm >small.npys
tensor -l half:layer2,half:layer1,pool:half:layer3 twice.ppm | npysdiff -t 0 small.npys - >&2
ok $? "half: what the layers say of the image at half its size"
tensor -l quarter:layer2,quarter:layer1,pool:quarter:layer3 four.ppm | npysdiff -t 0 small.npys - >&2
ok $? "quarter: the same at a quarter"
tensor -l quarter:layer1,layer1,half:layer1 four.ppm >three.npys
tensor -l half:layer1,layer1,quarter:layer1 -b 2 four.ppm four.ppm >others.npys
[ "$(npyls three.npys | cut -f 3,5 | tail -n +2 | paste -sd' ')" = $'quarter:layer1\t8x8x64 layer1\t32x32x64 half:layer1\t16x16x64' ]
ok $? "three sizes of one image"
arrays() { npyls -s "$1" | awk -F '\t' 'NR > 1 && $1 == 1 { print $3, $6, $7, $8, $9 }' | sort; }
[ "$(arrays three.npys)" = "$(arrays others.npys)" ]
ok $? "whose order does not matter, nor how many at once"
imgcat -r 37 rgb.ppm | tensor -l layer1,half:layer1,quarter:layer1 | npyls | cut -f 5 | paste -sd' ' | grep -q '10x10x64 5x5x64 3x3x64'
ok $? "an odd size is rounded up"
for name in half:half:layer1 third:layer1 half:pool:layer1 half: quarter:layer5; do
    fails 2 "-l: '$name' is not one of" featx -w random:1 -l layer1,$name a.pam
    ok $? "no $name"
done
fractrain -q -e 1 -b 4 -z 32 --taps layer1,half:layer1 -o taps.safetensors train.pam && [ "$(layers -w taps.safetensors)" = ' layers=layer1,half:layer1' ]
ok $? 'fractrain --taps half:layer1'
# edit PERL: the header of w.safetensors, changed, in e.safetensors
edit() {
    perl -e 'local $/; open F, "<", "w.safetensors"; binmode F; $_ = <F>; my $n = unpack "Q<", $_; my $h = substr $_, 8, $n; my $d = substr $_, 8 + $n;
        $_ = $h; eval $ARGV[0]; die $@ if $@; binmode STDOUT; print pack("Q<", length), $_, $d' "$1" >e.safetensors
}
edit 's/"taps":"layer1,layer2,half:layer1,quarter:layer1",//' && [ "$(layers -w e.safetensors)" = ' layers=layer2,layer3' ]
ok $? 'those without a recommendation: 2 and 3'
edit 's/"taps":"layer1,layer2,half:layer1,quarter:layer1"/"taps":"64x64x64"/'
fails 1 "e.safetensors: taps=64x64x64: '64x64x64' is not one of" featx -w e.safetensors a.pam
ok $? 'a recommendation that is none'
[ "$(layers -w e.safetensors -l layer4)" = ' layers=layer4' ]
ok $? 'which -l overrides'
edit 's/"arch":"resnet18"/"arch":"resnet99"/'
fails 1 'e.safetensors: arch=resnet99 is not a network' featx -w e.safetensors a.pam
ok $? 'an unknown architecture'
edit 's/"arch":"resnet18"/"a":"b"/'
featx -w e.safetensors a.pam | npyls -n | grep -q 'arch=resnet18'
ok $? 'an architecture guessed from the shapes'
edit 's/layer2.0.conv1.weight/layer2.0.conv9.weight/'
fails 1 'e.safetensors: layer2.0.conv1.weight is missing' featx -w e.safetensors a.pam
ok $? 'a tensor that is missing'
featx -w e.safetensors -l layer1 a.pam >/dev/null
ok $? 'which does not matter below it'
edit 's/"shape":\[64,3,7,7\]/"shape":[64,7,7,3]/'
fails 1 'conv1.weight is 64x7x7x3, not 64x3x7x7' featx -w e.safetensors a.pam
ok $? 'a tensor of another shape'
edit 's/"std":"[^"]*"/"std":"0,1,1"/'
fails 1 'e.safetensors: std=0,1,1 in the metadata is not positive' featx -w e.safetensors a.pam
ok $? 'a standard deviation of zero'
perl -e 'local $/; open F, "<", "w.safetensors"; binmode F; $_ = <F>; my $n = unpack "Q<", $_; substr($_, 8 + $n, 4) = pack "f<", "NaN"; binmode STDOUT; print' >e.safetensors
fails 1 'holds a value that is not finite' featx -w e.safetensors -l layer4 a.pam
ok $? 'NaN in the weights'
# Weights mean what the network computes. Made by hand: ResNet-18 to layer1, constant numbers; the same with squeeze-excite gates; with a
# running_var of -1.
for kind in plain se negative-variance; do gunzip -c "$FERN_TESTS/oracle/weights/$kind-layer1.safetensors.gz" >$kind.safetensors; done
featx --precision f32 -l layer1 -w plain.safetensors a.pam >/dev/null
ok $? 'weights that end at layer1'
fails 1 'featx: se.safetensors: layer1.0.se.*is no tensor of resnet18' featx -l layer1 -w se.safetensors a.pam
ok $? 'gates that the network has not'
fails 1 'negative-variance.safetensors: .*running_var holds -1, but a variance is not below 0' featx -l layer1 -w negative-variance.safetensors a.pam
ok $? 'a variance below zero'
edit 's/"layer4.0.downsample.1.bias"/"layer1.0.conv1.bias"/'
fails 1 'e.safetensors: layer1.0.conv1.bias is no tensor of resnet18' featx -w e.safetensors -l layer3 a.pam
ok $? 'a bias that the network has not'
edit 's/"layer4.0.downsample.1.bias"/"layer1.2.conv1.weight"/'
fails 1 'e.safetensors: layer1.2.conv1.weight is no tensor of resnet18' featx -w e.safetensors -l layer1 a.pam
ok $? 'a block too many'
edit 's/"layer4.0.downsample.1.bias"/"layer4.0.se.bias"/; s/"fc.bias"/"head.3.bias"/'
featx -w e.safetensors -l layer3 a.pam >/dev/null
ok $? 'which does not matter in layers that do not run, nor does another head'
# shellcheck disable=SC2016 # perl's
edit 's/("layer4.0.downsample.1.bias":\{"dtype":")F32/$1F8_E4M3/'
featx -w e.safetensors -l layer1 a.pam >/dev/null && fails 1 'layer4.0.downsample.1.bias holds elements of type F8_E4M3' \
    featx -w e.safetensors -l layer4 a.pam
ok $? 'a tensor of an unknown type, where nobody needs it and where it is needed'
edit 's/"layer4.0.downsample.1.bias":\{"dtype":"F32/"layer1.0.se.bias":{"dtype":"F8_E4M3/'
fails 1 'layer1.0.se.bias is no tensor of resnet18' featx -w e.safetensors -l layer1 a.pam
ok $? 'nor does it hide what the network has not'
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >e.safetensors
fails 1 'e.safetensors: .*git lfs pull' featx -w e.safetensors a.pam && fails 1 'two.pth: .*pth2st' featx -w "$FERN_TESTS/oracle/pth/two.pth" a.pam
ok $? 'what to do with a pointer of Git LFS, and with a checkpoint'
head -c 1000 w.safetensors >cut.safetensors
fails 1 'featx: cut.safetensors:' featx -w cut.safetensors a.pam
ok $? 'a cut weights file'

pam c 16 32 <pixels >c.pam
cat a.pam c.pam >sizes.pam
fails 1 'record 2 (c): image is 16x32, those before are 32x32' featx -w w.safetensors sizes.pam
ok $? 'images of different sizes'
head -c 20000 out | cmp - <(featx -b 1 -w w.safetensors sizes.pam 2>/dev/null | head -c 20000) >&2 && [ "$(wc -c <out)" -gt 9000 ]
ok $? 'what came before is written all the same'
npysdiff <(featx -q -w w.safetensors -l avgpool a.pam) <(featx -q -w w.safetensors -l pool:layer4 a.pam)
ok $? 'pool:layer4 is avgpool'
featx -q -w w.safetensors -l layer1,pool:layer1 a.pam | npyls -s | tail -n +2 | cut -f 3,5,8 | tr '\t\n' '  ' |
    awk '{ exit !($1 == "layer1" && $4 == "pool:layer1" && $5 == "1x1x64" && $3 == $6) }'
ok $? 'pool:layer1 has its mean'
fails 2 "'layer9' is not one of" featx -w w.safetensors -l layer9 a.pam
ok $? 'an unknown layer'
fails 2 "not a network that fern knows" featx -w w.safetensors -a vgg16 a.pam
ok $? 'an unknown network'
fails 2 'WEIGHTS is needed' featx a.pam
ok $? 'no weights'
done_testing
