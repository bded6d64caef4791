#!/bin/bash
# What holds for every program of the suite: help, version, misuse, manual page, full disk, cut input, operands, joined
# streams, threads. A new program needs a line below: a recipe, or the reason why it has none.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

declare -A input command flags exempt
# recipe PROGRAM INPUT COMMAND [FLAGS]: a small run of PROGRAM. INPUT is the kind of stream it reads from stdin or operands:
# images, features, maps; or none. {} in COMMAND stands for the operand where that isn't last. Flags: nocat when two streams
# joined are no input for the same command; silent when it writes nothing; slow when it takes long to start (fewer cuts).
recipe() {
    input[$1]=$2
    command[$1]=$3
    flags[$1]=${4-}
}
exempt() { exempt[$1]=$2; }

recipe TEMPLATE images 'TEMPLATE'
recipe auroc maps 'auroc'
recipe featx images 'featx -w random:1 -a resnet18 -l layer1' slow
recipe heatmap maps 'heatmap'
recipe imgcat none 'imgcat -r 8 folder'
recipe ifsgen none 'ifsgen -c 2 -n 2 -z 16 --points 1000'
recipe imgsheet images 'imgsheet -g 3x3'
recipe npyls features 'npyls -s'
recipe npysdiff features 'npysdiff {} features' 'nocat silent'
recipe padim features 'padim -m padim.safetensors'
recipe partgen none 'partgen --list'
recipe patchcore features 'patchcore -m patchcore.safetensors'
exempt pth2st 'reads a checkpoint and writes a file'
exempt fractrain 'trains; tests/fractrain.t shows its streams and threads'

# Streams: NAME.parts holds the offsets of their records.
part() {
    cat >>"$1"
    stat -c %s "$1" >>"$1.parts"
}
# floats N SEED: so many numbers between -1 and 1
floats() {
    perl -e 'my ($n, $x) = @ARGV; for (1 .. $n) { $x = ($x * 1103515245 + 12345) % 2147483648; printf "%.6f ", $x / 1073741824 - 1 }' "$@"
}
make_images() {
    local i end=('' '' '' end=4)
    for i in 0 1 2 3; do
        bytes $((32 * 32 * 3)) "$i" | pam "part/$i.ppm" 32 32 "label=$((i % 2))" defect=good "seq=$i" "${end[i]}" |
            part images
    done
    mkdir folder
    for i in 0 1 2; do
        bytes 300 "$i" | pam "$i" 10 10 >"folder/$i.pam"
    done
}
# shellcheck disable=SC2046 # numbers are words
make_features() {
    local i
    npy_note stream=features version=1 'by=test 0.1' weights=none:0123456789abcdef layers=layer2,layer3 | part features
    for i in 1 2 3 4 5 6; do
        {
            npy_note "name=part/$i" defect=good size=32x32 input=32x32 arrays=layer2,layer3
            npy_f4 '4, 4, 8' $(floats 128 "$i")
            npy_f4 '2, 2, 16' $(floats 64 "9$i")
        } | part features
    done
    npy_note end=6 | part features
}
# shellcheck disable=SC2046
make_maps() {
    local i kind=(good hole good scratch)
    npy_note stream=maps version=1 'by=test 0.1' threshold=0.5 pixel_threshold=0.5 scale=0,1 | part maps
    for i in 0 1 2 3; do
        {
            npy_note "name=part/$i" "label=$((i % 2))" "defect=${kind[i]}" "score=0.$((i + 2))" size=32x32 arrays=map
            npy_f4 '8, 8' $(floats 64 "$i")
        } | part maps
    done
    npy_note end=4 | part maps
}
make_images
make_features
make_maps
[ ! -x "$FERN_BIN/padim" ] || padim -q -o padim.safetensors features
[ ! -x "$FERN_BIN/patchcore" ] || patchcore -q -r 0.5 -o patchcore.safetensors features

