#!/bin/bash
# knn and gauss: hand-made neighbours and Gaussians, thresholds that leave the image out, tables without maps, what must be refused.
# (Against scikit-learn: unit/pooled.c.)
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
export TMPDIR=$work

# vectors NAME X Y ...: one image after the other, of two numbers each
vectors() {
    local n=$# i=0
    npy_note stream=features version=1 weights=w:1a2b
    while [ $# -gt 0 ]; do
        npy_note "name=$1" input=8x8 arrays=avgpool && npy_f4 '1, 1, 2' "$2" "$3"
        shift 3
        i=$((i + 1))
    done
    npy_note "end=$((n / 3))"
}
scores() { cut -f 4 | tail -n +2 | paste -sd' '; }
# a value of a model's metadata
meta() { head -c 8000 "$1" | grep -ao "\"$2\":\"[^\"]*\"" | cut -d '"' -f 4; }
close_to() { perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) <= 1e-6 * abs $ARGV[1])' -- "$@"; }

# On a line: 0, 1, 3, 7
vectors a 0 0 b 1 0 c 3 0 d 7 0 >line
vectors x 2 0 y 0 0 z 10 4 >queries
knn -q -o two.st line
[ "$(knn -m two.st -t - queries | scores)" = "2 1 90" ]
ok $? "two neighbours: 1 + 1, 0 + 1, 25 + 65"
knn -q -k 1 -o one.st line
[ "$(knn -m one.st -t - queries | scores)" = "1 0 25" ]
ok $? "-k 1"
# left out: a 1, b 1, c 4, d 16; the quantile 1 is the largest
knn -q -k 1 --quantile 1 -o largest.st line && [ "$(meta largest.st threshold)" = 16 ]
ok $? "the threshold: each without itself"
vectors a 2 0 b 0 3 c 5 5 >turned
knn -q -k 1 --length unit -o unit.st turned && knn -m unit.st -t - <(vectors x 9 0 y 0 .1 z 1 1) | scores | awk '{ exit !($1 == 0 && $2 == 0 && $3 ~ /^[0-9]/ && $3 < 1e-12) }'
ok $? "--length unit: only the direction counts"
knn -q -m two.st queries >stream && [ "$(npyls stream | tail -n +2 | cut -f 2,3,4 | tr -s '\t\n' ' ')" = "x y z " ]
ok $? "without -t a stream of scores, no maps"
for l in 0 1 1; do npy_note "name=$l" "label=$l" "score=$l" arrays=; done >records
{ npy_note stream=maps version=1 && cat records && npy_note end=3; } >labelled
auroc labelled 2>err | awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } END { exit !($at["image_auroc"] == 1) }' && [ ! -s err ]
ok $? "auroc measures it"
heatmap -O drawn labelled 2>err && grep -q 'scores without maps, of which nothing can be drawn: 3' err
ok $? "heatmap says that there is nothing to draw"
{ npy_note stream=maps version=1 && cat records && npy_note name=d label=0 score=1 arrays=map && npy_f4 '1, 1' 1 && npy_note end=4; } >mixed
fails 1 'records with and without maps' auroc mixed
ok $? "auroc: some with maps, some without"
knn -m two.st -t table queries >/dev/null && [ "$(cut -f 1,4 table | tr -s '\t\n' ' ')" = "name score x 2 y 1 z 90 " ]
ok $? "the table"

# (0,0) (2,1) (1,2): mean (1,1), covariance of 1/n [[2/3,1/3],[1/3,2/3]]; without shrinkage (2,1) is sqrt(2) away, (4,4) 3 sqrt(2)
vectors a 0 0 b 2 1 c 1 2 >three
gauss -q --shrinkage 0 -o plain.st <(vectors a 0 0 b 2 1 c 1 2 d 1 1) # four, or no three others span the plane
close_to "$(gauss -m plain.st -t - <(vectors q 2 1) | scores)" 1.6329931619
ok $? "gauss by hand: sqrt(8/3)"
gauss -q --shrinkage 1 -o round.st three
close_to "$(gauss -m round.st -t - <(vectors q 4 5) | scores)" 6.1237243570
ok $? "--shrinkage 1: 5 / sqrt(2/3)"
gauss -q -o auto.st three && gauss -q --length unit -o unit.st three && ! cmp -s auto.st unit.st && meta auto.st shrunk | grep -q '^[01]\(\.[0-9]*\)\?$'
ok $? "Ledoit and Wolf's share is kept in the model"
fails 1 "can't be inverted" gauss --shrinkage 0 -o out.st three
ok $? "a covariance without an inverse"

