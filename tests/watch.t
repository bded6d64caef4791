#!/bin/bash
# scripts/watch: what a camera drops into a folder comes out as a list, whole files only, one by one.
# shellcheck disable=SC2016 # names as they are
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
if ! command -v inotifywait >/dev/null; then
    echo '1..0 # SKIP no inotifywait here (Debian: inotify-tools)'
    exit
fi
own_folder
watch=$FERN_TESTS/../scripts/watch
lines() { [ "$(wc -l <seen)" -eq "$1" ]; }
is() { [ "$1" = "$2" ] || { echo "# '$1', not '$2'" && false; }; }

mkdir camera other
bytes 300 1 | pam a 10 10 >picture.pam
cp picture.pam camera/old.pam
touch camera/.hidden.png camera/notes.txt
timeout 60 "$watch" --existing camera >seen 2>err &
pid=$!
within lines 2 && is "$(<seen)" $'path\ncamera/old.pam'
ok $? 'what is there already comes first: images that are not hidden'
head -c 100 picture.pam >half && exec 5>camera/slow.pam && cat half >&5
cp picture.pam 'camera/two  blanks.PAM'
within lines 3 && is "$(tail -n 1 seen)" 'camera/two  blanks.PAM'
ok $? 'a file that is being written is waited for; blanks, capitals'
tail -c +101 picture.pam >&5 && exec 5>&-
within lines 4 && is "$(tail -n 1 seen)" camera/slow.pam
ok $? 'until its writer closes it'
cp picture.pam other/.part && mv other/.part camera/moved.png
within lines 5 && is "$(tail -n 1 seen)" camera/moved.png
ok $? 'a file that is moved there'
touch camera/more.txt camera/.x.png $'camera/line\nbreak.png' $'camera/a\tb.png' && mkdir camera/folder.png && cp picture.pam 'camera/$(x) "\["'\''.png'
within lines 6 && is "$(tail -n 1 seen)" 'camera/$(x) "\["'\''.png'
ok $? 'no other endings, no hidden files, no folders; any other name as it is'
within eval '[ "$(wc -l <err)" = 2 ]' && grep -qF "left out, as its name breaks a list: \$'camera/line\\nbreak.png'" err && grep -qF 'a\tb.png' err
ok $? 'names that no list can hold are named'
cat picture.pam >camera/old.pam
within lines 7 && is "$(tail -n 1 seen)" camera/old.pam
ok $? 'one that is written again comes again'
rm -r camera
wait $pid
is "$? $(tail -n 1 err)" '1 watch: camera/: is gone'
ok $? 'a folder that goes is an error'

# the list is what imgcat reads, and each image leaves before the next name comes
mkdir camera
timeout 60 "$watch" camera 2>err | imgcat -q -k -r 0 - >images &
begun() { cp picture.pam camera/first.pam && sleep .1 && grep -aq '^# name=camera/first.pam' images; }
within begun
ok $? 'imgcat - writes an image when its name comes'
echo broken >camera/broken.png && cp picture.pam 'camera/the next.pam'
within eval 'grep -aq "^# name=camera/the next.pam" images'
ok $? 'a broken one is skipped by -k, the next one comes'
rm -r camera
wait
perl -0777 -ne 'exit !/\n[ \t]+\n\z/' images
ok $? 'when the folder goes the stream ends as a stream does'

mkdir camera
mkfifo pipe
timeout 60 "$watch" camera >pipe 2>err &
pid=$!
head -n 1 <pipe >out
ended() { cp picture.pam "camera/$RANDOM.pam" && ! kill -0 $pid; }
within ended
wait $pid
is "$? $(<out) $(<err)" '141 path '
ok $? 'it ends with its reader'
that 'no folder' fails 1 'is no folder' "$watch" nowhere
that 'no operand' fails 2 'usage' "$watch"
that 'an unknown option' fails 2 'usage' "$watch" --all camera
done_testing
