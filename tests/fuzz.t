#!/bin/bash
# Each fuzz target for a short, fixed number of executions (make fuzz goes on for longer). Needs clang and its libFuzzer.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=1

echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' >"$work/x.c"
if ! "${FUZZ_CC:=clang}" -fsanitize=fuzzer,address,undefined -o "$work/x" "$work/x.c" 2>/dev/null; then
    echo "1..0 # SKIP no $FUZZ_CC with libFuzzer here"
    exit
fi
if ! make -C "$FERN_TESTS/.." O="$FERN_O" SANITIZE= FUZZ_CC="$FUZZ_CC" fuzzers >"$work/log" 2>&1; then
    sed 's/^/# /' "$work/log"
    ok 1 "the fuzz targets are built"
    done_testing
    exit
fi
for source in "$FERN_TESTS"/fuzz/*.c; do
    target=$(basename "$source" .c)
    mkdir -p "$work/corpus"
    "$FERN_TESTS/fuzz/seeds" "$target" "$work/seeds/$target"
    # leaks are looked for once, at the end: libnetpbm's own would make libFuzzer look after every input
    timeout 120 "$FERN_O/fuzz/$target" -runs=10000 -seed=1 -max_len=4096 -max_total_time=20 -timeout=10 \
        -detect_leaks=0 -artifact_prefix="$work/" "$work/seeds/$target" >"$work/log" 2>&1
    status=$?
    ok $status "fuzzing $target"
    if [ $status -ne 0 ]; then
        tail -n 40 "$work/log" | sed 's/^/# /'
        for found in "$work"/{crash,leak,oom,timeout}-*; do
            [ -f "$found" ] && echo "# base64 of the input: $(head -c 6000 "$found" | base64 -w 0)"
        done
    fi
done
done_testing
