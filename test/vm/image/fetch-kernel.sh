#!/bin/sh
# A hook of mmdebstrap: fetch-kernel.sh ROOT. Unpacks the kernel that $VM_KERNEL_PACKAGE stands for, with its modules,
# into ROOT/kernel. Not installed: its scripts would build an initial RAM disk that nobody wants.
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends "$VM_KERNEL_PACKAGE" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$package" ] || { echo "no kernel stands behind $VM_KERNEL_PACKAGE" >&2; exit 1; }
mkdir "$1/kernel"
chmod 0777 "$1/kernel"
cd "$1/kernel"
apt-get -q download "$package"
dpkg-deb -x "$package"_*.deb "$1/kernel"
rm "$package"_*.deb
