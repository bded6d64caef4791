#!/bin/bash
# imgcat --tiles and tilejoin: maps of tiles by hand, what imgcat cuts is what tilejoin wants, and a tiled picture beside the whole one.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# tile NAME X SCORE V V V V [COUNT]: a tile of 2 x 2 at X,0 in a picture of 3 x 2 of two tiles; the columns 1 are in both
tile() {
    npy_note "name=$1@$2,0" label=1 "tile_of=$1" "tile=$2,0,2,2" whole=3x2 "tiles=${8-2}" size=6x4 "crop=$((2 * $2)),0,4,4" "score=$3" arrays=map
    npy_f4 '2, 2' "${@:4:4}"
}
opening() { npy_note stream=maps version=1 'by=test 1' threshold=5 pixel_threshold=4 scale=1,7 "$@"; }
{ opening scores=3:1,2,6.5 && tile a 0 2 1 3 5 7 && tile a 1 3 9 9 1 1 && npy_note end=2; } >maps
{
    opening && npy_note name=a label=1 size=6x4 crop=0,0,6,4 score=3 arrays=map
    npy_f4 '2, 3' 1 6 9 5 4 1 && npy_note end=1
} >wanted
tilejoin maps >out && npysdiff -t 1e-6 out wanted
ok $? "two tiles by hand: where they overlap, the mean"
npyls out | grep -q $'\ta\tmap\tF32\t2x3\tlabel=1 size=6x4 crop=0,0,6,4 score=3$'
ok $? "the picture's keys, and the largest of its tiles' scores"
npyls -n out | grep -qx 'threshold=6.5' && ! npyls -n out | grep -q scores= && npyls -n out | grep -qx 'pixel_threshold=4' && npyls -n out | grep -qx 'by=tilejoin .*'
ok $? "the threshold is the largest score of a normal tile"
{ opening scores=3:1,2,6.5 && tile a 1 3 9 9 1 1 && tile a 0 2 1 3 5 7 && npy_note end=2; } | tilejoin | cmp - out
ok $? "the same bytes in another order"
{ opening scores=3:1,2,6.5 && tile a 0 2 1 3 5 7 && tile a 1 3 9 9 1 1 && tile a 0 2 1 3 5 7 && tile a 1 3 9 9 1 1 && npy_note end=4; } | tilejoin | npyls | grep -c $'\ta\tmap' | grep -qx 2
ok $? "a picture that comes twice is two"
mkfifo pipe
tilejoin <pipe >soon &
joiner=$!
exec 8>pipe
{ opening scores=1:6 && tile a 0 2 1 3 5 7 && tile a 1 3 9 9 1 1; } >&8
within test "$(stat -c %s wanted)" -gt 0 && within grep -q score=3 soon
ok $? "a picture leaves with its last tile"
npy_note end=2 >&8
exec 8>&-
wait $joiner
tilejoin --score map-max maps | tee other | npyls | grep -q 'score=9$' && ! npyls -n other | grep -q '^threshold='
ok $? "--score map-max, for which no threshold is known"
tilejoin --score top:0.34 maps | npyls | grep -q 'score=7.5$' # of six values two
ok $? "--score top:SHARE"
npyls -n <(tilejoin --score=top:0.34 maps) | grep -qx 'by=tilejoin .* --score top:0.34'
ok $? "by= tells it"
{ opening && tile a 0 2 1 3 5 7 && tile a 1 3 9 9 1 1 && npy_note end=2; } | tilejoin 2>err | npyls -n | grep -qx threshold=5 && grep -q 'no scores= of normal tiles' err
ok $? "where normal scores are not known the threshold stays, with a warning"
{ opening && npy_note name=a@0,0 tile_of=a tile=0,0,2,2 whole=3x2 tiles=2 score=2 arrays= && npy_note name=a@1,0 tile_of=a tile=1,0,2,2 whole=3x2 tiles=2 score=4 arrays= && npy_note end=2; } >scores
tilejoin -q scores | npyls | grep -q $'\ta\t.*score=4$'
ok $? "scores without maps"
{ opening scores=3:1,2,3 && npy_note name=a score=2 arrays=map && npy_f4 '2, 2' 1 2 3 4 && npy_note end=1; } >whole
tilejoin whole | npysdiff -t 0 - whole && tilejoin whole | npyls -n | grep -qx threshold=5 && tilejoin whole | npyls -n | grep -q scores=
ok $? "whole pictures pass"

