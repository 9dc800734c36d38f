#!/bin/sh
# Finishes a root, $root, in which /dev, /proc and /tmp are mounted: what can only be done by programs of the image itself.
set -eu

# -- start image's initrd, with our hook for the verified root
kernel=$(ls "$root/lib/modules")
rm -f "$root"/boot/initrd.img*
chroot "$root" update-initramfs -c -k "$kernel"

# -- accounts of ours (usr/lib/sysusers.d), without a password: no account has one, and root's is locked
chroot "$root" systemd-sysusers incamera.conf
chroot "$root" passwd -q -l root || chroot "$root" usermod -L root
sed -i 's/^\([^:]*\):[^:]*:[0-9]*:/\1:!*:20454:/' "$root/etc/shadow"
rm -f "$root"/etc/*- "$root/etc/.pwd.lock"

# -- what starts
chroot "$root" systemctl set-default -q graphical.target
chroot "$root" systemctl enable -q systemd-networkd systemd-resolved systemd-timesyncd nftables incamera-setup incamera-recovery incamera-room \
	incamera-kiosk incamera-health incamera-reset.path incamera-support.path tmp.mount
# -- what must not: consoles, shells for emergencies, everything that would change a root that can't be changed
for unit in getty.target getty@tty1.service serial-getty@.service console-getty.service autovt@.service debug-shell.service ctrl-alt-del.target \
	systemd-journal-flush.service systemd-update-utmp.service systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer \
	dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer systemd-firstboot.service \
	systemd-machine-id-commit.service systemd-hwdb-update.service ldconfig.service alsa-restore.service alsa-state.service rauc-mark-good.service \
	systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-pcrphase-initrd.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
ln -sf /run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"

# -- places of partitions
mkdir -p "$root/efi"

# -- sizes: what only a desktop reads
rm -rf "$root"/usr/share/icons/Adwaita "$root"/usr/share/sounds "$root"/usr/share/gtk-doc "$root"/usr/share/bash-completion \
	"$root"/usr/share/zsh "$root"/usr/share/pixmaps "$root"/usr/share/common-licenses.d "$root"/usr/lib/grub/i386* \
	"$root"/usr/share/perl5/Debconf "$root"/usr/share/sounds

# -- the font cache, made for the browser's first start. It is good as long as the fonts' dates are, which will be those of all files.
find "$root/usr/share/fonts" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$root/usr/share/fontconfig/cache"
chroot "$root" fc-cache -s

# -- /var is the data partition: nothing of it is in the image but what Debian has installed, for whoever asks
cp "$root/var/lib/dpkg/status" "$root/usr/lib/incamera/packages.status"
rm -rf "$root/var"
mkdir "$root/var"
