#!/bin/sh
# After all packages are configured. $1 is the root.
set -eu

# -- kernel modules: an x86 panel's graphics, sound, cameras, storage, wired network, serial lines, TPM and watchdogs; nothing else
cd "$1"/lib/modules/*/kernel
rm -rf net/bluetooth net/mac80211 net/wireless net/atm net/appletalk net/ax25 net/batman-adv net/ceph net/dccp net/ieee802154 \
	net/mac802154 net/mpls net/nfc net/openvswitch net/rds net/rxrpc net/sctp net/smc net/sunrpc net/tipc net/x25 net/9p net/can net/lapb \
	net/llc net/decnet net/l2tp net/phonet net/hsr net/ife net/qrtr net/vmw_vsock net/mptcp net/sched
rm -rf drivers/net/wireless drivers/net/wan drivers/net/can drivers/net/hamradio drivers/net/fddi drivers/net/arcnet drivers/net/ppp \
	drivers/net/ethernet/mellanox drivers/net/ethernet/qlogic drivers/net/ethernet/chelsio drivers/net/ethernet/cavium \
	drivers/net/ethernet/sfc drivers/net/ethernet/netronome drivers/net/ethernet/emulex drivers/net/ethernet/brocade \
	drivers/net/ethernet/amazon drivers/net/ethernet/cisco drivers/net/ethernet/sun drivers/net/ethernet/qualcomm \
	drivers/net/ethernet/google drivers/net/ethernet/microsoft drivers/net/ieee802154 drivers/net/thunderbolt drivers/net/fjes
rm -rf drivers/infiniband drivers/isdn drivers/media/dvb-core drivers/media/dvb-frontends drivers/media/tuners drivers/media/pci \
	drivers/media/radio drivers/media/rc drivers/media/usb/dvb-usb drivers/media/usb/dvb-usb-v2 drivers/media/firewire drivers/media/mmc \
	drivers/media/usb/em28xx drivers/media/usb/cx231xx drivers/media/usb/au0828 drivers/media/usb/tm6000 drivers/media/usb/gspca
rm -rf drivers/scsi/lpfc drivers/scsi/qla2xxx drivers/scsi/qla4xxx drivers/scsi/be2iscsi drivers/scsi/bfa drivers/scsi/bnx2fc \
	drivers/scsi/bnx2i drivers/scsi/cxgbi drivers/scsi/csiostor drivers/scsi/aacraid drivers/scsi/mpt3sas drivers/scsi/mpi3mr \
	drivers/scsi/megaraid drivers/scsi/smartpqi drivers/scsi/fcoe drivers/scsi/libfc drivers/scsi/qedf drivers/scsi/qedi drivers/scsi/pm8001
rm -rf drivers/gpu/drm/nouveau drivers/gpu/drm/radeon drivers/gpu/drm/vmwgfx drivers/gpu/drm/gma500 drivers/gpu/drm/mgag200 \
	drivers/gpu/drm/hyperv drivers/gpu/drm/xen
rm -rf drivers/bluetooth drivers/firewire drivers/pcmcia drivers/parport drivers/staging drivers/comedi drivers/iio drivers/nfc drivers/gnss \
	drivers/message drivers/mtd drivers/target drivers/edac drivers/ntb drivers/vfio drivers/vhost drivers/xen drivers/hv drivers/md/bcache \
	drivers/infiniband drivers/crypto/qat drivers/nvdimm drivers/dax drivers/w1 drivers/memstick drivers/android drivers/accel
rm -rf fs/ocfs2 fs/gfs2 fs/ceph fs/smb fs/cifs fs/nfs fs/nfsd fs/nfs_common fs/lockd fs/xfs fs/btrfs fs/jfs fs/f2fs fs/nilfs2 fs/reiserfs \
	fs/hfs fs/hfsplus fs/ufs fs/udf fs/ntfs fs/ntfs3 fs/afs fs/9p fs/coda fs/dlm fs/orangefs fs/erofs fs/zonefs fs/affs fs/befs fs/bfs \
	fs/efs fs/minix fs/omfs fs/qnx4 fs/qnx6 fs/romfs fs/sysv fs/vboxsf fs/adfs fs/exfat fs/isofs
rm -rf sound/pci/asihpi sound/firewire sound/isa sound/pcmcia arch/x86/kvm virt
chroot "$1" depmod "$(basename "$(dirname "$PWD")")"

# -- what only a system that is installed onto needs
rm -rf "$1"/var/lib/apt "$1"/var/cache/apt "$1"/var/cache/debconf "$1"/var/log/* "$1"/usr/share/doc-base "$1"/usr/lib/systemd/catalog
# -- what Debian's sway asks for and this one doesn't, which has seatd: a daemon that says who may become root
rm -rf "$1"/usr/lib/polkit-1 "$1"/usr/lib/policykit-1 "$1"/usr/libexec/polkit-agent-helper-1 "$1"/usr/share/polkit-1 "$1"/etc/polkit-1 \
	"$1"/usr/bin/pk* "$1"/usr/lib/pam.d/polkit-1 "$1"/usr/lib/sysusers.d/polkitd.conf "$1"/usr/lib/tmpfiles.d/polkitd.conf \
	"$1"/lib/systemd/system/polkit.service "$1"/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service \
	"$1"/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf
sed -i '/^polkitd:/d' "$1"/etc/passwd "$1"/etc/group "$1"/etc/shadow "$1"/etc/gshadow
# -- nobody becomes somebody else: no program here lends its owner's rights
find "$1" -xdev -type f -perm /6000 -exec chmod a-s {} +
# -- what differs from one build to the next and means nothing
rm -f "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/var/cache/ldconfig/aux-cache
: >"$1/etc/machine-id"
