import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { hostAcquireOptions, hostSources } from "./apt-sources.ts";
import {
  bootModules,
  kernelPackage,
  maskedUnits,
  packages,
  preloaded,
  preloadedFile,
  testModules,
  users,
} from "./contents.ts";
import { compressedKernel } from "./vmlinux.ts";

/** Files of a ready image, in its folder. */
export const imageFiles = { kernel: "kernel", initrd: "initrd", disk: "disk.ext4" } as const;

/** Fetching from a slow archive included; more is a fault, and whoever waits wants to hear of it. */
const stepLimitMs = 600_000;

/** Fills `folder` with kernel, initial RAM disk and disk. Needs root. Throws with the output of the step that failed. */
export function buildImage(folder: string, release: string): void {
  const root = join(folder, "root");
  installPackages(root, folder, release);
  const kernel = takeKernel(root, folder);
  makeInitrd(root, folder, kernel.version, kernel.bootOrder);
  configure(root);
  makeDisk(root, folder);
  rmSync(root, { recursive: true, force: true });
}

function installPackages(root: string, folder: string, release: string): void {
  const sources = join(folder, "debian.sources");
  writeFileSync(sources, hostSources(release));
  const options = join(folder, "apt.conf");
  writeFileSync(options, hostAcquireOptions());
  const leftOut = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"];
  step("mmdebstrap", [
    "--quiet",
    "--mode=root",
    "--variant=apt",
    "--format=directory",
    `--aptopt=${options}`,
    `--include=${Object.values(packages).flat().join(",")}`,
    ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--customize-hook=${join(import.meta.dirname, "fetch-kernel.sh")} "$1"`,
    release,
    root,
    sources,
  ]);
}

interface Kernel {
  readonly version: string;
  /** Files of the modules for the initial RAM disk, in the order of insertion, relative to their folder. */
  readonly bootOrder: readonly string[];
}

/** The kernel goes beside the disk, of its modules only the wanted ones into the guest. */
function takeKernel(root: string, folder: string): Kernel {
  const unpacked = join(root, "kernel");
  const [version = ""] = readdirSync(join(unpacked, "lib/modules"));
  const image = join(unpacked, "boot", `vmlinuz-${version}`);
  writeKernel(readFileSync(image), image, root, join(folder, imageFiles.kernel));
  inside(root, "depmod", ["-b", "/kernel", version]);
  const bootOrder = moduleFiles(root, version, bootModules);
  for (const file of [...bootOrder, ...moduleFiles(root, version, Object.values(testModules).flat())]) {
    copyInto(join(unpacked, "lib/modules", version), join(root, "usr/lib/modules", version), file);
  }
  for (const list of ["modules.builtin", "modules.order", "modules.builtin.modinfo"]) {
    copyInto(join(unpacked, "lib/modules", version), join(root, "usr/lib/modules", version), list);
  }
  inside(root, "depmod", [version]);
  rmSync(unpacked, { recursive: true });
  return { version, bootOrder };
}

function writeKernel(image: Buffer, imagePath: string, root: string, to: string): void {
  const payload = compressedKernel(image);
  if (payload === undefined) {
    copyFileSync(imagePath, to);
    return;
  }
  const options = { input: payload, maxBuffer: 256 * 1024 * 1024 };
  // After the stream comes its size, which is no part of it.
  writeFileSync(to, execFileSync("chroot", [root, "xz", "--decompress", "--single-stream", "--stdout"], options));
}

/** What `modprobe` would insert for these, in its order. */
function moduleFiles(root: string, version: string, modules: readonly string[]): string[] {
  const args = ["--show-depends", "--ignore-install", "-d", "/kernel", "-S", version, "-a", ...modules];
  const lines = inside(root, "modprobe", args).split("\n");
  const paths = lines.map((line) => /^insmod \/kernel\/lib\/modules\/[^/]+\/(\S+)/.exec(line)?.[1]);
  return [...new Set(paths.filter((path) => path !== undefined))];
}

function copyInto(from: string, to: string, file: string): void {
  mkdirSync(dirname(join(to, file)), { recursive: true });
  copyFileSync(join(from, file), join(to, file));
}

/** An uncompressed archive: reading a few megabytes costs an emulated processor less than decompressing them. */
function makeInitrd(root: string, folder: string, version: string, order: readonly string[]): void {
  const tree = join(root, "initrd");
  mkdirSync(join(tree, "bin"), { recursive: true });
  mkdirSync(join(tree, "modules"));
  copyFileSync(join(root, "bin/busybox"), join(tree, "bin/busybox"));
  copyFileSync(join(import.meta.dirname, "initrd-init"), join(tree, "init"));
  chmodSync(join(tree, "init"), 0o755);
  for (const file of order) {
    copyFileSync(join(root, "usr/lib/modules", version, file), join(tree, "modules", basename(file)));
  }
  writeFileSync(join(tree, "modules/order"), order.map((file) => `${basename(file)}\n`).join(""));
  const pack = "cd /initrd && find . | cpio --quiet --create --format=newc > /initrd.cpio";
  inside(root, "sh", ["-c", pack]);
  copyFileSync(join(root, "initrd.cpio"), join(folder, imageFiles.initrd));
  rmSync(join(root, "initrd.cpio"));
  rmSync(tree, { recursive: true });
}

function configure(root: string): void {
  cpSync(join(import.meta.dirname, "rootfs"), root, { recursive: true });
  for (const unit of maskedUnits) mask(join(root, "etc/systemd/system", unit));
  // They look at disks, consoles, desktops and old init scripts, which this machine has not, for a second.
  for (const kind of ["system-generators", "user-generators", "user-environment-generators"]) {
    for (const generator of readdirSync(join(root, "usr/lib/systemd", kind))) {
      mask(join(root, "etc/systemd", kind, generator));
    }
  }
  for (const name of users) inside(root, "useradd", ["--create-home", "--shell", "/bin/bash", name]);
  writeFileSync(join(root, "etc/hostname"), "guest\n");
  writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost guest\n::1 localhost\n");
  // Without it systemd takes each boot for the first one and sets itself up again.
  writeFileSync(join(root, "etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
  copyFileSync(process.execPath, join(root, "usr/bin/node"));
  chmodSync(join(root, "usr/bin/node"), 0o755);
  bundlePreloaded(join(root, preloadedFile));
}

function bundlePreloaded(outfile: string): void {
  const entries = preloaded.map((name) => `${JSON.stringify(name)}: require(${JSON.stringify(name)}),\n`);
  buildSync({
    stdin: { contents: `module.exports = {\n${entries.join("")}};`, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    // x11: dbus-next looks for it only where a display is set.
    external: ["*.node", "x11"],
    logLevel: "warning",
  });
}

function mask(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync("/dev/null", path);
}

/** Read-only in use, so neither a journal nor room to grow. */
function makeDisk(root: string, folder: string): void {
  for (const name of ["var/cache/apt", "var/lib/apt/lists"]) rmSync(join(root, name), { recursive: true, force: true });
  const [kibibytes = "0"] = execFileSync("du", ["--summarize", "--block-size=1024", root], { encoding: "utf8" }).split(
    "\t",
  );
  const size = `${Math.ceil(Number(kibibytes) * 1.1) + 16 * 1024}K`;
  const disk = join(folder, imageFiles.disk);
  step("mkfs.ext4", ["-q", "-F", "-O", "^has_journal", "-m", "0", "-N", "40000", "-d", root, disk, size]);
  if (!existsSync(disk)) throw new Error("mkfs.ext4 made no disk");
}

const inside = (root: string, command: string, args: readonly string[]): string =>
  step("chroot", [root, command, ...args]);

function step(command: string, args: readonly string[]): string {
  const env = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    LC_ALL: "C.UTF-8",
    DEBIAN_FRONTEND: "noninteractive",
    VM_KERNEL_PACKAGE: kernelPackage,
  };
  const options = { env: { ...process.env, ...env }, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  // timeout(1) takes the children along.
  const limited = ["--kill-after=10", String(stepLimitMs / 1000), command, ...args];
  const done = spawnSync("timeout", limited, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  if (done.status === 0) return done.stdout;
  const why =
    done.status === 124 ? `did not end within ${stepLimitMs / 1000} s` : `ended with ${done.status ?? done.signal}`;
  throw new Error(`${command} ${why}:\n${(done.stderr || done.stdout || String(done.error)).trim().slice(-4000)}`);
}
