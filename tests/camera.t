#!/bin/bash
# A camera's stream: imgcat -k goes on behind broken frames, a list that comes by a pipe is read line by line, and the pipe from
# frames to alarms.
# shellcheck disable=SC2016 # Perl's
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# frames N DAMAGE: N frames of 64 x 48, the third one damaged: its text comes from DAMAGE, a piece of Perl that changes $_
frames() {
    perl -e 'my ($n, $damage) = @ARGV; my $x = 1;
        for my $i (1 .. $n) {
            local $_ = "P6\n64 48\n255\n" . pack("C*", map { $x = ($x * 1103515245 + 12345) % 2147483648; $x >> 16 & 255 } 1 .. 9216);
            if ($i == 3) { eval "$damage; 1" or die $@ }
            print;
        }' "$@"
}
# images < STREAM: a line an image: seq, id, digest of the pixels
images() {
    perl -MDigest::MD5=md5_hex -0777 -ne 'while (/\G\s*P7\n(.*?)ENDHDR\n/gsc) {
        my $h = $1; my ($s) = $h =~ /seq=(\d+)/; my ($i) = $h =~ / id=(\d+)/; my $n = 3; $n *= $_ for $h =~ /(?:WIDTH|HEIGHT) (\d+)/g;
        print "$s $i ", md5_hex(substr $_, pos, $n), "\n"; pos() += $n }'
}
frames 6 '' | imgcat -r 0 - | images >whole
[ "$(wc -l <whole)" = 6 ]
ok $? 'six frames'
# without the third: what is left, with its ids; seq= counts what leaves
sed 3d whole | awk '{ print NR - 1, $2, $3 }' >without
# skips WHAT DAMAGE REASON: exactly the third is lost, and named
skips() {
    frames 6 "$2" >in
    imgcat -k -r 0 - <in 2>err | images | cmp - without >&2 && grep -q "^imgcat: skipped: stdin: image 3: .*$3" err && grep -q '1 of 6 images skipped$' err
    ok $? "-k: $1"
    imgcat -r 0 - <in >/dev/null 2>err
    [ $? -eq 1 ]
    ok $? "without -k it is an error: $1"
}
skips 'a cut frame' 'substr($_, 5000) = ""' 'the image is cut after 4987 of 9216 bytes'
skips 'a frame of which a header is left' 'substr($_, 13) = ""' 'the image is cut after 0 of'
skips 'a header that is cut' 'substr($_, 6) = ""' 'cut in its header'
skips 'a header that promises too much' 's/64 48/64 480/' 'the image is cut after 9216 of 92160 bytes'
skips 'an absurd size' 's/64 48/64 480000/' 'out of range'
skips 'no number' 's/64/x4/' 'bad Netpbm header'
skips 'no header' 's/^P6\n64 48\n255\n//' 'not a Netpbm image'
skips 'white space before a cut frame' 'substr($_, 5000) = ""; s/^/\n \t/' 'the image is cut after'
frames 3 'substr($_, 5000) = ""' | imgcat -k -r 0 - 2>err | images | cmp - <(head -n 2 whole) >&2 && grep -q 'image 3: the image is cut' err
ok $? '-k: the last one is cut'
frames 6 '$_ .= "xyzP6 64 P6\n6"' | imgcat -k -r 0 - 2>err | images | cut -d ' ' -f 3 | cmp - <(cut -d ' ' -f 3 whole) >&2 && grep -q 'image 4: not a Netpbm image (it begins with byte 0x78)' err
ok $? '-k: what lies between frames is one broken frame, and no frame is lost'
# A loss that takes a header along: one frame of two halves passes, what follows is passed over up to the next header.
frames 6 '' | perl -0777 -pe 'substr($_, 2 * 9229 + 5000, 6000) = ""' | imgcat -k -r 0 - 2>/dev/null | images | cut -d ' ' -f 3 >got
sed '3,4d' whole | cut -d ' ' -f 3 | cmp - <(sed 3d got) >&2
ok $? '-k: bytes lost over a header'
frames 6 'substr($_, 5000) = ""' | perl -e '$/ = \1777; $| = 1; while (<>) { print; select undef, undef, undef, .001 }' | imgcat -k -r 0 - 2>/dev/null | images | cmp - without >&2
ok $? '-k: by a pipe that hands on pieces'
frames 6 '' | perl -0777 -pe 's/P6\n64 48\n255\n/P7\nWIDTH 64\nHEIGHT 48\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n/g' >pam
imgcat -k -r 0 - <pam | images | cmp - whole >&2 && head -c 20000 pam | cat - pam | imgcat -k -r 0 - 2>/dev/null | images | wc -l | grep -qx 8
ok $? '-k: PAM as ffmpeg writes it, a writer that began anew in the middle of a frame'
frames 6 '' | imgcat -r 0 - | perl -0777 -pe 'substr($_, 20000, 9) = ""' >ours
that '-k: a stream that counts its images is never mended' fails 1 'record 4: not a Netpbm' imgcat -k -r 0 ours
printf 'X' >x
that '-k: nothing that is an image' eval "imgcat -k - <x 2>&1 >out | tail -n 1 | grep -q 'no image could be read'"
that '-k: no bytes' eval "imgcat -k - </dev/null 2>&1 >out | grep -qx 'imgcat: stdin: no images: did the program upstream die?'"

