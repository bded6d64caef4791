#!/bin/bash
# The readers that npys.5 shows are extracted, built and run: they must agree with each other and with what was written.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# extract NAME: the program as a reader of the page sees it
extract() {
    sed -n "/^\\.\\\\\" BEGIN $1/,/^\\.\\\\\" END/p" "$FERN_TESTS/../man/npys.5" | sed "/^\\./d; s/^\\\\&//; s/\\\\(aq/'/g; s/\\\\e/\\\\/g" >"$1"
}

{
    npy_note stream=features version=1 'by=a test'
    npy_note name=one 'arrays=a,b'
    npy_f4 '2, 3' 1 2 3 4 5 6.5
    npy_f4 '2,' -1 0.25
    npy_note 'name=two\\three' size=4x5 'arrays=a,b'
    npy_f4 '1, 1, 2' 100 200
    npy_f4 '' 7
    npy_note end=2
} >s.npys
cat >want <<'.'
one a 2x3 21.5
one b 2 -0.75
two\\three a 1x1x2 300
two\\three b  7
.

npyls s.npys >/dev/null
ok $? "the stream is one"
extract reader.c
cc=${CC:-cc}
if command -v "$cc" >/dev/null; then
    "$cc" -std=c99 -Wall -Wextra -Werror -o reader reader.c
    ok $? "the C reader compiles"
    ./reader <s.npys | diff want - >&2
    ok $? "the C reader reads"
    head -c -1 s.npys | ./reader >/dev/null 2>&1
    ok $((1 - $?)) "the C reader sees a cut"
else
    skip "the C reader" "no C compiler here"
fi
extract reader.py
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    # the C reader leaves values escaped
    /usr/bin/python3 reader.py <s.npys | diff <(sed 's/\\\\/\\/' want) - >&2
    ok $? "the Python reader reads"
    head -c -1 s.npys | /usr/bin/python3 reader.py >/dev/null 2>&1
    ok $((1 - $?)) "the Python reader sees a cut"
else
    skip "the Python reader" "no python3 with numpy here"
fi
done_testing
