#!/bin/bash
# Files that programs make: what a name may stand for, when a bad one is told, and that nothing half-written stays.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
own_folder

bytes 300 1 | pam a 10 10 >image.pam
sheet() { imgsheet -g 1x1 -o "$1" image.pam; }
sheet plain.png && [ "$(head -c 4 plain.png | tail -c 3)" = PNG ]
ok $? 'a regular file'

# Links stay, what they lead to is written.
mkdir there deep
echo old >there/target
ln -s there/target link
ln -s ../link deep/chain
sheet deep/chain && [ -L deep/chain ] && [ -L link ] && [ ! -L there/target ] && cmp -s there/target plain.png
ok $? 'through a chain of relative links'
ln -s "$work/there/new" fresh
sheet fresh && [ -L fresh ] && cmp -s there/new plain.png
ok $? 'through a link that leads to nothing yet'
ln -s nowhere/x broken && ln -s loop loop
! sheet broken 2>err && [ -L broken ] && grep -q 'broken: No such file' err && ! sheet loop 2>err && [ -L loop ] && grep -q 'loop: Too many' err
ok $? 'links that lead nowhere or to themselves are told'

mkfifo fifo
cat fifo >from_fifo &
sheet fifo && wait $! && [ -p fifo ] && cmp -s from_fifo plain.png
ok $? 'a FIFO is written into'
sheet >(cat >from_substitution) && within cmp -s from_substitution plain.png
ok $? 'so is a process substitution'
# A link as /dev/stdout is. Not that one itself: a program that gets this wrong, run by root, would replace it.
ln -s /proc/self/fd/1 stdout
sheet stdout | cmp -s - plain.png && [ -L stdout ]
ok $? 'what /dev/stdout is, a pipe'
sheet stdout >redirected && cmp -s redirected plain.png && [ -L stdout ]
ok $? 'what /dev/stdout is, a file'
if mknod null c 1 3 2>/dev/null && : >null 2>/dev/null; then
    sheet null && [ -c null ]
    ok $? 'a device stays one'
    mknod full c 1 7
    ! sheet full 2>err && [ -c full ] && grep -q 'full: No space' err
    ok $? 'a full device is told'
else
    skip 'a device stays one' 'devices cannot be made here'
    skip 'a full device is told' 'devices cannot be made here'
fi

echo old >private && chmod 600 private
sheet private && [ "$(stat -c %a private)" = 600 ] && (umask 027 && sheet masked) && [ "$(stat -c %a masked)" = 640 ]
ok $? 'permissions stay, new files have those of the umask'

# Told before the input is read, though that never comes.
mkfifo hold
exec 9<>hold # a pipe that gives nothing and does not end
early() { # early WHAT PROGRAM...: exits with 1 and names the path, while stdin is silent
    local what=$1
    shift
    timeout 10 "$@" <hold >out 2>err
    [ $? -eq 1 ] && grep -q 'none/x: No such file\|there: Is a directory' err
    ok $? "$what"
}
early 'imgsheet -o' imgsheet -o none/x
early 'imgsheet -o, a folder' imgsheet -o there
early 'auroc -R' auroc -R none/x
early 'pth2st -o' pth2st -o none/x -

# Nothing half-written stays, whatever ends the program and however soon after its file is there.
none() { ! compgen -G "$1"; } # what is there is printed
ended_by() { # ended_by SIGNAL NAME
    imgsheet -o "$2" <hold &
    local pid=$!
    until compgen -G "$2.*" >/dev/null; do kill -0 $pid || return; done
    kill -"$1" $pid && ! wait $pid 2>/dev/null && none "$2*"
}
for signal in TERM XFSZ; do # INT and HUP may be ignored where tests run
    failed=0
    for n in 1 2 3 4 5 6 7 8; do ended_by $signal $signal$n.png || failed=$?; done
    ok $failed "told to end by $signal"
done
head -c 200 image.pam >cut.pam
! imgsheet -o half.png cut.pam 2>/dev/null && none 'half.png*'
ok $? 'input that is cut'
done_testing