# Feature maps: 2 x 2 positions of two channels, NAME and eight numbers an image; their means are vectors.
feature_maps() {
    local n=$# i=0
    npy_note stream=features version=1 weights=w:1a2b
    while [ $# -gt 0 ]; do
        npy_note "name=$1" input=8x8 arrays=layer4 && npy_f4 '2, 2, 2' "${@:2:8}"
        shift 9
        i=$((i + 1))
    done
    npy_note "end=$((n / 9))"
}
fails 1 'map of 2x2x2' knn -o out.st <(feature_maps a 1 2 3 4 5 6 7 8)
ok $? "knn: a feature map is no vector"
maps=(a 0 0 8 0 0 0 0 4 b 2 0 2 4 0 0 0 0 c 0 8 0 0 4 4 4 0 d 1 3 3 1 2 2 2 2 e 5 1 0 0 0 0 7 7)
means=(a 2 1 b 1 1 c 2 3 d 2 2 e 3 2)
feature_maps "${maps[@]}" >spatial && vectors "${means[@]}" >pooled
gauss -q -o maps.st spatial && gauss -q -o means.st pooled && cmp <(gauss -m maps.st -t - spatial) <(gauss -m means.st -t - pooled) && [ "$(meta maps.st threshold)" = "$(meta means.st threshold)" ]
ok $? "gauss: feature maps are scored as their means are, to the bit"
[ "$(meta maps.st grid)" = 2x2 ] && meta maps.st scale | grep -q , && [ -z "$(meta means.st grid)$(meta means.st scale)$(meta means.st pixel_threshold)" ]
ok $? "gauss: and have maps, which vectors have not"
gauss -q -m maps.st spatial | npyls | cut -f 5 | grep -qx 8x8 && gauss -q -m maps.st --size 6x4 spatial 2>err | npyls | cut -f 5 | grep -qx 4x6
ok $? "gauss: maps as large as the input, or as --size says"
# brightest FILE: of each map, which quarter has the largest mean: 0 1 / 2 3
brightest() { perl -0777 -ne 'while (/\x93NUMPY..(..)(\{[^}]*\}\s*)/gs) { my $at = pos; next if $2 !~ /<f4/; my @v = unpack "f<64", substr $_, $at, 256; my @s = (0) x 4;
    $s[($_ % 8 > 3) + 2 * ($_ / 8 > 4)] += $v[$_] for 0 .. 63; my ($b) = sort { $s[$b] <=> $s[$a] } 0 .. 3; print "$b\n"; pos = $at + 256 }' "$1" | paste -sd' '; }
gauss -q -m maps.st <(feature_maps x 1 1 1 1 1 1 99 1 y 1 90 2 2 1 1 1 1 z 1 1 1 1 80 90 1 1) >drawn.maps && [ "$(brightest drawn.maps)" = "3 0 2" ]
ok $? "gauss: what is far from the mean shows where it is"
gauss -q -o squared.st --distance squared spatial && paste <(gauss -m squared.st -t - spatial | cut -f 4) <(gauss -m maps.st -t - spatial | cut -f 4) | awk 'NR > 1 { n++; d = $1 - $2 * $2; bad += d * d > (1e-5 * $1) ^ 2 } END { exit !(n == 5 && !bad) }'
ok $? "gauss --distance squared"
gauss -q -o a.st --as original spatial && gauss -q -o b.st --distance squared spatial && cmp a.st b.st && gauss -q -o a.st --as runinho spatial && gauss -q -o b.st --distance squared --length unit spatial && cmp a.st b.st && gauss -q -o a.st --as runinho --length kept spatial && cmp a.st squared.st
ok $? "gauss --as: what it stands for; options beside it win"
knn -q -o a.st --as original pooled && knn -q -o b.st pooled && cmp a.st b.st && knn -q -o a.st --as mean-shifted -k 1 pooled && knn -q -o b.st -k 1 --length unit pooled && cmp a.st b.st
ok $? "knn --as"
gauss -q -o edge.st --border edge spatial && [ "$(meta edge.st border)" = edge ] && ! cmp -s <(gauss -q -m edge.st spatial) <(gauss -q -m maps.st spatial)
ok $? "gauss --border"
gauss -q -j 1 -m maps.st spatial | cmp - <(gauss -q -j 2 -m maps.st spatial) && gauss -q -j 1 -o j1.st spatial && cmp j1.st maps.st
ok $? "gauss: maps by any number of threads"
fails 1 '2x2 positions; the fit.s had 1x1' gauss -q --force -m means.st spatial
ok $? "gauss: feature maps by a model of vectors"
fails 1 '1x1 positions; the fit.s had 2x2' gauss -q --force -m maps.st pooled
ok $? "gauss: vectors by a model of feature maps"
fails 1 'vectors give no maps' gauss --size 4x4 -o out.st pooled
ok $? "gauss --size, a fit to vectors"
fails 1 'score: vectors give no maps' gauss --score map-max -o out.st pooled
ok $? "gauss --score, a fit to vectors"
gauss -q --score map-max -o most.st spatial && [ "$(meta most.st threshold)" = "$(meta maps.st pixel_threshold)" ] && [ "$(meta maps.st score)" = image ] &&
    gauss -q --score top:1e-9 --sigma 1 -o top.st spatial && [ "$(meta top.st threshold)" = "$(meta top.st pixel_threshold)" ] && [ "$(meta top.st threshold)" != "$(meta most.st threshold)" ]
ok $? "gauss --score map-max, top: the threshold is one of the maps; --sigma"
fails 1 'no maps for --size' gauss --size 4x4 -m means.st pooled
ok $? "gauss --size, a model of vectors"
# bad_model WHAT SED PATTERN
bad_model() {
    sed "$2" maps.st >bad.st
    fails 1 "$3" gauss -m bad.st spatial
    ok $? "gauss: a model $1"
}
bad_model 'with a grid that is none' 's/"grid":"2x2"/"grid":"0x2"/' 'bad.st: grid=0x2 is no size'
bad_model 'of another grid' 's/"grid":"2x2"/"grid":"9x9"/' '2x2 positions; the fit.s had 9x9'
bad_model 'without its grid' 's/"grid":"2x2"/"gird":"2x2"/' 'bad.st: pixel_threshold= is for maps'
bad_model 'without the threshold of its maps' 's/"pixel_threshold"/"pixel-threshold"/' 'bad.st: pixel_threshold= is for maps'
fails 1 'memory' gauss --mem 1K -o out.st spatial
ok $? "gauss: feature maps and little memory"

for method in knn gauss; do
    "$method" -q -o model.st line
    fails 1 'weights' "$method" -m model.st -t - <(vectors x 1 1 | sed 's/w:1a2b/w:1a2c/')
    ok $? "$method: features of other weights"
    fails 1 'vectors of 1; the fit' "$method" -m model.st -t - <(npy_note stream=features version=1 weights=w:1a2b && npy_note name=a input=8x8 arrays=avgpool && npy_f4 '1, 1, 1' 1 && npy_note end=1)
    ok $? "$method: vectors of another length"
    head -c -4 model.st >cut.st
    fails 1 'cut.st' "$method" -m cut.st -t - line
    ok $? "$method: a cut model"
    cat line line >both && "$method" -q -o both.st both && "$method" -q -j 1 -m both.st queries | cmp - <("$method" -q -j 2 -m both.st queries)
    ok $? "$method: joined streams; threads"
done
for method in knn gauss; do
    "$method" -q -o all.st --quantile 1 line && "$method" -q -o half.st --quantile .5 line && perl -e 'exit !($ARGV[0] > $ARGV[1])' "$(meta all.st threshold)" "$(meta half.st threshold)"
    ok $? "$method --quantile"
    "$method" -q -o model.st line && "$method" --force -m model.st -t - <(vectors x 1 1 | sed 's/w:1a2b/w:1a2c/') >table 2>err && [ "$(wc -l <table)" -eq 2 ] && grep -q weights err
    ok $? "$method --force: a warning"
    fails 1 'needs' "$method" --mem 1K -o out.st line
    ok $? "$method --mem"
done
knn -q --mem 1G -o out.st line && gauss -q --mem 1G -o out.st line && knn -q --force --quantile .9 -o out.st line && gauss -q --force --quantile .9 -o out.st line
ok $? "options that change nothing here"
fails 1 'one more than that' knn -k 4 -o out.st line
ok $? "as many neighbours as images"
done_testing