bad() { { opening scores=1:6 && "${@:3}" && npy_note end=9; } >bad.maps; that "$1" fails 1 "$2" tilejoin bad.maps; }
missing() { tile a 0 2 1 3 5 7 && tile b 0 2 1 3 5 7; }
bad "a missing tile" 'a has only 1 of its 2 tiles' missing
last() { tile a 0 2 1 3 5 7; }
{ opening scores=1:6 && last && npy_note end=1; } >bad.maps
that "at the end" fails 1 'a has only 1 of its 2 tiles' tilejoin bad.maps
twice() { tile a 0 2 1 3 5 7 && tile a 0 2 1 3 5 7; }
bad "the same tile twice" 'the tile at 0,0 has come before' twice
uncovered() { tile a 0 2 1 3 5 7 1; }
bad "a place without a tile" 'a: no tile holds the pixel 2,0' uncovered
mixed() { tile a 0 2 1 3 5 7 && npy_note name=b score=1 arrays=map && npy_f4 '2, 2' 1 2 3 4; }
bad "tiles and pictures" 'tiles and whole pictures together' mixed
size() { npy_note name=a@0,0 tile_of=a tile=0,0,2,2 whole=3x2 tiles=2 score=1 arrays=map && npy_f4 '2, 3' 1 2 3 4 5 6; }
bad "a map of another size" 'its map is 2x3, its tile 2x2' size
broken() { npy_note name=a tile_of=a tile=0,0,2,2 whole=1x2 tiles=2 score=1 arrays=map && npy_f4 '2, 2' 1 2 3 4; }
bad "broken keys" 'record 1 (a): tile=0,0,2,2 does not lie in whole=1x2' broken
infinite() { tile a 0 2 1 3 inf 7; }
bad "infinity" 'not finite' infinite
scoreless() { npy_note name=a tile_of=a tile=0,0,2,2 whole=3x2 tiles=2 arrays=map && npy_f4 '2, 2' 1 2 3 4; }
bad "no score" 'no score=' scoreless
kinds() { tile a 0 2 1 3 5 7 && npy_note name=a@1,0 tile_of=a tile=1,0,2,2 whole=3x2 tiles=2 score=1 arrays=; }
bad "with and without maps" 'tiles with and without maps' kinds
that "--score of a map that isn't there" fails 1 'there is no map' tilejoin --score map-max scores
that "features" fails 1 'a stream of features' tilejoin <(npy_note stream=features && npy_note name=a arrays=x && npy_f4 '1, 1' 1 && npy_note end=1)
that "another rule" fails 2 "'patch' is not one of map-max, top:SHARE" tilejoin --score patch maps