# lists by a pipe
frames 1 '' >one.ppm
{ printf 'path\tname\r\n' && printf 'one.ppm\t%s\r\n' a b && printf 'none.ppm\tc\none.ppm\td'; } | imgcat -k -r 0 - 2>err | grep -a '^# name=' | tr -d '\n' >got
[ "$(<got)" = '# name=a# name=b# name=d' ] && grep -q 'skipped: none.ppm: cannot open' err && grep -q '1 of 4 images skipped' err
ok $? 'a list by a pipe, and -k'
{ printf 'path\n' && yes one.ppm | head -n 3000; } | imgcat -r 8 -l 2500 -j 2 - | images | cut -d ' ' -f 2 | cmp - <(seq 0 2499) >&2
ok $? 'a long one, in order, and --limit'
printf 'path\tname\none.ppm\ta\none.ppm\n' | imgcat -r 0 - 2>err >/dev/null
[ "$(<err)" = 'imgcat: stdin: line 3: 1 cells where the header has 2' ]
ok $? 'a ragged line is named'
printf 'path\nx\0y\n' | imgcat -r 0 - 2>err >/dev/null
[ "$(<err)" = 'imgcat: stdin: line 2: a NUL byte' ]
ok $? 'a NUL'

# from frames to alarms: one frame of six is broken, two are of another kind
dark() { perl -e 'binmode STDOUT; print "P6\n64 48\n255\n", chr(8) x 9216'; }
featx="featx -q -w random:1 -a resnet18 -l layer1"
frames 6 '' | imgcat -q -r 32 - | $featx | patchcore -q -r .1 --quantile 1 -o model
ok $? 'a model of six frames'
{ frames 2 '' && head -c 3000 one.ppm && dark && dark && frames 2 ''; } | imgcat -q -k -r 32 - | $featx | patchcore -q -m model -t - | verdict -m model -c --of 2/2 >out
[ "$(cut -f 1,2 out | tr '\t\n' '  ')" = 'frame alarm 1 0 4 1 5 0 ' ]
ok $? 'imgcat -k, featx, patchcore, verdict'

# a camera that ffmpeg plays
if command -v ffmpeg >/dev/null; then
    ffmpeg -nostdin -loglevel error -f lavfi -i testsrc=size=64x48:rate=20 -frames:v 5 -f image2pipe -c:v ppm - >played
    imgcat -k -r 0 - <played | images >first && { head -c 10000 played && cat played; } | imgcat -q -k -r 0 - | images | cut -d ' ' -f 3 >second
    [ "$(wc -l <first)" = 5 ] && { head -n 1 first && cat first; } | cut -d ' ' -f 3 | cmp - second >&2
    ok $? 'ffmpeg, begun anew in the middle of a frame'
else
    skip 'ffmpeg, begun anew in the middle of a frame' 'no ffmpeg here'
fi
done_testing
