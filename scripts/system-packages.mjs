import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Stop, say } from "./say.mjs";

/**
 * Needs of each purpose: a command that must be there, and the Debian package that brings it. Never listed: other
 * connection managers; they would take over a real host as soon as they are installed.
 */
const needs = {
  build: [
    ["g++", "g++"],
    ["make", "make"],
    ["python3", "python3"],
  ],
  lab: [
    ["ip", "iproute2"],
    ["unshare", "util-linux"],
    ["setpriv", "util-linux"],
    ["dbus-daemon", "dbus"],
    ["dnsmasq", "dnsmasq-base"],
  ],
  test: [
    ["ping", "iputils-ping"],
    ["radvd", "radvd"],
    ["ethtool", "ethtool"],
    ["gdbus", "libglib2.0-bin"],
    ["dbus-send", "dbus-bin"],
    ["dbus-monitor", "dbus-bin"],
    ["busctl", "systemd"],
    ["systemd-analyze", "systemd"],
    ["pkcheck", "polkitd"],
    ["nft", "nftables"],
    ["zsh", "zsh"],
    ["fish", "fish"],
  ],
  vm: [
    ["qemu-system-x86_64", "qemu-system-x86"],
    ["mmdebstrap", "mmdebstrap"],
    ["mkfs.ext4", "e2fsprogs"],
    ["setpriv", "util-linux"],
  ],
};

// Where Debian puts administrators' programs; not in every user's PATH.
process.env.PATH = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

function hasCommand(name) {
  return process.env.PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}

/** Python modules have no command to look for. */
const pythonModules = [
  ["dbus", "python3-dbus"],
  ["gi", "python3-gi"],
];

function hasPythonModule(name) {
  return spawnSync("/usr/bin/python3", ["-c", `import ${name}`], { stdio: "ignore" }).status === 0;
}

function missingPackages(purposes) {
  const wanted = purposes.flatMap((purpose) => needs[purpose]);
  const missing = wanted.filter(([command]) => !hasCommand(command)).map(([, name]) => name);
  const modules = purposes.includes("test") ? pythonModules : [];
  for (const [name, owner] of modules) if (!hasPythonModule(name)) missing.push(owner);
  return [...new Set(missing)];
}

/** Installs missing packages when root on a system with apt; says in one line how to get them otherwise, and stops. */
export function provideSystemPackages(purposes) {
  const missing = missingPackages(purposes);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (!hasCommand("apt-get")) throw new Stop(`missing programs; install what your system calls: ${missing.join(" ")}`);
  if (process.getuid() !== 0) throw new Stop(`missing system packages; run: sudo ${command}`);
  for (const name of missing) say(`set-up: installing system package ${name}`);
  if (!hasPackageLists()) aptGet(["update"]);
  if (!aptGet(["install", "-y", "--no-install-recommends", ...missing], { mayFail: true })) {
    // Lists that are too old name files that are gone.
    aptGet(["update"]);
    aptGet(["install", "-y", "--no-install-recommends", ...missing]);
  }
  const stillMissing = missingPackages(purposes);
  if (stillMissing.length > 0) throw new Stop(`still missing after ${command}: ${stillMissing.join(" ")}`);
}

function hasPackageLists() {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.includes("_Packages"));
  } catch {
    return false;
  }
}

function aptGet(args, { mayFail = false } = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const done = spawnSync("apt-get", ["-q", ...args], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (done.status === 0) return true;
  if (mayFail) return false;
  throw new Stop(`apt-get ${args.join(" ")} failed:\n${(done.stderr || done.stdout || String(done.error)).trim()}`);
}
