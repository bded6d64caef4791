#!/bin/bash
# The whole way from fractals and images to scores: the same bits however it is run, bounded memory, and what must be refused.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u -o pipefail
own_folder
mkdir tmp
export TMPDIR=$work/tmp
# How each detector is fitted, as the recipes say, and the layers that it takes: detector 'padim' [LAYERS]
all=layer1,layer2,layer3
mapfile -t fits < <(sed -n "s/^detector '\\(.*\\)' *\\(.*\\)\$/\\2 \\1/p" "$FERN_TESTS"/*.recipe | sed "s/^ /$all /")
mapfile -t sets < <(printf '%s\n' "${fits[@]%% *}" | sort -u)
while read -r source; do
    m=$(basename "$source" .c)
    grep -q "^detector '$m" "$FERN_TESTS/$m.recipe"
    ok $? "$m.recipe says how to fit it"
done < <(grep -l detector_main "$FERN_TESTS"/../tools/*.c)
# of FIT: its $layers, its words, its program $m, a name for its files $id
of() { read -r layers fit <<<"$1" && read -ra words <<<"$fit" && m=${words[0]} id=${fit//[^a-z0-9]/}; }

# weights FILE SEED: of a ResNet-18 after one step on 16 fractals
weights() { ifsgen -q -c 4 -n 4 -z 32 | fractrain -q -c 4 -n 1 -b 4 -z 32 -s "$2" -o "$1"; }
weights net.safetensors 1 && weights other.safetensors 2
ok $? "weights from fractals"
partgen -q -z 64 -k carpet --train 12 --good 2 --defect 1 -o set || exit 1
imgcat -q -r 64 -s train set >train.pam
imgcat -q -r 64 -s test set >test.pam
imgcat -q -r 64 -s test -M set >masks.pam

# single FILE: splits an image stream into one.000, one.001, ... without the numbers that tell of their company
single() {
    perl -0777 -ne 's/^# (seq|end)=.*\n//mg; my $i = 0;
        while (/\G(P7\n(?:.*\n)*?ENDHDR\n)/gc) { my $h = $1; my ($w) = $h =~ /WIDTH (\d+)/; my ($n) = $h =~ /HEIGHT (\d+)/; my ($d) = $h =~ /DEPTH (\d+)/;
            my $size = $w * $n * $d; open my $f, ">", sprintf "one.%03d", $i++; print $f $h, substr $_, pos, $size; pos() += $size }' "$1"
}
# sums: a line an array of a tensor stream, sorted: the name and score of its record, its own name, type, shape and MD5
sums() {
    perl -MDigest::MD5=md5_hex -0777 -ne 'my ($at, $name, @arrays) = (0, "");
        while ($at < length) {
            my $head = substr $_, $at + 10, unpack "v", substr $_, $at + 8, 2; $at += 10 + length $head;
            my ($type, $size) = $head =~ /\x27descr\x27: \x27([<|]\w)(\d+)/; my ($shape) = $head =~ /\(([\d, ]*)\)/;
            $size *= $_ for $shape =~ /\d+/g; my $data = substr $_, $at, $size; $at += $size;
            if ($type ne "|S") { print join(" ", $name, shift @arrays, $type, $shape, md5_hex $data), "\n"; next }
            my %note = map { split /=/, $_, 2 } split /\t/, $data;
            ($name, @arrays) = (join(" ", $note{name} // "", $note{score} // ""), split /,/, $note{arrays} // "") }' | sort
}
single masks.pam
mkdir masks
mv one.* masks
single test.pam
singles=(one.*)
# the last first
mapfile -t reversed < <(printf '%s\n' "${singles[@]}" | sort -r)

precision=auto
features() { featx -q -w net.safetensors -l $all --precision "$precision" "$@"; }
# results MODEL FEATURES...: of $m, sorted: its maps' sums and its table
results() { "$m" -q -j "${threads-1}" -m "$1" -t table "${@:2}" | sums && tail -n +2 table | sort; }

# check_bits: however it is run
check_bits() {
    local m id words layers fit f
    for layers in "${sets[@]}"; do
        features -j 1 -l "$layers" train.pam >"train.$layers"
        features -j 1 -l "$layers" test.pam >"test.$layers"
        for f in "${singles[@]}"; do features -l "$layers" "$f" >"$f.$layers"; done
    done
    sums <test.$all >features.all
    [ "$(wc -l <features.all)" -eq 21 ] && features -j 2 test.pam | cmp - test.$all >&2
    ok $? "$1: features with -j 1 and -j 2"
    cat "${singles[@]/%/.$all}" | sums | cmp - features.all >&2
    ok $? "$1: features one image at a time"
    features "${reversed[@]}" | sums | cmp - features.all >&2
    ok $? "$1: features in another order"
    for fit in "${fits[@]}"; do
        of "$fit"
        "${words[@]}" -q -j 1 -o "$id.st" "train.$layers" && "${words[@]}" -q -j 2 -o two.st "train.$layers" && cmp two.st "$id.st" >&2
        ok $? "$1: $fit fits the same model with -j 1 and -j 2"
        results "$id.st" "test.$layers" >results.all
        [ "$(wc -l <results.all)" -ge 7 ] && threads=2 results "$id.st" "test.$layers" | cmp - results.all >&2
        ok $? "$1: $fit scores the same with -j 1 and -j 2"
        for f in "${singles[@]}"; do results "$id.st" "$f.$layers"; done | sort | cmp - <(sort results.all) >&2
        ok $? "$1: $fit scores the same one image at a time"
        results "$id.st" <(cat "${reversed[@]/%/.$layers}") | cmp - results.all >&2
        ok $? "$1: $fit scores the same in another order, after other images"
    done
}
# With bf16 features are in bf16 by themselves. With avx512 BLIS runs its kernels for skx, with avx2 those for haswell.
declare -A flag=([bf16]=avx512_bf16 [avx512]=avx512bw [avx2]=avx2)
for kernels in bf16 avx512 avx2; do
    if grep -qw "${flag[$kernels]}" /proc/cpuinfo; then
        export FERN_CPU=$kernels
        check_bits "$kernels"
    else
        skip "$kernels" "this CPU has none"
    fi
done
unset FERN_CPU
[ -e results.all ] || check_bits "plain"

# Memory: the same files over and over.
check_memory() {
    local n f
    for n in 100 1000; do
        {
            echo path
            for ((f = 0; f < n; f++)); do printf 'set/train/good/%03d.png\n' $((f % 6)); done
        } >"$n.tsv"
        /usr/bin/time -f %M -o imgcat.$n imgcat -q -r 32 "$n.tsv" | /usr/bin/time -f %M -o featx.$n featx -q -w net.safetensors >features.$n
    done
    [ "$(npyls features.1000 | grep -c layer2)" -eq 1000 ] || return 1
    echo "# peak KiB at 100 and 1000 images: imgcat $(<imgcat.100) $(<imgcat.1000), featx $(<featx.100) $(<featx.1000)"
    [ "$(<imgcat.1000)" -le $(($(<imgcat.100) + 1024)) ] && [ "$(<featx.1000)" -le $(($(<featx.100) + 1024)) ]
}
if [ "${SANITIZE-}" = 1 ]; then
    skip "memory of imgcat | featx" "the sanitizers keep what is freed"
elif [ ! -x /usr/bin/time ]; then
    skip "memory of imgcat | featx" "no /usr/bin/time here"
else
    check_memory
    ok $? "1000 images take imgcat | featx no more memory than 100"
fi
rm -f features.100*

# says STATUS PATTERN COMMAND...: it leaves so, with one line on stderr that has the pattern, and nothing called out.* behind
says() {
    local got
    rm -f out.*
    "${@:3}" >stdout 2>stderr
    got=$?
    [ $got -eq "$1" ] && [ "$(wc -l <stderr)" -eq 1 ] && grep -qE "$2" stderr && [ -z "$(find . -name 'out.*' -o -path './tmp/*')" ] && return
    echo "# status $got: $(head -c 500 stderr | tr '\n' '|') left: $(find . -name 'out.*' -o -path './tmp/*')"
    return 1
}

precision=bf16
features -b 1 test.pam >bf16.npys && features -b 3 test.pam | cmp - bf16.npys >&2
ok $? "features in bf16, one and three images at once"
precision=f32
export FERN_CPU=avx512 # from here on nothing is in bf16 that isn't asked to be
features train.pam >train.npys && features test.pam >test.npys
[ -n "$(npysdiff bf16.npys test.npys 2>&1)" ] && awk '/largest difference/ { found = 1; exit !($4 ~ /^[0-9]/ && $4 + 0 < .02) } END { exit !found }' <(npysdiff bf16.npys test.npys 2>&1)
ok $? "are those of f32 within 2 % of the scale: $(npysdiff bf16.npys test.npys 2>&1 | tail -n 1)"
imgcat -q -r 32 -s test set >small.pam
for layers in "${sets[@]}"; do
    features -l "$layers" train.pam >"train.$layers"
    features -l "$layers" test.pam >"test.$layers"
    features -l "$layers" --precision bf16 test.pam >"bf16.$layers"
    featx -q -w other.safetensors -l "$layers" --precision f32 test.pam >"other.$layers"
    features -l "$layers" small.pam >"small.$layers"
done
for fit in "${fits[@]}"; do
    of "$fit"
    "${words[@]}" -q -o "$id.st" "train.$layers" && "$m" -q -m "$id.st" "test.$layers" >"$id.maps" || exit 1
done
says 1 'small.pam: record 1 .*32x32' featx -q -w net.safetensors test.pam small.pam
ok $? "featx: images of different sizes"
# broken FILE: the first number of its second record is none
broken() {
    perl -0777 -pe 'my $at = index $_, "<f4", index $_, "name=", 1 + index $_, "name="; $at = rindex $_, "\x93NUMPY", $at;
        substr $_, $at + 10 + unpack("v", substr $_, $at + 8, 2), 4, "\0\0\xc0\x7f"' "$1"
}
for fit in "${fits[@]}"; do
    of "$fit"
    says 1 'record 1 \(test/.*weights' "$m" -m "$id.st" -t out.tsv "other.$layers"
    ok $? "$fit: a model of other weights"
    says 1 'record 1 \(test/.*bf16.*--precision f32' "$m" -m "$id.st" -t out.tsv "bf16.$layers"
    ok $? "$fit: a model of another precision"
    says 1 'bf16.*: record 1 \(test/.*precision=bf16, but those before have precision=f32: .*--precision f32' "${words[@]}" -o out.st "test.$layers" "bf16.$layers"
    ok $? "$fit: features in two precisions"
    says 1 'precision=f32.*precision=bf16' "${words[@]}" -o out.st <(cat "test.$layers" "bf16.$layers")
    ok $? "$fit: the same joined by cat"
    says 1 "record [18] .*resize=32, but those before have resize=64: .*imgcat -r 64, or give --force" "${words[@]}" -o out.st "test.$layers" "small.$layers"
    ok $? "$fit: images of different sizes"
    says 1 'record 2 \(train/good/.*(finite|infinity)' "${words[@]}" -o out.st <(broken "train.$layers")
    ok $? "$fit: features that are not numbers"
    says 1 'stdin: no data' "${words[@]}" -o out.st </dev/null
    ok $? "$fit: nothing came"
    head -c $(($(stat -c %s "test.$layers") * 2 / 3)) "test.$layers" >cut.npys
    says 1 'cut.npys: record [0-9]+' "$m" -m "$id.st" -t out.tsv cut.npys
    ok $? "$fit: a cut stream"
    says 1 'stdout|space' bash -c "$m -m $id.st test.$layers 3>&1 >/dev/full"
    ok $? "$fit: a full disk under its maps"
    says 1 'out.st|File too large' bash -c "ulimit -f 1; trap '' XFSZ; exec $fit -o out.st train.$layers"
    ok $? "$fit: a full disk under its model, or under its spool"
    says 1 'out.tsv|No such' "$m" -m "$id.st" -t nowhere/out.tsv "test.$layers"
    ok $? "$fit: a table where no folder is"
done

says 1 'empty' imgcat -s train empty
ok $? "a folder that isn't there"
mkdir empty
says 1 'empty' imgcat -s train empty
ok $? "an empty folder"
! imgcat -q -s train empty 2>/dev/null | featx -q -w net.safetensors 2>/dev/null | padim -q -o out.st 2>/dev/null && [ ! -e out.st ]
ok $? "and no model comes of it"

# Masks
auroc -M masks.pam patchcore.maps >figures && [ "$(wc -l <figures)" -eq 7 ]
ok $? "auroc: five defects, all, and a header"
says 1 'record 7' auroc -M <(cd masks && cat "${singles[@]:0:6}") patchcore.maps
ok $? "auroc: fewer masks than maps"
says 1 'record 1' auroc -M <(cd masks && cat "${reversed[@]}") patchcore.maps
ok $? "auroc: masks of other images"
cp -r set broken
rm broken/ground_truth/hole/000_mask.png
says 1 'hole/000.*mask' imgcat -q -r 64 -s test -M broken
ok $? "imgcat: a defect without a mask is named"
! auroc -M <(imgcat -q -r 64 -s test -M broken 2>/dev/null) patchcore.maps >/dev/null 2>err && [ "$(wc -l <err)" -eq 1 ]
ok $? "auroc: masks that were cut"

# Files that can't be read
rm -r broken && cp -r set broken
truncate -s 200 broken/test/cut/000.png
says 1 'broken/test/cut/000.png' imgcat -q -r 64 -s test broken
ok $? "imgcat: a file that can't be read is named"
imgcat -k -r 64 -s test broken 2>err >rest.pam && imgcat -q -k -r 64 -s test -M broken >rest.masks 2>/dev/null &&
    grep -q 'test/cut/000.png' err && grep -qw 1 <(tail -n 1 err)
ok $? "imgcat -k skips it, names and counts it"
features rest.pam | patchcore -q -m patchcore.st | auroc -M rest.masks >figures && [ "$(tail -n 1 figures | cut -f 2)" -eq 6 ]
ok $? "and images and masks still belong together"

if [ -n "$({ yes | head -n 1; } 2>&1 >/dev/null)" ]; then
    skip "a closed pipe" "SIGPIPE is ignored here"
else
    { imgcat -s test -r 64 set | features | patchcore -m patchcore.st | head -c 100 >/dev/null; } 2>err
    [ ! -s err ]
    ok $? "a closed pipe is no news"
fi
[ -z "$(ls tmp)" ]
ok $? "no temporary file is left"
done_testing
