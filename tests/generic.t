#!/bin/bash
# What holds for every program of the suite: help, version, misuse, manual page, full disk, cut input, operands, joined
# streams, threads; that it finds out early when it can't write; that each of its options is in some test. A new program needs
# a tests/NAME.recipe: a small run of it, or the reason why there is none.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# tests/NAME.recipe says how NAME is run here, in the folder where the streams below lie; these are its words.
declare -A input command flags exempt products
# recipe INPUT COMMAND [FLAG ...]: a small run of the program. INPUT is the kind of stream it reads from stdin or operands: images,
# normals (images), features, maps; or none. {} in COMMAND stands for the operand where that isn't last. Flags: nocat when two streams joined are no
# input for the same command; silent when it writes nothing; slow when it takes long to start (fewer cuts).
recipe() {
    input[$tool]=$1
    command[$tool]=$2
    flags[$tool]=${*:3}
}
# exempt REASON: it has none
exempt() { exempt[$tool]=$1; }
# product COMMAND ...: options whose next word is the path of a file or folder to be written
product() { products[$tool]=$(printf '%s\n' "$@"); }

# detector COMMAND [LAYERS]: how it is fitted, on which features; tests/pipeline.t looks for such lines. A program that fits by several methods has several
detector() { :; }

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
    local i
    for i in 0 1 2 3; do
        bytes $((32 * 32 * 3)) "$i" | pam "part/$i.ppm" 32 32 "label=$((i % 2))" defect=good "seq=$i" | part images
        bytes $((32 * 32 * 3)) "$i" | pam "part/$i.ppm" 32 32 label=0 defect=good "seq=$i" | part normals
    done
    pam_end 4 | tee -a normals | part images
    stat -c %s normals >>normals.parts
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
    local got=$? lines
    mapfile lines <err
    if [ $got -ne "$2" ] || [ ${#lines[@]} -ne 1 ] || [[ ${lines[0]} != "$1: "*$'\n' ]]; then
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

# known PROGRAM OPTION: the program knows it. What follows is its argument or ends the run.
known() { [[ $("$1" "$2" --no-such-option --no-such-option 2>&1 >out </dev/null) != *"unknown option '$2'"* ]]; }
# Letters are tried; long names are those of --help, and of the table in the source.
check_getopt() {
    local o
    for o in $(help_options "$1") -{a..z} -{A..Z} -{0..9} \
        $(grep -oE '\{"[a-z0-9-]+", (no|required|optional)_argument' "$source" | sed 's/{"/--/; s/".*//'); do
        ! known "$1" "$o" || printf "%s\n" "$o"
    done | sort -u | diff <(help_options "$1") - >differences
    ok $? "$1: --help has the options that are taken, no more, no less"
    sed 's/^/# /' differences
}

# An option is in a test where it stands in one of the program's own, with what those share with others (detector.sh), or on a line of
# another after the program's name. The common ones are tested here.
check_options() {
    local forms missing=() own=("$FERN_TESTS/$1".*) shared
    # shellcheck disable=SC2016 # the text itself
    shared=$(sed -n 's,^\. "$FERN_TESTS/\(.*\)",\1,p' "${own[@]}" | grep -v '^lib\.sh' | sort -u)
    [ -z "$shared" ] || own+=("$FERN_TESTS/$shared")
    for forms in $("$1" --help | sed -nE 's/^ +(-.*)/\1/p' | sed 's/   *.*//' | grep -oE -- '(-[A-Za-z0-9], )?--[a-z-]+' | sed 's/, /|/'); do
        case $forms in *--help | *--version | *--verbose | *--quiet | *--threads) continue ;; esac
        grep -qE -- "(^|[^a-z-])($forms)($|[^a-z-])" "${own[@]}" ||
            grep -qE -- "\b$1\b.*[^a-z-]($forms)($|[^a-z-])" "$FERN_TESTS"/*.t{,est} || missing+=("${forms##*|}")
    done
    ok ${#missing[@]} "$1: every option is in some test"
    [ ${#missing[@]} -eq 0 ] || echo "# in none: ${missing[*]}"
}

# What is told doesn't change what is done.
check_verbosity() {
    run "$1" - <"$2" && mv out first && run "$1" - -v <"$2" && cmp out first >&2 && run "$1" - -q <"$2" && cmp out first >&2 && [ ! -s err ]
    ok $? "$1: the same bytes with -v and -q, which is quiet"
}

# A path that can't be written is told while nothing has come in yet: below a file there is no file.
check_products() {
    local line
    while read -r line; do
        eval "timeout -k 1 5 $line images/product" <&7 >out 2>err
        complains "$1" 1 && grep -q images/product err && [ ! -s out ]
        ok $? "$1 says before it reads that it can't write: $line"
    done <<<"${products[$1]}"
}
mkfifo silence
exec 7<>silence

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
    local stream=$2
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
    local stream=$2 n step=1 failed=0
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
    if [ ! -e "$FERN_TESTS/$tool.recipe" ]; then
        ok 1 "$tool has a recipe"
        continue
    fi
    # shellcheck source=/dev/null
    . "$FERN_TESTS/$tool.recipe"
    check_help "$tool"
    check_misuse "$tool"
    check_getopt "$tool"
    check_options "$tool"
    [ "$tool" = TEMPLATE ] || check_page "$tool"
    [ -z "${products[$tool]-}" ] || check_products "$tool"
    if [ -n "${exempt[$tool]-}" ]; then
        skip "$tool on streams" "${exempt[$tool]}"
        continue
    fi
    stream=${input[$tool]#none}
    check_full "$tool" "${stream:-/dev/null}"
    check_pipe "$tool" "${stream:-/dev/null}"
    check_threads "$tool" "${stream:-/dev/null}"
    check_verbosity "$tool" "${stream:-/dev/null}"
    [ -n "$stream" ] || continue
    check_stream "$tool" "$stream"
    check_cuts "$tool" "$stream"
done
done_testing
