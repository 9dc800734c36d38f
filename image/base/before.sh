#!/bin/sh
# Before any package is unpacked. $1 is the new root.
set -eu
# No loader is installed into it, and no initrd made (INITRD=No, too): image/root and image/disk do both.
mkdir -p "$1/etc"
printf 'do_symlinks = no\ndo_bootloader = no\n' >"$1/etc/kernel-img.conf"
