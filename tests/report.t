#!/bin/bash
# report: the rule against closed forms, the page against what a browser and an HTML checker say of it.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

# stream THRESHOLD GOOD ALARMS DEFECTIVE FOUND: a stream of so many images of 4 x 4: good ones score 1, those called defective 3; defective
# ones 4, those missed 2. The threshold is given; names and kinds have what HTML must not take for its own.
stream() {
    local i n=0 score
    npy_note stream=maps version=1 'by=test 0.1 <b>&amp;' 'weights=net:0123456789abcdef' "threshold=$1" pixel_threshold=2.5 scale=0,5
    for ((i = 0; i < $2; i++, n++)); do
        score=$((i < $3 ? 3 : 1))
        npy_note "name=<script>alert(1)</script>/\"good\"/$i" label=0 defect=good "score=$score" arrays=map
        npy_f4 '4, 4' $score 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
    done
    for ((i = 0; i < $4; i++, n++)); do
        score=$((i < $5 ? 4 : 2))
        npy_note "name=bad/$i" label=1 "defect=$([ $((i % 2)) -eq 0 ] && echo '<i>hole' || echo "scratch'&")" "score=$score" arrays=map
        npy_f4 '4, 4' 0 0 0 $score 0 0 0 0 0 0 0 0 0 0 0 0
    done
    npy_note end=$n
}
# pictures GOOD DEFECTIVE [mask]: their images, or their masks
pictures() {
    local i n=0
    for ((i = 0; i < $1; i++, n++)); do
        if [ -n "${3-}" ]; then head -c 48 /dev/zero; else bytes 48 "$i"; fi |
            pam "<script>alert(1)</script>/\"good\"/$i" 4 4 "seq=$n"
    done
    for ((i = 0; i < $2; i++, n++)); do
        if [ -n "${3-}" ]; then printf '\0\0\0\0\0\0\0\0\0\377\377\377%36s' '' | tr ' ' '\0'; else bytes 48 "9$i"; fi |
            pam "bad/$i" 4 4 "seq=$n"
    done
    pam_end $n
}
# column NAME [ROW]: of the table on stdout
column() { awk -F '\t' -v name="$1" -v row="${2-1}" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == row + 1 { print $c }' out; }
near() { perl -e 'exit !(abs($ARGV[0] - $ARGV[1]) < 2e-6)' "$1" "$2"; }
# verdict WANT WHAT RULE OPTION ...: of the run in the file `maps`
verdict() {
    local want=$1 what=$2
    shift 2
    report -q -n 10 -o page.html --require "$@" run=maps >out && [ "$(column verdict)" = "$want" ] && grep -q "id=\"verdict\" class=\"$want\"" page.html
    ok $? "$what: $want"
}

# None missed in n: the lower bound is .05^(1/n), the upper bound of no alarm 1 - that.
stream 2.5 60 0 60 60 >maps
report -q -n 10 -o page.html run=maps >out
near "$(column recall_low)" "$(perl -e 'print .05 ** (1 / 60)')" && near "$(column false_alarms_high)" "$(perl -e 'print 1 - .05 ** (1 / 60)')"
ok $? "without an error the bounds are those of the closed form"
[ "$(column recall)" = 1.000000 ] && [ "$(column false_alarms)" = 0.000000 ] && [ "$(column image_auroc)" = 1.000000 ] && [ "$(column threshold)" = 2.5 ]
ok $? "what was counted"
verdict go "both limits are met at the worse end" recall=.95,false-alarms=.05
verdict not-yet "a limit that 60 images can't show" recall=.96,false-alarms=.05
grep -qF 'takes at least 74 images' page.html && grep -qF 'the rule takes 74 defective and 59 good ones at least' page.html
ok $? "how many images such a limit takes: log .05 / log .96"
verdict not-yet "less confidence than asked" recall=.95 --confidence .99
verdict go "the same with less confidence" recall=.96 --confidence .9

# 40 of 60 found: binomial bounds at .95, one-sided, are 0.55353 and 0.76696 (SciPy: beta.ppf(.05, 40, 21), beta.ppf(.95, 41, 20));
# 6 of 60 called defective: 0.04445 and 0.18786 (beta.ppf(.05, 6, 55), beta.ppf(.95, 7, 54)).
stream 2.5 60 6 60 40 >maps
report -q -n 10 -o page.html run=maps >out
near "$(column recall_low)" 0.5535344 && near "$(column false_alarms_high)" 0.1878574
ok $? "bounds as SciPy has them"
verdict stop "recall fails at its better end" recall=.77
verdict not-yet "recall is open" recall=.76
verdict not-yet "recall is open, and above its limit" recall=.6
grep -qF 'With 162 defective ones the defects found would be settled' page.html && ! grep -q 'More images alone' page.html
ok $? "how many images would settle it, if the rate stays (SciPy: beta.ppf(.05, 2n/3, n/3 + 1) >= .6)"
verdict go "recall holds" recall=.55
verdict stop "false alarms fail at their better end" false-alarms=.044
verdict not-yet "false alarms are open" false-alarms=.1
grep -qF 'More images alone will hardly lead to a go: the rate of false alarms' page.html && ! grep -q 'would be settled' page.html
ok $? "a rate that is at its limit won't be settled by more images"
verdict stop "one that holds and one that fails" recall=.55,false-alarms=.044
# A year: 1000 x 250 x (.01 (1 - r) 100 + .99 a 1); without an inspection 250,000; with 40 of 60 and 6 of 60: 108,083; at the ends
# 158,111 and 69,261.
prices=(--parts-per-day 1000 --days 250 --defect-rate .01 --miss-cost 100 --alarm-cost 1)
verdict go "it costs less than doing without, at both ends" cost "${prices[@]}"
grep -qF 'EUR 108,083' page.html && grep -qF 'EUR 250,000' page.html && grep -qF 'EUR 69,261 – EUR 158,111' page.html
ok $? "money as by hand"
verdict not-yet "a limit between the ends" cost=108083 "${prices[@]}"
verdict stop "a limit below both" cost=50000 "${prices[@]}" --currency JPY
grep -qF 'JPY 108,083' page.html
ok $? "another currency"

report -q -n 10 --require recall=.5 "${prices[@]}" -o page.html run=maps >out && grep -qF '<td>– </td><td>EUR' page.html
ok $? "a cost that is not asked has no limit"
verdict stop "both rates" recall=.8,false-alarms=.2 "${prices[@]}"
! grep -q 'contradicts itself' page.html
ok $? "limits that pay: 1000 x 250 x (.01 x .2 x 100 + .99 x .2) = 99,500"
verdict go "both rates that are met" recall=.1,false-alarms=.2 "${prices[@]}" --alarm-cost 5
grep -qF 'EUR 250,000 is what defects cost without an inspection' page.html
ok $? "what the limit of cost is, where none was asked"
verdict not-yet "both rates, and cost" recall=.1,false-alarms=.2,cost "${prices[@]}" --alarm-cost 5
grep -qF 'would cost EUR 472,500 a year, more than EUR 250,000' page.html
ok $? "limits that don't: 1000 x 250 x (.01 x .9 x 100 + .99 x .2 x 5)"

stream 4 20 0 20 20 >maps
report -q -n 10 -o page.html run=maps >out && [ "$(column recall)" = 1.000000 ] && [ "$(column false_alarms)" = 0.000000 ]
ok $? "a score that equals the threshold is a defect's"
grep -qF '>100% (20 / 20)<' page.html && ! grep -q 'class="card"' page.html
ok $? "without images no gallery"

# Good images only
stream 2.5 20 1 0 0 >maps
verdict not-yet "good images only say nothing of recall" recall=.5
[ "$(column recall)" = - ] && [ "$(column image_auroc)" = - ] && ! grep -q 'id="kinds"\|id="curves"' page.html && grep -q 'id="scores"' page.html &&
    grep -qF 'Collect defective parts' page.html
ok $? "what is left: no kinds, no curves; scores, and advice to collect defects"
verdict go "but of false alarms they do" false-alarms=.25

# Two runs: the other finds more, but not enough
stream 2.5 60 6 60 40 >maps
stream 2.5 60 0 60 45 | sed 's/net:0123456789abcdef/net:fedcba9876543210/' >other
report -q -n 200 -o page.html --require recall=.9 run=maps better=other >out
grep -qF 'Another network, better, does better' page.html && grep -qF 'It finds 45 of 60 and calls 0 of 60 good ones; by the same rule' page.html && grep -qF 'it would be a stop, too' page.html
ok $? "what the rule says of the better run"

# The page with all that it can hold
stream 2.5 20 1 20 18 >maps
stream 2.5 20 0 20 10 >other
pictures 20 20 >images
pictures 20 20 mask >masks
printf 'images\tseed\timage_auroc\tpixel_auroc\taupro\n8\t0\t.8\t-\t-\n16\t0\t.85\t-\t-\n8\t1\t.7\t-\t-\n' >learning
printf 'name\tvalue\ncommand\tpilot <set> & more\n' >facts
full() {
    report -q -o "$1" -M masks -i images -t 'A <b>title</b> & more' --learning learning --facts facts "${prices[@]}" --picture 64 "${@:2}" \
        'fern <&>'=maps other=other
}
full page.html >out
ok $? "everything at once"
full again.html -j 2 >/dev/null && cmp page.html again.html && full again.html -s 1 >/dev/null && ! cmp -s page.html again.html
ok $? "the same bytes again and with two threads; others with another seed"
! grep -qE 'alert\(1\)</script>|<i>hole|<b>title|<set>|by=test 0.1 <b>' page.html && grep -qF '&lt;script&gt;alert(1)&lt;/script&gt;/&quot;good&quot;/0' page.html &&
    grep -qF 'data-kind="&lt;i&gt;hole"' page.html && grep -qF "scratch&#39;&amp;" page.html
ok $? "names, kinds, title and facts are escaped"
! grep -oE '(src|href|url)[=(]"?[^" )]*' page.html | grep -v -e '^src="data:image/' -e '^url(#hatch' && ! grep -qE '@import|https?://' page.html
ok $? "nothing comes from elsewhere"
[ "$(grep -c 'class="card"' page.html)" -eq 40 ] && [ "$(grep -o 'data-verdict="missed" data-score' page.html | wc -l)" -eq 2 ] &&
    [ "$(grep -o 'data-verdict="alarm" data-score' page.html | wc -l)" -eq 1 ]
ok $? "a card an image, with its verdict"
grep 'class="card"' page.html | head -n 3 | grep -c 'data-verdict="\(missed\|alarm\)"' | grep -qx 3
ok $? "wrong verdicts first"
grep -qF 'aria-label="Figures over training images' page.html && grep -qF 'gained 0.100' page.html
ok $? "figures over training images: the last doubling gained .85 - .75"
[ "$(grep -o 'lang="en"' page.html | wc -l)" -eq $(($(grep -o 'lang="ja"' page.html | wc -l) + 1)) ] && full ja.html --lang ja >/dev/null && grep -q '<html lang="ja">' ja.html
ok $? "every text in both languages"
if command -v tidy >/dev/null; then
    tidy -q -e --drop-empty-elements no page.html 2>tidy.txt
    [ ! -s tidy.txt ]
    ok $? "tidy has nothing to say"
    head -n 3 tidy.txt | sed 's/^/# /'
else
    skip "tidy has nothing to say" "tidy is not here"
fi

# A browser does what a reader does; what it finds goes into the title of the document that it prints.
cat >act.js <<'JS'
<script>
const say = [], at = (s) => document.querySelector(s), text = (s) => at(s).textContent, shown = () => document.querySelectorAll(".card:not([hidden])").length;
say.push(document.documentElement.lang, text(".found"), text(".alarms"), text(".cost"), shown());
const slider = at(".threshold input");
slider.value = 3.5; slider.dispatchEvent(new Event("input"));
say.push(text(".found"), text(".alarms"));
at("[data-verdict=missed]:not(.card)").click(); say.push(shown());
at(".reset").click(); say.push(text(".alarms"), shown());
at("[data-verdict='']").click(); at("[data-kind=good]:not(.card)").click(); say.push(shown());
at("[data-language=ja]").click();
say.push(document.documentElement.lang, getComputedStyle(at("h2 [lang=en]")).display, getComputedStyle(at("h2 [lang=ja]")).display);
const svg = at(".threshold svg"), box = svg.getBoundingClientRect();
svg.setPointerCapture = () => {}; svg.hasPointerCapture = () => true;
svg.dispatchEvent(new PointerEvent("pointerdown", { clientX: box.left + box.width * 0.2, pointerId: 1 }));
say.push(text(".found"));
document.title = say.join("|");
</script>
JS
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)
if [ -n "$browser" ]; then
    cat page.html act.js >acted.html
    HOME=$PWD timeout 60 "$browser" --headless --no-sandbox --disable-gpu --enable-logging=stderr --dump-dom "file://$PWD/acted.html" >dom 2>browser.err
    title=$(sed -n 's,.*<title>\(.*\)</title>.*,\1,p' dom)
    [ "$title" = 'en|90% (18 / 20)|5% (1 / 20)|EUR 37,375|40|90% (18 / 20)|0% (0 / 20)|2|5% (1 / 20)|2|20|ja|none|inline|100% (20 / 20)' ]
    ok $? "in a browser: threshold by slider and by dragging, verdicts and kinds, languages"
    echo "# $title"
    ! grep -q 'CONSOLE' browser.err
    ok $? "no message on its console"
    HOME=$PWD timeout 60 "$browser" --headless --no-sandbox --disable-gpu --print-to-pdf=page.pdf "file://$PWD/page.html" 2>/dev/null && [ "$(head -c 5 page.pdf)" = %PDF- ]
    ok $? "it prints to PDF"
