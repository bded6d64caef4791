#!/bin/bash
# heatmap: pictures whose pixels are known, names that must match, files where they belong.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# complains STATUS PATTERN COMMAND...: leaves so, with one line on stderr that matches
complains() {
    "${@:3}" >out 2>err
    [ $? -eq "$1" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q -- "$2" err && return
    sed 's/^/# /' err
    return 1
}
# maps NAME...: a stream of 2 x 2 maps 0, 1, 2, 4
maps() {
    npy_note stream=maps version=1 'by=test 0.1' threshold=3 pixel_threshold=2 scale=0,4
    local name
    for name; do
        npy_note ${name:+name=$name} label=1 score=0.25 size=8x6 crop=2,1,4,4 arrays=map
        npy_f4 '2, 2' 0 1 2 4
    done
    npy_note end=$#
}
# images NAME...: 2 x 2 images of grey 100
images() {
    local name n=0
    for name; do
        printf 'ddd%.0s' 1 2 3 4 | pam "$name" 2 2 seq=$n
        n=$((n + 1))
    done
    pam_end $n
}
# pixels N: the last N samples of stdin as numbers
pixels() { perl -0777 -pe 's/\n[ \t]+\n\z//' | tail -c "$1" | od -An -v -tu1 | xargs; }

maps a b >ab.maps
images a b >ab.images
[ "$(heatmap --colours grey ab.maps | pixels 12)" = '0 0 0 64 64 64 128 128 128 255 255 255' ]
ok $? "scale=0,4 of the stream"
[ "$(heatmap --colours grey --scale 1,2 ab.maps | pixels 12)" = '0 0 0 0 0 0 255 255 255 255 255 255' ]
ok $? "--scale LOW,HIGH"
[ "$(heatmap -i ab.images -a 0 ab.maps | pixels 12)" = "$(pixels 12 <ab.images)" ]
ok $? "-a 0 is the image"
[ "$(heatmap --colours grey -i ab.images ab.maps | pixels 12)" = '50 50 50 82 82 82 114 114 114 178 178 178' ]
ok $? "-a is 0.5 by default"
[ "$(heatmap --colours grey -i ab.images --plain ab.maps | pixels 12)" = '0 0 0 64 64 64 128 128 128 255 255 255' ]
ok $? "--plain has no image in it"
[ "$(heatmap -a 0 -i ab.images -c ab.maps | pixels 12)" = '100 100 100 100 100 100 255 255 255 255 255 255' ]
ok $? "-c outlines pixel_threshold= and more"
[ "$(heatmap -a 0 -i ab.images -t 4 ab.maps | pixels 12)" = '100 100 100 100 100 100 100 100 100 255 255 255' ]
ok $? "-t outlines another threshold"
sed 's/pixel_threshold=2/pixel_threshold=0/' ab.maps >zero.maps
[ "$(heatmap -c -i ab.images zero.maps 2>&1 >/dev/null)" = 'heatmap: zero.maps: its pixel_threshold= is 0: the outline holds every pixel from 0 on (give another by -t)' ]
ok $? "a pixel_threshold= of 0 is warned of"
[ -z "$(heatmap -i ab.images zero.maps 2>&1 >/dev/null)" ] && [ -z "$(heatmap -t 1 -i ab.images zero.maps 2>&1 >/dev/null)" ]
ok $? "but not where it is not used"
heatmap ab.maps | head -c 300 >beginning
grep -aq '^# name=a$' beginning && grep -aq '^# score=0.25$' beginning && grep -aq '^# crop=2,1,4,4$' beginning && ! grep -aq '^# arrays=' beginning
ok $? "the keys of the maps go on"
heatmap --original --colours grey --scale 0,1 ab.maps >big
grep -aq '^WIDTH 8' big && grep -aq '^HEIGHT 6' big && ! grep -aq '^# crop=' big && [ "$(pixels 24 <big | tr -d ' ')" = 000000000000000000000000 ]
ok $? "--original has the size of the original"
[ "$(cat ab.maps ab.maps | heatmap -q | grep -ac '^WIDTH 2')" -eq 4 ] &&
    [ "$(cat ab.images ab.images | heatmap -i - ab.maps ab.maps | grep -ac '^WIDTH 2')" -eq 4 ]
ok $? "streams joined, streams as operands"

heatmap -O pictures -i ab.images <ab.maps >out && [ ! -s out ] && [ "$(cd pictures && echo *)" = 'a.png b.png' ]
ok $? "-O: files by name, nothing on stdout"
maps test/hole/003.png | heatmap -O pictures && [ -s pictures/test/hole/003.png ]
ok $? "-O makes folders"
maps '' | heatmap -O pictures && [ -s pictures/000001.png ]
ok $? "-O numbers maps without a name"
maps x/ | complains 1 'stdin: record 1 .*no file below' heatmap -O pictures
ok $? "-O refuses a name of no file"
maps "$work/x.png" ../y.jpg a/../../z | heatmap -O below && [ -s "below$work/x.png" ] && [ -s below/y.png ] && [ -s below/z.png ] &&
    [ ! -e y.png ] && [ ! -e x.png ]
ok $? "-O keeps absolute names and those with .. below the folder"
maps a.jpg a.png a.jpg >clash && heatmap -O clashing clash && [ "$(cd clashing && echo *)" = 'a.jpg.png a.png a.png.png' ]
ok $? "-O writes no picture over another of the same run"

complains 1 'record 2 (b): its image, record 2 of .*, is of another image, c$' heatmap -i <(images a c) ab.maps
ok $? "another image in its place, by record number"
complains 1 'record 2 (b): there is no image for it: .* has only 1$' heatmap -i <(images a) ab.maps
ok $? "fewer images than maps"
complains 1 'record 3 (c): there is no map for it$' heatmap -i <(images a b c) ab.maps
ok $? "more images than maps"
for bad in nan inf; do
    { npy_note stream=maps name=x; npy_note name=x arrays=map; npy_f4 '2, 2' 1 $bad 1 1; npy_note end=1; } |
        complains 1 'record 1 (x): .*finite' heatmap -q || break
done
ok $? "values that are not finite"
complains 1 'not of maps' heatmap <(npy_note stream=features; npy_note end=0)
ok $? "a stream of features"
{ npy_note stream=maps; npy_note name=x arrays=map; npy_f4 '2, 2, 1' 1 1 1 1; npy_note end=1; } | complains 1 'no anomaly map' heatmap -q
ok $? "an array that is no map"
{ npy_note stream=maps; npy_note name=x arrays=map; npy_f4 '1, 2' 3 5; npy_note end=1; } >bare
[ "$(heatmap -q --colours grey bare | pixels 6)" = '0 0 0 255 255 255' ] && complains 0 'no scale=' heatmap bare
ok $? "without scale= each map has its own, with a warning"
complains 1 'no pixel_threshold' heatmap --scale 0,1 -c bare && complains 1 'no size=' heatmap --scale 0,1 -r bare
ok $? "keys that are asked for and missing"
complains 2 . heatmap --panel ab.maps && complains 2 . heatmap --scale 2,1 ab.maps && complains 2 . heatmap -i - -M - ab.maps &&
    complains 2 . heatmap -i - && complains 2 . heatmap -a 1.5 ab.maps && complains 2 . heatmap --colours jet ab.maps
ok $? "misuse"

printf '\377\377\377\0\0\0\0\0\0\0\0\0' | pam a 2 2 >a.mask
[ "$(maps a | heatmap --colours grey -M a.mask | pixels 12)" = '60 255 90 64 64 64 128 128 128 255 255 255' ]
ok $? "-M outlines the mask"
maps a | heatmap -P -i <(images a) -M a.mask >panel && grep -aq '^WIDTH 10$' panel
ok $? "--panel: image, mask and map, with gaps"
done_testing
