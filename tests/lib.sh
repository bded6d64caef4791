# Helpers for the shell tests: small streams made by hand. Sourced: . "$FERN_TESTS/lib.sh"
# shellcheck shell=bash

# Tests run make of their own, which is not to be a part of the one that runs them.
unset MAKEFLAGS MFLAGS MAKELEVEL

# npy_header DESCR SHAPE: the header of one .npy record, such as npy_header '<f4' '2, 3'
npy_header() {
    local text="{'descr': '$1', 'fortran_order': False, 'shape': ($2), }" length low high
    length=$(((10 + ${#text} + 1 + 63) / 64 * 64 - 10))
    printf -v low '\\0%03o' $((length % 256))
    printf -v high '\\0%03o' $((length / 256))
    printf '\223NUMPY\1\0%b' "$low$high"
    printf "%-$((length - 1))s\n" "$text"
}

# npy_note KEY=VALUE...: a note
npy_note() {
    local IFS=$'\t'
    local LC_ALL=C
    npy_header "|S$(printf %s "$*" | wc -c)" ''
    printf %s "$*"
}

# npy_f4 SHAPE NUMBER...: an array of float32
npy_f4() {
    npy_header '<f4' "$1"
    shift
    perl -e 'print pack("f<*", @ARGV)' -- "$@"
}

# pam NAME WIDTH HEIGHT [COMMENT...] < bytes: one RGB image; comments are key=value
pam() {
    printf 'P7\n# name=%s\n' "$1"
    [ $# -lt 4 ] || printf '# %s\n' "${@:4}"
    printf 'WIDTH %d\nHEIGHT %d\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n' "$2" "$3"
    head -c $(($2 * $3 * 3))
}

# pam_end N: the end record behind N images that carry seq=
pam_end() { perl -e '$_ = sprintf "\n%b\n", shift; tr/01/ \t/; print' "$1"; }

# bytes N SEED: N bytes that look random and are always the same
bytes() {
    perl -e 'my ($n, $x) = @ARGV; print pack("C*", map { $x = ($x * 1103515245 + 12345) % 2147483648; $x >> 16 & 255 } 1 .. $n)' "$@"
}

# TAP
tap_count=0
# ok STATUS WHAT: passed when STATUS is 0
ok() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        echo "not ok $tap_count - $2"
    fi
}
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}
done_testing() { echo "1..$tap_count"; }

# image_lines < stream: of a generator; a line an image: id label name stream digest-of-the-colours first-three-samples
# digest-of-what-isn't-black digest-of-the-labels most-frequent-label; labels are a fourth channel, the last is - without one
image_lines() {
    perl -MDigest::MD5=md5_hex -e '
        binmode STDIN;
        while (defined(my $magic = <STDIN>)) {
            next if $magic =~ /^[ \t]*\n/; # an end record
            my (%key, %field);
            while (defined(my $line = <STDIN>)) {
                last if $line eq "ENDHDR\n";
                if ($line =~ /^# (\w+)=(.*)\n/) { $key{$1} = $2 } elsif ($line =~ /^(\w+) (.*)\n/) { $field{$1} = $2 }
            }
            my $n = $field{WIDTH} * $field{HEIGHT} * $field{DEPTH};
            read(STDIN, my $pixels, $n) == $n or die "cut\n";
            my ($colours, $labels, %count) = ($pixels, "");
            if ($field{DEPTH} == 4) { $colours =~ s/(...)(.)/$1/gs; $labels = $pixels; $labels =~ s/...(.)/$1/gs }
            $count{$_}++ for unpack "C*", $labels;
            my ($most) = sort { $count{$b} <=> $count{$a} } keys %count;
            print join(" ", @key{qw(id label name stream)}, md5_hex($colours), unpack("C3", $colours),
                md5_hex(join("", map { $_ eq "\0\0\0" ? 0 : 1 } unpack("(a3)*", $colours))), md5_hex($labels), $most // "-"), "\n";
        }'
}

# own_folder: to work in, "$work"; it goes when the test ends
own_folder() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cd "$work" || exit 1
}

# within COMMAND...: it comes true within a minute, for machines that do much besides
within() {
    for _ in $(seq 1200); do
        "$@" >/dev/null 2>&1 && return
        sleep .05
    done
    return 1
}

# that WHAT COMMAND...: passed when the command succeeds
that() {
    "${@:2}"
    ok $? "$1"
}
# fails STATUS PATTERN COMMAND...: exit status, one line on stderr that says so, no model out.st
fails() {
    local status=$1 pattern=$2 got
    shift 2
    rm -f out.st
    "$@" >stdout 2>stderr </dev/null
    got=$?
    [ "$got" = "$status" ] && [ "$(wc -l <stderr)" = 1 ] && grep -q -e "$pattern" stderr && [ ! -e out.st ] && return
    echo "# status $got, $(cat stderr)"
    return 1
}