else
    skip "in a browser: threshold, verdicts, kinds, languages" "chromium is not here"
fi

that "no output" fails 2 '-o is missing' report run=maps
that "no run" fails 2 'no run' report -o x.html
that "an operand without a name" fails 2 'is not NAME=MAPS' report -o x.html maps
that "an unknown requirement" fails 2 "'speed' is none of" report -o x.html --require speed run=maps
that "a rate out of range" fails 2 '95 is not in' report -o x.html --require recall=95 run=maps
that "cost without prices" fails 2 'needs --parts-per-day' report -o x.html --require cost run=maps
that "another language" fails 2 "'fr'" report -o x.html --lang fr run=maps
stream 2.5 3 0 3 3 >short
that "runs of other images" fails 1 'the runs are of different sets' report -o x.html a=maps b=short
stream 2.5 20 1 0 0 >first
that "runs of the first images only" fails 1 'has 20 images, b has 40' report -o x.html a=first b=maps
sed "s/scratch'/scratcH'/" maps >kinds
that "runs of other kinds" fails 1 'the runs are of different sets' report -o x.html a=maps b=kinds
npy_note stream=features end=0 >features
that "no maps" fails 1 'is a stream of features' report -o x.html run=features
sed 's/threshold=2.5/thresh_=2.50/' maps >bare
that "no threshold" fails 1 'no threshold=' report -o x.html run=bare
that "a table of other columns" fails 1 'no column images' report -o x.html --learning facts run=maps
that "facts of other columns" fails 1 'not two' report -o x.html --facts learning run=maps
that "fewer pictures" fails 1 'there is no image for it' report -o x.html -i <(pictures 20 3) run=maps
that "fewer masks" fails 1 'there is no mask for it' report -o x.html -M <(pictures 20 3 mask) run=maps
[ ! -e x.html ]
ok $? "nothing was written"
done_testing
