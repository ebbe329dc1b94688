#!/bin/sh
# Takes the images into the containerd of k3s, on a machine without internet: sudo ./install-images.sh
set -eu
cd "$(dirname "$0")"
case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "error: there are no images for $(uname -m), only for x86_64 and aarch64" >&2; exit 2 ;;
esac
set -- mcapp-images-*-"$arch".tar
[ -f "$1" ] || { echo "error: mcapp-images-VERSION-$arch.tar is not in $PWD; download it beside this script" >&2; exit 2; }
grep " $1\$" SHA256SUMS | sha256sum --check --quiet || { echo "error: $1 is damaged; download it again" >&2; exit 1; }
# From this folder k3s takes them again at each start.
install -D -m 644 "$1" "/var/lib/rancher/k3s/agent/images/$1"
exec k3s ctr images import "$1"
