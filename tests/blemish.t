#!/bin/bash
# blemish: normal images pass unchanged; copies and masks go together; a copy is a function of seed, kind, epoch and number, however
# the stream is made or cut.
set -o pipefail
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# normals N [LABEL]: images that are smooth enough to be shifted and to lend
normals() {
    perl -e '
        my ($n, $label) = @ARGV;
        for my $k (0 .. $n - 1) {
            my $w = 64 + 8 * ($k % 2);
            printf "P7\n# name=set/%d.png\n# label=%s\n# size=900x900\nWIDTH %d\nHEIGHT 64\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n", $k, $label, $w;
            for my $y (0 .. 63) { for my $x (0 .. $w - 1) { print pack "C3", map { 120 + 50 * sin($x / 5 + $k) * cos($y / 7 + $_) + 20 * $_ } 0 .. 2 } }
        }' "$1" "${2-0}"
}
normals 5 >in
blemish -j 1 in >one
blemish -j 2 <in | cmp -s - one
ok $? "-j 1 and -j 2 give the same bytes, an operand the same as stdin"
same=0
for cpu in plain avx2 avx512; do
    FERN_CPU=$cpu blemish in | cmp -s - one || same=1
done
ok $same "plain C, AVX2 and AVX-512 give the same bytes"
image_lines <one >lines # id label name stream digest ...
[ "$(awk '{ print $1, $2 }' lines | head -n 9 | paste -sd,)" = "0 0,1 1,2 2,3 3,4 4,5 5,6 6,7 0,8 1" ] && [ "$(wc -l <lines)" = 35 ]
ok $? "each image, then a copy of each kind: ids and labels"
[ "$(awk 'NR < 9 { print $3 }' lines | paste -sd' ')" = "set/0.png set/0.png+patch-0 set/0.png+piece-0 set/0.png+scar-0 set/0.png+blob-0 set/0.png+warp-0 set/0.png+light-0 set/1.png" ]
ok $? "names"
[ "$(awk '{ print $5 }' lines | sort -u | wc -l)" = 35 ]
ok $? "no two images alike"
cmp -s <(awk '$2 == 0 { print $5 }' lines) <(image_lines <in | awk '{ print $(NF - 6) }')
ok $? "normal images pass with all their bytes"
[ "$(grep -ac '^# size=900x900$' one)" = 35 ]
ok $? "other keys pass"
tail -c 8 one | cmp -s - <(pam_end 35)
ok $? "the end record says 35"

