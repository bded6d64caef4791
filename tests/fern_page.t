#!/bin/bash
# Every example of fern.7 is run as it stands on the page, in a folder that has what it names: bottle, boards, net.safetensors, new/*.png.
# What takes long is made short by what it is run with, never by changing its text: small sets, and a fractrain that takes one step.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
export FERN_BIN
own_folder
page=$FERN_TESTS/../man/fern.7

# The blocks between .Bd -literal and .Ed, as a reader sees them: example.0, example.1, ...
awk '/^\.Bd -literal/ { file = "example." n++; next } /^\.Ed/ { file = ""; next } file { print >file }' "$page"
sed -i 's/^\\&//; s/\\e/\\/g; s/\\(aq/'\''/g' example.*
[ "$(find . -name 'example.*' | wc -l)" -eq "$(grep -c '^\.Bd -literal' "$page")" ] && [ -s example.0 ]
ok $? "the page has examples"

mkdir short
printf '#!/bin/bash\nexec "%s/fractrain" "$@" --steps 1 -b 4 -z 32\n' "$FERN_BIN" >short/fractrain
printf '#!/bin/bash\necho 7\n' >short/sbatch # slurm.t has a real one
printf '#!/bin/bash\n' >short/squeue
chmod +x short/{fractrain,sbatch,squeue}
PATH=$work/short:$PATH
{
    ifsgen -q -c 4 -n 4 -z 32 | fractrain -q -c 4 -o net.safetensors
    partgen -q -z 64 -k carpet --train 4 --good 1 --defect 1 -o bottle
    partgen -q -z 264 -k carpet --train 1 --good 1 --defect 1 -o boards
    mkdir new mvtec
    # noise: a defect by any threshold
    pam new 64 64 < <(bytes 12288 7) | imgsheet -q -o new/1.png || cp bottle/test/*/000.png new/
    ln -s ../bottle mvtec/bottle
    cp net.safetensors fractal.safetensors
    cp net.safetensors resnet18.safetensors
    cp "$FERN_TESTS/oracle/pth/kinds.pth" resnet18-f37072fd.pth
    ln -s "$FERN_TESTS/../scripts" scripts
} || exit 1

# A camera of ffmpeg's: two good frames, one that is cut, two of noise, two good ones. The relay is a pipe that keeps what it gets.
frame() { imgcat -q -r 0 "$1" | perl -0777 -ne '/ENDHDR\n/ and print "P6\n64 64\n255\n", substr $_, $+[0], 12288'; }
good=$(find bottle/train -name '*.png' | head -n 1)
{ frame "$good" && frame "$good" && frame "$good" | head -c 5000 && frame new/1.png && frame new/1.png && frame "$good" && frame "$good"; } >frames.ppm
printf '#!/bin/bash\nexec cat frames.ppm\n' >short/ffmpeg
chmod +x short/ffmpeg
mkfifo relay
exec 7<>relay
export relay=relay

# mqtt EXAMPLE: run with a local broker, while pictures are dropped into the folder: its alarms arrive
mqtt() {
    local real port=$((20000 + RANDOM % 20000)) pid server reader
    real=$(command -v mosquitto_pub)
    printf '#!/bin/bash\nexec "%s" "$@" -p %d\n' "$real" "$port" >short/mosquitto_pub
    chmod +x short/mosquitto_pub
    mkdir camera
    timeout 100 "$broker" -p "$port" >broker.log 2>&1 &
    server=$!
    within mosquitto_pub -h localhost -t line1/begun -m 1 || return
    timeout 90 mosquitto_sub -h localhost -p "$port" -t line1/alarm >messages 2>&1 &
    reader=$!
    timeout 80 bash -o pipefail "$1" >out 2>err </dev/null &
    pid=$!
    first() { cp "$good" camera/first.png && grep -q '"alarm":0' messages; }
    second() { cp new/1.png camera/second.png && grep -q '"alarm":1' messages; }
    if ! within first || ! within second; then cat err messages; fi
    rm -r camera
    wait $pid
    kill "$server" "$reader"
    grep -q 'camera/: is gone' err && grep -qE '^\{"frame":[0-9]+,"alarm":1,"drift":"[-01]","score":[0-9.]+\}$' messages
}
broker=$(PATH=$PATH:/usr/sbin command -v mosquitto)

for example in $(find . -name 'example.*' | sort -V); do
    what=$(tr -d '\134' <"$example" | tr -s ' \n' ' ' | cut -c 1-90)
    if grep -q pamexec "$example" && ! command -v pamexec >/dev/null; then
        skip "$what" "netpbm's programs are not here"
        continue
    fi
    if grep -q mosquitto_pub "$example"; then
        if [ -n "$broker" ] && command -v mosquitto_pub mosquitto_sub inotifywait >/dev/null; then
            mqtt "$example"
            ok $? "$what"
        else
            skip "$what" "no mosquitto, mosquitto-clients, inotify-tools here"
        fi
        continue
    fi
    bash -o pipefail -e "$example" >out 2>err </dev/null
    status=$?
    # an endless generator ends when nobody reads any more
    [ $status -eq 141 ] && grep -q 'ifsgen .* -e 0' "$example" && status=0
    ok $status "$what"
    [ $status -eq 0 ] || sed 's/^/# /' err
    if grep -q /sys/class/gpio "$example"; then
        echo end >&7
        [ "$(while read -r line && [ "$line" != end ]; do printf %s "$line"; done <&7)" = 0101 ] && grep -q 'skipped: stdin: image 3: the image is cut' err
        ok $? 'the relay: off, on for the second bad frame, off, and on when the camera ends'
    fi
    # pth2st's example had a small file to convert, which is no network
    cp net.safetensors resnet18.safetensors
done
done_testing
