#!/bin/bash
# scripts/mutate on a tree of one function: what it says of a caught mutation, one that survives, and stale lines; that the list's
# lines are whole.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/tree/{libcommon/sum,tools,scripts,tests/unit}
cp "$FERN_TESTS/../scripts/mutate" "$work/tree/scripts"
cp "$FERN_TESTS"/{check,run} "$work/tree/tests"
cp "$FERN_TESTS/unit/tap.h" "$work/tree/tests/unit"
cd "$work/tree" || exit 1

cat >libcommon/sum/sum.h <<'END'
double sum(const double *x, int n);
END
cat >libcommon/sum/sum.c <<'END'
#include "sum/sum.h"
double sum(const double *x, int n)
{
    double s = 0;
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}
END
cat >tests/unit/sum.c <<'END'
#include "sum/sum.h"
#include "tap.h"
int main(void)
{
    ok(sum((double[]){1, 2}, 2) == 3, "1 + 2");
    return done();
}
END
echo 'echo 1..1; echo not ok 1 - as ever' >tests/broken.t
cat >Makefile <<'END'
all: build/libcommon.a
build/libcommon.a: libcommon/sum/sum.c
	@mkdir -p build
	$(CC) -Ilibcommon -c -o build/sum.o $<
	rm -f $@ && ar rcs $@ build/sum.o
build/unit/%.t: tests/unit/%.c build/libcommon.a
	@mkdir -p build/unit
	$(CC) -Ilibcommon -o $@ $^ -lm
END
cat >tests/mutations <<'END'
# a comment

adds twice  sum.c  s/s += x/s += 2 * x/  unit/sum
never ends  sum.c  s/i < n; i++/i < n;/  unit/sum
no sum of nothing  sum.c  s/return -1/return -2/  unit/sum
adds a minus  sum.c  s/s -= x/s += x/  unit/sum
no C  sum.c  s/double s/double double s/  unit/sum
no file  product.c  s/a/b/  unit/sum
no test  sum.c  s/return -1/return -2/  unit/product
a test that fails anyway  sum.c  s/return -1/return -2/  broken.t
sums from 0 on  sum.c  s/int i = 0/int i = -0/  equivalent: -0 is 0
END
cp -a "$work/tree" "$work/before"

MUTATE_SECONDS=2 scripts/mutate -j 2 >"$work/out" 2>"$work/errors"
status=$?
has() { grep -q "^$1" "$work/out"; }
ok $((status != 1)) "survivors and stale lines fail"
has 'caught adds twice by unit/sum$' && has 'caught never ends by unit/sum$'
ok $? "caught: a test that fails, and one that hangs"
has 'survived no sum of nothing$'
ok $? "survived"
has 'stale adds a minus: ' && has 'stale no C: ' && has 'stale no file: ' && has 'stale no test: '
ok $? "stale: nothing changes, no C, no such file, no such test"
has 'stale a test that fails anyway: broken.t fails without it$'
ok $? "a test that fails without the mutation catches nothing"
has 'equivalent sums from 0 on: -0 is 0$'
ok $? "equivalent"
[ "$(tail -n 1 "$work/out")" = "2 caught of 9, 1 survived, 5 stale, 1 equivalent" ]
ok $? "the counts"
diff -r "$work/before" "$work/tree" >&2
ok $? "the tree is as before"
scripts/mutate twice >"$work/out" 2>>"$work/errors" && [ "$(wc -l <"$work/out")" -eq 2 ] && has 'caught adds twice'
ok $? "a word chooses the lines; all caught is success"
sed 's/^/# /' "$work/errors"

[ -z "$(awk -F '  +' '/^ *(#|$)/ { next } NF != 4 || seen[$1]++' "$FERN_TESTS/mutations" | tee -a /dev/stderr)" ]
ok $? "tests/mutations: four columns a line, no bug twice"
done_testing
