#!/bin/bash
# A record is passed on when it is there: through every program that can stand in a live pipe, record k has left before record
# k + 1 is fed in.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# watch: prints a line for each record of an image or tensor stream, or line of a table, as soon as it is whole. Of a tensor
# stream the notes that name arrays count, with their arrays.
cat >watch.pl <<'PERL'
use strict;
$| = 1;
my $buffer = '';
sub need { while (length $buffer < $_[0]) { sysread(STDIN, $buffer, 65536, length $buffer) or exit } }
sub take { need($_[0]); substr $buffer, 0, $_[0], '' }
sub line { my $n; need(1 + length $buffer) while ($n = index $buffer, "\n") < 0; take($n + 1) }
sub item {
    my $header = take(unpack 'x8v', take(10));
    my ($type, $shape) = $header =~ /'descr': '(.*?)'.*'shape': \((.*?)\)/ or die $header;
    my ($kind, $bytes) = $type =~ /(\D)(\d+)$/;
    $bytes *= $_ for $shape =~ /\d+/g;
    ($kind, take($bytes));
}
for (;;) {
    need(1);
    if ($buffer =~ /^P7/) {
        my ($head, $bytes) = ('', 1);
        $head .= line() while $head !~ /ENDHDR\n/;
        $bytes *= $_ for $head =~ /(?:WIDTH|HEIGHT|DEPTH) (\d+)/g;
        take($bytes);
        print "record\n";
    } elsif ($buffer =~ /^\x93/) {
        my ($kind, $note) = item();
        my ($arrays) = $note =~ /\barrays=([^\t]*)/ or next;
        item() for split /,/, $arrays;
        print "record\n";
    } else {
        print line() =~ /\S/ ? "record\n" : '';
    }
}
PERL

records() { [ "$(wc -l <seen)" -eq "$1" ]; }
# live WHAT COMMAND PART...: COMMAND reads the parts from the FIFO `in`, one more only when all before have left; with HEAD=1 a
# line stands before the records
live() {
    local what=$1 command=$2 n=${HEAD:-0} status=0 part pid
    shift 2
    rm -f in && mkfifo in && : >seen
    bash -c "$command" <in 2>err | perl watch.pl >seen &
    pid=$!
    exec 9>in
    for part; do
        cat "$part" >&9
        n=$((n + 1))
        within records $n || status=1
    done
    exec 9>&-
    wait $pid
    [ $status -eq 0 ] || echo "# $(wc -l <seen) records of $n had left; $(<err)"
    ok $status "$what"
}

for i in 0 1 2; do
    bytes $((32 * 32 * 3)) "$i" >pixels
    pam "$i.png" 32 32 "seq=$i" <pixels >"image.$i"
    pam "$i.png" 32 32 <pixels >"foreign.$i"
    { pam "$i.png" 32 32 seq=0 <pixels && pam_end 1; } >"part.$i"
    # shellcheck disable=SC2046 # numbers are words
    { npy_note "name=$i.png" input=32x32 arrays=layer1 && npy_f4 '4, 4, 6' $(seq $((i * i)) $((i * i + 95))); } >"features.$i"
done
npy_note stream=features version=1 layers=layer1 | cat - features.0 >features.first
npy_note end=3 >features.end
images=(image.[0-2]) foreign=(foreign.[0-2]) parts=(part.[0-2]) features=(features.first features.[12])
cat "${features[@]}" features.end >features
padim -q -d 4 -o padim.st features && patchcore -q -r .5 -o patchcore.st features
ok $? 'models to score with'

live 'imgcat' 'imgcat -r 16' "${images[@]}"
live 'imgcat, foreign images' 'imgcat -r 0 -' "${foreign[@]}"
live 'imgcat, a stream for each image' 'imgcat -r 0' "${parts[@]}"
live 'imgcat -k, foreign images' 'imgcat -r 0 -k -' "${foreign[@]}"
for i in 0 1 2; do printf '%s\timage %d\n' "$work/foreign.$i" "$i" >"line.$i"; done
printf 'path\tname\n' | cat - line.0 >line.first
live 'imgcat, a list line by line' 'imgcat -r 0 -' line.first line.1 line.2
live 'padim -m' 'padim -m padim.st' "${features[@]}"
live 'patchcore -m' 'patchcore -m patchcore.st' "${features[@]}"
HEAD=1 live 'padim -m -t -' 'padim -m padim.st -t -' "${features[@]}"
HEAD=1 live 'patchcore -m -t -' 'patchcore -m patchcore.st -t -' "${features[@]}"
HEAD=1 live 'verdict' 'patchcore -m patchcore.st -t - | verdict -m patchcore.st' "${features[@]}"
HEAD=1 live 'verdict of maps' 'patchcore -m patchcore.st | verdict' "${features[@]}"
live 'heatmap' 'patchcore -m patchcore.st | heatmap' "${features[@]}"
HEAD=1 live 'npyls' 'npyls' "${features[@]}"
featx='featx -w random:1 -a resnet18 -l layer1'
# An image that ends where a read of 4096 bytes does, so that its end record is still in the pipe.
padded() { bytes $((36 * 36 * 3)) 7 | pam 7.png 36 36 seq=0 pad="$(printf "%$1s" '')"; }
pad=$((4096 - $(padded 0 | wc -c)))
padded $pad >exact && pam_end 1 >>exact && [ "$(stat -c %s exact)" -eq 4099 ]
ok $? 'an image of 4096 bytes and an end record of three'
live 'featx, a stream for each image' "$featx" exact exact exact
$featx "${foreign[@]}" >features && padim -q -d 4 -o padim.st features
mkfifo one other
live 'imgcat, featx, padim, and heatmap, which waits for images as well' \
    "{ imgcat -r 32 <one | $featx | padim -m padim.st | heatmap -i other | imgcat -r 8; } & tee one >other; wait" "${images[@]}"
done_testing
