import { join } from "node:path";
import { imageFiles } from "../image/build.ts";

/** Ports of the guest that are files on the host, by their names. */
export const ports = ["output", "status", "results", "evidence"] as const;

/**
 * The guest waits at this one for the word to begin. It is in NAME.in; qemu opens NAME.out, too, and writes nothing
 * there.
 */
export const startPortName = "start";

export interface Machine {
  readonly image: string;
  /** Holds one file per port, `console`, and the folder `job`. */
  readonly folder: string;
  readonly project: string;
  /** The first program after the initial RAM disk. */
  readonly init: string;
  readonly limitSeconds: number;
  /** Whether a terminal of the guest is this process's own. */
  readonly hasTerminal?: boolean;
  /** Where QMP is spoken. Default: nowhere. */
  readonly control?: string;
}

/** Emulation needs help where there is no better; the state of a saved machine is for this one. */
export const defaultAccelerator = "tcg,thread=multi";
export const accelerator = (): string => process.env.VM_ACCEL ?? defaultAccelerator;

const kernelArguments = [
  "console=ttyS0",
  "quiet",
  "panic=-1",
  // Each of these saves an emulated processor work that protects nothing here.
  "nokaslr",
  "mitigations=off",
  "no5lvl",
  // Reading the time from any other clock is a call of the emulator, and Node reads it all the time.
  "tsc=reliable",
  "clocksource=tsc",
  "random.trust_cpu=on",
  "cryptomgr.notests",
  "systemd.unit=vm-job.target",
  "systemd.show_status=no",
];

/**
 * Without the widest vectors, which programs choose where they can, and without protections that are of no use here:
 * both are dear to emulate.
 */
const processor = "max,avx2=off,avx=off,la57=off,smap=off,smep=off,pku=off";

/**
 * The whole command line. It ends after the limit, and at once when its parent ends in any way: the kernel kills
 * timeout with its parent, and qemu with timeout. There is no network card: nothing leads outside. `savedState`: the
 * descriptor that the state of a saved machine is read from, which then goes on in place of a boot.
 */
export function commandLine(machine: Machine, savedState?: number): [string, ...string[]] {
  const { image, folder, project, init, limitSeconds, hasTerminal = false, control } = machine;
  const dieWithParent = ["setpriv", "--pdeathsig", "KILL"];
  const inTime = ["timeout", "--foreground", "--signal=KILL", String(limitSeconds)];
  const disk = join(image, imageFiles.disk);
  return [
    "setpriv",
    ...dieWithParent.slice(1),
    ...inTime,
    ...dieWithParent,
    "qemu-system-x86_64",
    ...["-accel", accelerator(), "-cpu", processor, "-smp", "1", "-m", "1024", "-M", "q35"],
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none"],
    ...["-kernel", join(image, imageFiles.kernel), "-initrd", join(image, imageFiles.initrd)],
    ...["-append", [...kernelArguments, `vminit=${init}`].join(" ")],
    ...["-serial", `file:${join(folder, "console")}`],
    ...[
      "-drive",
      `file=${escaped(disk)},format=raw,if=none,id=disk,readonly=on`,
      "-device",
      "virtio-blk-pci,drive=disk",
    ],
    ...["-device", "virtio-serial-pci"],
    ...ports.flatMap((name) => filePort(name, join(folder, name))),
    ...["-chardev", `pipe,id=start,path=${escaped(join(folder, startPortName))}`],
    ...["-device", "virtserialport,chardev=start,name=start"],
    ...sharedFolder("job", join(folder, "job")),
    ...sharedFolder("project", project),
    ...["-chardev", hasTerminal ? "stdio,id=terminal,signal=off" : "null,id=terminal"],
    ...["-device", "virtconsole,chardev=terminal,name=terminal"],
    // A machine that was stopped to be saved would otherwise be stopped when it goes on, too.
    ...["-global", "migration.store-global-state=off"],
    ...(control === undefined ? [] : ["-qmp", `unix:${escaped(control)},server=on,wait=off`]),
    ...(savedState === undefined ? [] : ["-incoming", `fd:${savedState}`]),
  ];
}

/** A file takes all that the guest writes; a pipe without a reader would stop it. */
const filePort = (name: string, path: string) => [
  ...["-chardev", `file,id=${name},path=${escaped(path)}`],
  ...["-device", `virtserialport,chardev=${name},name=${name}`],
];

const sharedFolder = (tag: string, path: string) => [
  "-virtfs",
  `local,path=${escaped(path)},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`,
];

/** A comma ends a value in qemu's options. */
const escaped = (path: string) => path.replaceAll(",", ",,");