# Masks, by hand: where no bit of the mask is set no bit of the image changed, and where more than 3 levels changed it is.
blemish -M in >masks
perl -e '
    sub pam {
        my $f = shift;
        my (%key, $line);
        while (defined($line = <$f>)) {
            next if $line =~ /^[ \t]*\n/;
            last if $line eq "ENDHDR\n";
            $key{$1} = $2 if $line =~ /^(?:# )?(\w+)[= ](.*)\n/;
        }
        return unless defined $line;
        read $f, my $data, $key{WIDTH} * $key{HEIGHT} * $key{DEPTH};
        $key{data} = $data;
        return \%key;
    }
    open my $images, "<", "one"; open my $masks, "<", "masks";
    my ($normal, $n) = (undef, 0);
    while (my $image = pam($images)) {
        my $mask = pam($masks) or die "no mask\n";
        $_->{about} = join " ", map { "@$_" } sort { $a->[0] cmp $b->[0] } map { [$_, $image->{$_}] } qw(name label defect id size) for $image;
        $image->{about} eq join(" ", map { "$_ $mask->{$_}" } sort qw(name label defect id size)) or die "keys: $image->{about}\n";
        $mask->{DEPTH} == 1 && $mask->{WIDTH} == $image->{WIDTH} or die "no mask of it\n";
        $normal = $image if $image->{label} == 0;
        my @was = unpack "C*", $normal->{data}; my @is = unpack "C*", $image->{data}; my @mask = unpack "C*", $mask->{data};
        my $set = 0;
        for my $i (0 .. $#mask) {
            my @by = map { abs($was[3 * $i + $_] - $is[3 * $i + $_]) } 0 .. 2;
            my ($most) = sort { $b <=> $a } @by;
            die "$image->{name}: changed outside of its mask\n" if $mask[$i] == 0 && $most > 0;
            die "$image->{name}: not in its mask\n" if $mask[$i] != 255 && $most > 3;
            $set++ if $mask[$i];
        }
        die "$image->{name}: $set pixels\n" if $image->{label} == 0 ? $set : $set < 5;
        $n++;
    }
    print "$n\n"' >out 2>err
[ "$(cat out)" = 35 ] || sed 's/^/# /' err
[ "$(cat out)" = 35 ]
ok $? "masks (-M) are of the same images in the same order, and where these changed"

# However the stream is cut. (Textures are what takes time: most runs from here on have no blobs.)
quick=(blemish -k 'patch,scar,warp,light')
"${quick[@]}" in >one
"${quick[@]}" -e 3 in | image_lines >lines3
cmp -s <(image_lines <one) <(head -n 25 lines3) && [ "$(wc -l <lines3)" = 75 ] && [ "$(awk '$2 > 0 { print $5 }' lines3 | sort -u | wc -l)" = 60 ]
ok $? "--epochs 3: the first is that of one epoch, and no copy comes twice"
[ "$(awk 'NR > 25 && NR <= 50 && $2 == 0 { print $3 }' lines3 | paste -sd' ')" != "$(awk 'NR <= 25 && $2 == 0 { print $3 }' lines3 | paste -sd' ')" ]
ok $? "later epochs have an order of their own"
"${quick[@]}" -e 3 --start 40 in | image_lines | cmp -s - <(tail -n +41 lines3)
ok $? "--start is the tail"
"${quick[@]}" -e 0 in 2>err | head -c 2000000 >many
{ image_lines <many 2>/dev/null || true; } | head -n 75 | cmp -s - lines3 && [ ! -s err ]
ok $? "-e 0 goes on, until its reader goes"
"${quick[@]}" --mem 1K in | cmp -s - one && "${quick[@]}" --mem 20K in | cmp -s - one
ok $? "--mem: the same bytes from a spool"
cat in in >twice
[ "$("${quick[@]}" twice | image_lines | wc -l)" = 50 ] && "${quick[@]}" in in | cmp -s - <("${quick[@]}" twice)
ok $? "two operands are two streams joined"

# Kinds.
blemish -k warp,patch in | image_lines >some
[ "$(awk '{ print $2 }' some | head -n 4 | paste -sd' ')" = "0 1 2 0" ] && [ "$(awk '{ print $3 }' some | sed -n 2p)" = "set/0.png+warp-0" ]
ok $? "--kinds: labels are places in the list"
cmp -s <(awk '$3 ~ /warp/ { print $5 }' some) <(awk '$3 ~ /warp/ { print $5 }' lines)
ok $? "--kinds: a copy doesn't depend on the others"
[ "$(blemish --binary in | image_lines | awk '{ print $2 }' | sort | uniq -c | tr -s ' \n' ' ')" = " 5 0 30 1 " ] &&
    cmp -s <(blemish -b in | image_lines | cut -d' ' -f1,3,5) <(cut -d' ' -f1,3,5 lines)
ok $? "--binary: label=1 for all copies, of the same bytes"

# The stream's identity.
name() { blemish -k warp "$@" | image_lines | awk '{ print $4 }' | sort -u; }
[ "$(name in)" = "$(name in -e 2 -j 1)" ] && [ "$(name in)" = "$(name in --start 3 --mem 1K)" ]
ok $? "stream= does not depend on -e, -j, --mem and --start"
normals 4 >other
{ name in && name in --seed 1 && name in -k blob && name in -M && name in -b && name other; } | sort -u | wc -l | grep -qx 6
ok $? "stream= depends on everything else"
"${quick[@]}" -s 1 in | image_lines | awk '$2 { print $5 }' | sort - <(awk '$2 { print $5 }' lines) | uniq -d | wc -l | grep -qx 0
ok $? "--seed: other copies"

# As auroc reads it: the masks as their own maps are perfect.
blemish -b -M in | perl -e '
    binmode STDIN; $/ = undef; my $all = <STDIN>;
    sub npy { my ($descr, $shape, $data) = @_; my $h = "{\x27descr\x27: \x27$descr\x27, \x27fortran_order\x27: False, \x27shape\x27: ($shape), }"; $h .= " " x (63 - (10 + length $h) % 64) . "\n"; print "\x93NUMPY\1\0", pack("v", length $h), $h, $data }
    sub note { my $t = join "\t", @_; npy("|S" . length $t, "", $t) }
    note("stream=maps", "version=1", "by=test");
    my $n = 0;
    while ($all =~ /\GP7\n(.*?)ENDHDR\n/gcs) {
        my $head = $1; my %k = $head =~ /^(?:# )?(\w+)[= ](.*)$/mg;
        my $data = substr $all, pos $all, $k{WIDTH} * $k{HEIGHT}; pos($all) += length $data;
        note("name=$k{name}", "label=$k{label}", "defect=$k{defect}", "score=$k{label}", "arrays=map");
        npy("<f4", "$k{HEIGHT}, $k{WIDTH}", pack "f<*", unpack "C*", $data);
        $n++;
    }
    note("end=$n")' >maps
auroc -M <(blemish -b -M in) maps >table 2>err
perfect=$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $1 == "all" { print $c["image_auroc"], $c["pixel_auroc"], $c["aupro"] }' table)
[ "$perfect" = "1.000000 1.000000 1.000000" ] && [ "$(grep -cE '^(patch|piece|scar|blob|warp|light|all)	' table)" = 7 ]
ok $? "auroc -M takes masks and images: a row for each kind"

# Bad input: one line, status 1 or 2.
that "a defective image" fails 1 'set/0.png.*label=1: only normal' blemish <(normals 2 1)
bytes 300 1 | pam tiny 10 10 label=0 >small
that "an image too small" fails 1 '10x10 pixels' blemish small
pam dark 32 32 label=0 </dev/zero >black
that "a black image" fails 1 'dark+patch-0: no patch is seen on it in 40 attempts' blemish black
blemish -k blob black | image_lines | wc -l | grep -qx 2
ok $? "a black image with a blob"
head -c 20000 in >part
that "a cut stream" fails 1 'record 2' blemish part
[ ! -s stdout ]
ok $? "nothing is written of it"
that "--start behind the end" fails 1 'there are 35 images' blemish --start 35 in
for line in '-k wood' '-k' '-k patch,' '-k blob,blob' '-e x' '--mem 3X' '--start -1' '--nonsense'; do
    # shellcheck disable=SC2086
    blemish $line in >out 2>err
    [ $? -eq 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ]
    ok $? "misuse: blemish $line"
done
done_testing
