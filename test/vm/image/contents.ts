/**
 * What the guest consists of, all of it from Debian. Versions are those of the host's own release, so that programs and
 * addons built on the host run in the guest.
 */

/** Packages with what they pull in; documentation is left out. By what they are for. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  system: [
    "systemd",
    "systemd-sysv",
    "udev",
    "dbus",
    "dbus-bin",
    "systemd-resolved",
    "kmod",
    "util-linux",
    "mount",
    "procps",
    "busybox-static",
  ],
  sessions: ["libpam-systemd", "polkitd", "passwd", "login"],
  // Only the builder calls these, by chroot, so that the host need not have them.
  builder: ["cpio", "xz-utils"],
  wired: ["iproute2", "iputils-ping", "ethtool", "dnsmasq-base", "radvd", "isc-dhcp-server", "nftables", "tcpdump"],
  radio: ["iw", "rfkill", "wireless-regdb", "wpasupplicant", "hostapd", "openssl"],
  tunnels: ["ppp", "pppoe", "wireguard-tools", "openvpn"],
  // Scenarios that need one start it themselves; its unit is masked below.
  otherManagers: ["network-manager"],
  programs: ["libstdc++6", "libglib2.0-bin", "python3-minimal", "python3-dbus"],
};

/** The kernel for real machines; the one for clouds has no simulated radios, no PPP and no 9p. */
export const kernelPackage = "linux-image-amd64";

/** What the kernel needs to reach its root file system and the host's folders, in the initial RAM disk. */
export const bootModules = [
  "virtio_pci",
  "virtio_blk",
  "virtio_console",
  "9pnet_virtio",
  "9p",
  "ext4",
  "overlay",
] as const;

/** Modules that scenarios may ask for; what they depend on comes along. */
export const testModules: Readonly<Record<string, readonly string[]>> = {
  // The ciphers are asked for by name when a key is set; no module depends on them.
  radio: ["mac80211_hwsim", "rfkill", "aes_generic", "ctr", "cbc", "ccm", "gcm", "ghash_generic", "cmac", "ecb"],
  stacked: ["bonding", "team", "team_mode_activebackup", "8021q", "bridge", "vrf", "macvlan", "macvtap", "ipvlan"],
  virtual: ["veth", "dummy", "ifb", "tun", "nlmon", "vcan", "xfrm_interface"],
  tunnels: [
    "wireguard",
    "vxlan",
    "geneve",
    "ipip",
    "sit",
    "ip_gre",
    "ip6_gre",
    "ip6_tunnel",
    "ip_vti",
    "l2tp_ip",
    "l2tp_eth",
    "l2tp_ppp",
  ],
  ppp: ["ppp_generic", "ppp_async", "ppp_synctty", "ppp_deflate", "bsd_comp", "ppp_mppe", "pppoe", "pppox"],
  filter: ["nf_tables", "nft_ct", "nft_nat", "nft_masq", "nft_chain_nat", "nft_reject_inet", "nf_conntrack"],
  traffic: ["sch_netem", "sch_tbf", "sch_fq_codel", "sch_ingress", "cls_u32", "cls_flower", "act_police", "act_mirred"],
};

/** Units that a guest of a few seconds has no use for; each would cost its share of an emulated processor. */
export const maskedUnits = [
  "NetworkManager.service",
  "NetworkManager-dispatcher.service",
  "NetworkManager-wait-online.service",
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dev-hugepages.mount",
  "dev-mqueue.mount",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty@tty1.service",
  "getty.target",
  "hostapd.service",
  "isc-dhcp-server.service",
  "kmod-static-nodes.service",
  "ldconfig.service",
  "modprobe@configfs.service",
  "modprobe@dm_mod.service",
  "modprobe@drm.service",
  "modprobe@efi_pstore.service",
  "modprobe@fuse.service",
  "modprobe@loop.service",
  "networking.service",
  "nftables.service",
  "openvpn.service",
  "proc-sys-fs-binfmt_misc.automount",
  "radvd.service",
  "serial-getty@ttyS0.service",
  "sys-fs-fuse-connections.mount",
  "sys-kernel-config.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-binfmt.service",
  "systemd-boot-update.service",
  "systemd-firstboot.service",
  "systemd-hwdb-update.service",
  "systemd-journal-catalog-update.service",
  "systemd-journal-flush.service",
  "systemd-machine-id-commit.service",
  "systemd-modules-load.service",
  "systemd-network-generator.service",
  "systemd-networkd.service",
  "systemd-networkd.socket",
  "systemd-pcrphase.service",
  "systemd-pcrphase-sysinit.service",
  "systemd-pstore.service",
  "systemd-random-seed.service",
  "systemd-remount-fs.service",
  "systemd-resolved.service",
  "systemd-sysusers.service",
  "systemd-timesyncd.service",
  "systemd-udev-settle.service",
  "systemd-update-done.service",
  "systemd-update-utmp.service",
  "systemd-update-utmp-runlevel.service",
  "wpa_supplicant.service",
] as const;

/** People of the guest, for logins and for who may do what. Each has a home; nobody has a password. */
export const users = ["alice", "bob"] as const;

/**
 * Packages of the project that the steps of nearly all jobs load, by the names they are imported by. The guest has them
 * in one file that is loaded before the machine is saved: loading them takes an emulated processor two seconds.
 */
export const preloaded = [
  "dbus-next",
  "dbus-next/lib/constants.js",
  "dbus-next/lib/message-type.js",
  "dbus-next/lib/validators.js",
] as const;
export const preloadedFile = "/usr/lib/fairlead-vm/preloaded.cjs";