# What imgcat cuts: pixels, and masks in step.
partgen -q -k wood -z 160 --train 3 --good 1 --defect 1 -o wood
# held WHOLE TILES: how many tiles there are, and how many hold the pixels of the whole picture at their place
held() {
    perl -0777 -e '
        sub images {
            open my $f, "<", shift; binmode $f; local $_ = <$f>; my @all;
            while (s/^P7\n((?:#.*\n)*)WIDTH (\d+)\nHEIGHT (\d+)\nDEPTH (\d)\n[^\0]*?ENDHDR\n//) {
                my ($keys, $w, $h, $d) = ($1, $2, $3, $4);
                my %i = (w => $w, h => $h, d => $d, $keys =~ /^# (\w+)=(.*)$/mg);
                $i{data} = substr $_, 0, $i{w} * $i{h} * $i{d}, ""; s/^\n[ \t]+\n//; push @all, \%i;
            }
            @all }
        my %whole = map { $_->{name} => $_ } images $ARGV[0];
        my ($n, $same) = (0, 0);
        for my $t (images $ARGV[1]) {
            my $w = $whole{$t->{tile_of}} or next; my ($x, $y) = split ",", $t->{tile}; my $d = $t->{d};
            $n++; $same += join("", map { substr $w->{data}, (($y + $_) * $w->{w} + $x) * $d, $t->{w} * $d } 0 .. $t->{h} - 1) eq $t->{data} && $t->{whole} eq "$w->{w}x$w->{h}";
        }
        print "$n $same\n"' "$@"
}
imgcat -q -r 0 -s test wood >whole.pam
imgcat -q --tiles 64+16 -s test wood >tiles.pam
[ "$(held whole.pam tiles.pam)" = "54 54" ]
ok $? "imgcat --tiles: 9 of each of 6 pictures, each the pixels of its place"
imgcat -q -M -r 0 -s test wood >masks.pam
imgcat -q -M --tiles 64+16 -s test wood >masks.tiles.pam
[ "$(held masks.pam masks.tiles.pam)" = "54 54" ] && [ "$(grep -ac '^# name=' masks.tiles.pam)" = 54 ] && diff <(grep -a '^# name=' tiles.pam) <(grep -a '^# name=' masks.tiles.pam)
ok $? "masks likewise"
imgcat -q -j 1 --tiles 64+16 -s test wood | cmp - tiles.pam && imgcat -q -j 2 --tiles 64+16 -s test wood | cmp - tiles.pam &&
    imgcat -q --tiles 64+16 whole.pam >again.pam && [ "$(held whole.pam again.pam)" = "54 54" ]
ok $? "with any threads; of a stream the same"
imgcat -q -r 128 --tiles 64 wood | grep -a -m 3 -e '^# resize=' -e '^# crop=' -e '^# tiles=' | tr '\n' ' ' | grep -qx '# crop=0,0,80,80 # resize=128/64 # tiles=4 '
ok $? "after -r: the place in the original, and what was done"
imgcat -q -c 128 --tiles 64 wood | grep -a -m 1 '^# resize=' | grep -qx '# resize=256,128/64' && imgcat -q -r 128 wood | imgcat -q --tiles 64 | grep -a -m 1 '^# resize=' | grep -qx '# resize=128/64'
ok $? "after -c, and of a stream that was resized before"
imgcat -q -l 2 --tiles 64 wood | grep -ac '^# name=' | grep -qx 18
ok $? "-l counts pictures"
that "smaller than a tile" fails 1 '000.png: 160 x 160 pixels are smaller than a tile of 200' imgcat --tiles 200 wood
fails 1 'no image could be read' imgcat -q -k --tiles 200 wood
ok $? "-k skips them"
that "tiles of tiles" fails 1 'is a tile already' imgcat --tiles 32 tiles.pam
that "no tiles" fails 2 'tiles: an overlap of 64 leaves nothing of tiles of 64' imgcat --tiles 64+64 wood

# A model of tiles is for tiles of that side, at that scale.
features() { featx -q -w random:3 -l layer1 --precision f32; }
imgcat -q --tiles 96 -s train wood | features >train.features
patchcore -q -r .1 -o model train.features
imgcat -q --tiles 96+24 -s test wood | features >tiles.features
patchcore -q -m model tiles.features >tiles.maps
ok $? "a model is for tiles of any overlap"
imgcat -q -r 96 -l 1 -s test wood | features >squashed
that "not for pictures that were squashed to their side" fails 1 'was fitted on resize=0/96.*imgcat -r 0 --tiles 96' patchcore -m model squashed
imgcat -q --tiles 64 -l 1 -s test wood | features >smaller
that "nor for other tiles" fails 1 'resize=0/96' patchcore -m model smaller
padim -d 8 -o padim.model train.features 2>err && [ "$(grep -c 'tiles' err)" = 1 ]
ok $? "PaDiM, which compares like places, warns of tiles, once"

# Joined, they are like maps of the whole: as large, named alike, found by auroc, heatmap and verdict.
tilejoin tiles.maps >joined
auroc -q -M masks.pam joined | awk -F '\t' 'END { exit !($3 == 1 && $7 > .9) }'
ok $? "auroc of joined maps, with the masks of whole pictures"
heatmap -q -i whole.pam -M masks.pam -O overlays joined && [ "$(find overlays -name '*.png' | wc -l)" = 6 ]
ok $? "heatmap of them over whole pictures"
verdict joined | awk -F '\t' 'NR > 1 && /good/ { good += /\tok/ } NR > 1 && !/good/ { bad += /\tdefect/ } END { exit !(bad >= 4) }'
ok $? "verdict of them"

# Beside the picture seen whole by the same bank: a place whose surroundings a tile holds has the same value, where tiles begin at
# multiples of the network's stride; at its edges, where the network sees zeros, another.
imgcat -q -r 0 -s test wood | features | patchcore -q --force -m model 2>err >whole.maps
# apart FROM TO: the largest difference, of pictures of 160 x 160, between maps within [FROM, TO) both ways; and the largest value
apart() {
    perl -0777 -e '
        my ($from, $to) = splice @ARGV, 0, 2; my @map; my ($worst, $most) = (0, 0);
        for my $name (@ARGV) { open my $f, "<", $name; binmode $f; local $_ = <$f>; my @v;
            while (/\x93NUMPY\x01\x00(..)/sg) { my $n = unpack "v", $1; my $h = substr $_, pos, $n; push @v, [unpack "f<25600", substr $_, pos() + $n, 102400] if $h =~ /160, 160/ }
            push @map, \@v }
        for my $i (0 .. $#{$map[0]}) { for my $y ($from .. $to - 1) { for my $x ($from .. $to - 1) {
            my ($a, $b) = map { $_->[$i][$y * 160 + $x] } @map; my $d = abs($a - $b); $worst = $d if $d > $worst; $most = $a if $a > $most } } }
        printf "%d %.3g %.3g\n", scalar @{$map[0]}, $worst, $most' "$1" "$2" joined whole.maps
}
read -r n inside most < <(apart 46 50)
read -r n all most < <(apart 0 160)
awk -v n="$n" -v inside="$inside" -v all="$all" -v most="$most" 'BEGIN { exit !(n == 6 && inside < 1e-5 * most && all > inside && all < .1 * most) }'
ok $? "tiles of 96 beside the whole: inside a tile $inside, at edges up to $all, of $most"
done_testing
