#!/bin/bash
# The floors of the house: a file includes from lower floors and its own room only; a program includes no other; and all public
# headers can be read together. Tables of manual pages fit a terminal.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
cd "$FERN_TESTS/.." || exit 1

# Rooms by floor. A room that isn't named is a family of methods: it stands on all of these, and on no other family.
floors='0 base
1 stream codec image num
2 conv draw parts page ranks
3 nn fractal dataset
4 search metric train bulb surface
5 method blemish report'

includes() { grep -oE '^#include "[a-z]+/' "$@" /dev/null | sed 's/#include "//; s,/$,,' | tr : ' '; }
rising() {
    includes libcommon/*/*.[ch] | awk -v floors="$floors" '
        BEGIN { n = split(floors, line, "\n"); for (i = 1; i <= n; i++) { m = split(line[i], f, " "); for (j = 2; j <= m; j++) floor[f[j]] = f[1] } }
        { split($1, path, "/"); from = path[2]; a = from in floor ? floor[from] : 9; b = $2 in floor ? floor[$2] : 9 }
        from != $2 && b >= a { print "# " $1 " includes " $2 "/" }'
}
rising=$(rising)
[ -z "$rising" ]
ok $? "no room includes from its own floor or a higher one"
[ -z "$rising" ] || echo "$rising"
! grep -lE '^#include "tools/|^#include ".*\.c"' tools/*.c libcommon/*/*.[ch]
ok $? "no program includes another, nothing includes a .c"
unknown=$(for room in ${floors//[0-9]/}; do [ -d "libcommon/$room" ] || echo "$room"; done)
[ -z "$unknown" ]
ok $? "every room of the table is there"

# A wider table is torn apart where a page is 78 columns wide: 5 of them are the indent, and columns stand 4 apart, 3 where there are 5 of
# them, 1 where there are more (groff_mdoc(7)).
wide=$(awk '/^\.Bl .*-column/ {
    width = columns = 0
    for (rest = $0; match(rest, /"[^"]*"/); rest = substr(rest, RSTART + RLENGTH)) { width += RLENGTH - 2; columns++ }
    width += (columns < 5 ? 4 : columns == 5 ? 3 : 1) * (columns - 1)
    if (width > 73) print "# " FILENAME ":" FNR ": " width " columns of text"
}' man/*.[1-9])
[ -z "$wide" ]
ok $? "no table of a manual page is too wide"
[ -z "$wide" ] || echo "$wide"

cc=${CC:-cc}
if command -v "$cc" >/dev/null; then
    # those without a guard are pieces of one source file
    grep -lE '^#define [A-Z0-9_]+_H$' libcommon/*/*.h | grep -v 512 | sed 's,libcommon/\(.*\),#include "\1",' >/tmp/house.$$.c
    "$cc" -std=c11 -D_GNU_SOURCE -Ilibcommon -isystem /usr/include/netpbm -fsyntax-only /tmp/house.$$.c
    ok $? "all headers in one file"
    rm -f /tmp/house.$$.c
else
    skip "all headers in one file" "no C compiler here"
fi
done_testing
