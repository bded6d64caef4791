#!/bin/bash
# Every example of fern.7 is run as it stands on the page, in a folder that has what it names: bottle, net.safetensors, new/*.png.
# What takes long is made short by what it is run with, never by changing its text: small sets, and a fractrain that takes one step.
# shellcheck source=tests/lib.sh
. "$FERN_TESTS/lib.sh"
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
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
chmod +x short/fractrain
PATH=$work/short:$PATH
{
    ifsgen -q -c 4 -n 4 -z 32 | fractrain -q -c 4 -o net.safetensors
    partgen -q -z 64 -k carpet --train 4 --good 1 --defect 1 -o bottle
    mkdir new mvtec
    # noise: a defect by any threshold
    pam new 64 64 < <(bytes 12288 7) | imgsheet -q -o new/1.png || cp bottle/test/*/000.png new/
    ln -s ../bottle mvtec/bottle
    cp net.safetensors fractal.safetensors
    cp net.safetensors resnet18.safetensors
    cp "$FERN_TESTS/oracle/pth/kinds.pth" resnet18-f37072fd.pth
    ln -s "$FERN_TESTS/../scripts" scripts
} || exit 1

for example in $(find . -name 'example.*' | sort -V); do
    what=$(tr -d '\134' <"$example" | tr -s ' \n' ' ' | cut -c 1-90)
    if grep -q pamexec "$example" && ! command -v pamexec >/dev/null; then
        skip "$what" "netpbm's programs are not here"
        continue
    fi
    bash -o pipefail -e "$example" >out 2>err </dev/null
    status=$?
    # an endless generator ends when nobody reads any more
    [ $status -eq 141 ] && grep -q 'ifsgen .* -e 0' "$example" && status=0
    ok $status "$what"
    [ $status -eq 0 ] || sed 's/^/# /' err
    # pth2st's example had a small file to convert, which is no network
    cp net.safetensors resnet18.safetensors
done
done_testing
