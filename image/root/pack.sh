#!/bin/sh
# Packs the root, $root, into the file $1; the rest are options of mksquashfs.
set -eu
image=$1
shift
chroot "$root" systemctl enable -q incamera-agent incamera-restart.path

# GStreamer looks through all plugins when it is first loaded; here it does, and writes down what it saw. The register is good as long as
# the plugins' dates are, which will be those of all files.
touch -hd "@$SOURCE_DATE_EPOCH" "$root"/usr/lib/x86_64-linux-gnu/gstreamer-1.0 "$root"/usr/lib/x86_64-linux-gnu/gstreamer-1.0/*
load='process.dlopen({ exports: {} }, "/usr/lib/incamera/build/native/release/incamera_gst.node")'
chroot "$root" env -i HOME=/tmp GST_REGISTRY=/usr/lib/incamera/gstreamer-registry.bin /usr/lib/incamera/node -e "$load"
chmod 644 "$root/usr/lib/incamera/gstreamer-registry.bin"

umount -l "$root/dev" "$root/proc" "$root/tmp"
# it refuses to be told twice
unset SOURCE_DATE_EPOCH
mksquashfs "$root" "$image" "$@" -comp zstd -Xcompression-level "$level" -b 256K
