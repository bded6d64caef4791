#!/bin/bash
# make install and uninstall: the programs, their pages and the shipped weights, nothing else, and nothing left.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$(cd "$FERN_TESTS/.." && pwd)

# where: the programs as built for these tests; no compiler is needed again
do_make() { make --no-print-directory -C "$root" SANITIZE="${SANITIZE-}" DESTDIR="$work/dest" PREFIX=/opt/fern "$@" >"$work/log" 2>&1; }
listed() { (cd "$work/dest/opt/fern" && find . ! -type d | sort); }

do_make install
ok $? "make install"
{
    for source in "$root"/tools/*.c; do
        name=$(basename "$source" .c)
        [ "$name" = TEMPLATE ] || echo "./bin/$name"
    done
    for file in "$root"/weights/*.safetensors; do echo "./share/fern/$(basename "$file")"; done
    for page in "$root"/man/*.[1-9]; do echo "./share/man/man${page##*.}/$(basename "$page")"; done
} | sort >"$work/expected"
listed | diff "$work/expected" - >&2
ok $? "every program, every page and the weights, under DESTDIR and PREFIX, and nothing else"
"$work/dest/opt/fern/bin/imgcat" --version | grep -q '^imgcat (fern)'
ok $? "an installed program runs"
[ "$(stat -c %a "$work/dest/opt/fern/bin/imgcat" "$work/dest/opt/fern/share/man/man1/imgcat.1" | tr '\n' ' ')" = '755 644 ' ]
ok $? "modes"

touch "$work/dest/opt/fern/bin/other"
do_make uninstall && [ "$(listed)" = ./bin/other ]
ok $? "make uninstall takes them all, and nothing else"
do_make uninstall
ok $? "and may be called again"
done_testing