# run PROGRAM OPERAND [OPTION...] < INPUT: its recipe; the exit status, out and err
run() {
    local line="${command[$1]} ${*:3}"
    if [[ $line == *'{}'* ]]; then
        line=${line//'{}'/$2}
    elif [ "$2" != - ]; then
        line+=" $2"
    fi
    eval "timeout 60 $line" >out 2>err
}
# complains PROGRAM STATUS: the last run left so, with one line of its own
complains() {
    local got=$?
    if [ $got -ne "$2" ] || [ "$(wc -l <err)" -ne 1 ] || [[ $(<err) != "$1: "* ]]; then
        echo "# exit $got, stderr: $(head -c 300 err | tr '\n' '|')"
        return 1
    fi
}

check_help() {
    "$1" --help >out 2>err && [ -s out ] && [ ! -s err ] && "$1" -h | cmp -s - out
    ok $? "$1 --help"
    [[ $(head -n 1 out) == "usage: $1"* ]] && [ "$(grep -A 9 '^examples:' out | grep -c '^  ')" -ge 2 ]
    ok $? "$1 --help begins with usage: and ends with two examples"
    "$1" --version >out 2>err && [ ! -s err ] && [[ $(<out) =~ ^$1\ \(fern\)\ [0-9] ]]
    ok $? "$1 --version"
    "$1" --help >/dev/full 2>err
    complains "$1" 1
    ok $? "$1 --help to a full disk"
}

check_misuse() {
    "$1" --no-such-option >out 2>err </dev/null
    complains "$1" 2 && [ ! -s out ]
    ok $? "$1 --no-such-option"
}

# page_options PAGE, help_options PROGRAM: the options, one a line
page_options() {
    awk '/^\.It Fl / {
        for (i = 2; i <= NF; i++)
            if ($i == "Fl") on = 1
            else if ($i == "Ar" || $i == "Cm" || $i == "Ns") on = 0
            else if (on && $i != ",") print "-" $i
    }' "$1" | sort
}
help_options() {
    "$1" --help | sed -nE 's/^ +(-.*)/\1/p' | sed 's/   *.*//' | grep -oE -- '(^| )--?[A-Za-z0-9-]+' | tr -d ' ' | sort
}
check_page() {
    local page=$FERN_TESTS/../man/$1.1
    [ -r "$page" ]
    ok $? "$1 has a page"
    diff <(help_options "$1") <(page_options "$page") >differences
    ok $? "$1: --help and the page have the same options"
    sed 's/^/# /' differences
}

check_full() {
    [[ ${flags[$1]-} != *silent* ]] || return
    eval "timeout 60 ${command[$1]//'{}'/-}" <"$2" >/dev/full 2>err
    complains "$1" 1
    ok $? "$1 to a full disk"
}

# A closed pipe is no news. (Where the signal is ignored, as in some CI systems, it is told.)
check_pipe() {
    if [ -n "$({ yes | head -n 1; } 2>&1 >/dev/null)" ]; then
        skip "$1 into a closed pipe" "SIGPIPE is ignored here"
        return
    fi
    eval "timeout 60 ${command[$1]//'{}'/-}" <"$2" 2>err | true
    [ ! -s err ]
    ok $? "$1 into a closed pipe"
}

check_threads() {
    if ! "$1" --help | grep -q -- '-j, --threads'; then
        skip "$1 -j" "it has no threads"
        return
    fi
    run "$1" - -j 1 <"$2" && mv out first && run "$1" - -j 2 <"$2" && cmp out first >&2
    ok $? "$1: the same bytes with -j 1 and -j 2"
}

check_stream() {
    local stream=${input[$1]}
    run "$1" - <"$stream" && mv out first && run "$1" "$stream" </dev/null && cmp out first >&2 && run "$1" - <"$stream"
    ok $? "$1: an operand is the same as stdin"
    : | run "$1" -
    complains "$1" 1
    ok $? "$1: no bytes"
    if [[ ${flags[$1]} != *nocat* ]]; then
        cat "$stream" "$stream" | run "$1" -
        ok $? "$1: two streams joined"
    fi
}

# The input cut in its first bytes and at each record.
check_cuts() {
    local stream=${input[$1]} n step=1 failed=0
    [[ ${flags[$1]} != *slow* ]] || step=13
    for n in $(seq 1 $step 64) $(head -n -1 "$stream.parts"); do
        head -c "$n" "$stream" | run "$1" -
        complains "$1" 1 || failed=1
    done
    ok $failed "$1: cut in the first bytes and at records"
}

for source in "$FERN_TESTS"/../tools/*.c; do
    tool=$(basename "$source" .c)
    if [ ! -x "$FERN_BIN/$tool" ]; then
        ok 1 "$tool is built"
        continue
    fi
    check_help "$tool"
    check_misuse "$tool"
    [ "$tool" = TEMPLATE ] || check_page "$tool"
    case ${input[$tool]-} in
    none)
        check_full "$tool" /dev/null
        check_pipe "$tool" /dev/null
        check_threads "$tool" /dev/null
        ;;
    images | features | maps)
        check_full "$tool" "${input[$tool]}"
        check_pipe "$tool" "${input[$tool]}"
        check_threads "$tool" "${input[$tool]}"
        check_stream "$tool"
        check_cuts "$tool"
        ;;
    *)
        if [ -n "${exempt[$tool]-}" ]; then
            skip "$tool on streams" "${exempt[$tool]}"
        else
            ok 1 "$tool has a recipe or a reason in tests/generic.t"
        fi
        ;;
    esac
done
done_testing
