import { join } from "node:path";
import { imageFiles } from "../image/build.ts";

/** Ports of the guest that are files on the host, by their names. */
export const ports = ["output", "status", "results", "evidence"] as const;

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
}

const kernelArguments = [
  "console=ttyS0",
  "quiet",
  "panic=-1",
  // Each of these saves an emulated processor work that protects nothing here.
  "nokaslr",
  "mitigations=off",
  "random.trust_cpu=on",
  "cryptomgr.notests",
  "systemd.unit=vm-job.target",
  "systemd.show_status=no",
];

/**
 * The whole command line. It ends after the limit, and at once when whoever started it ends, however that ends: the
 * kernel kills timeout with its parent, and qemu with timeout. There is no network card: nothing leads outside.
 */
export function commandLine(machine: Machine): [string, ...string[]] {
  const { image, folder, project, init, limitSeconds, hasTerminal = false } = machine;
  const dieWithParent = ["setpriv", "--pdeathsig", "KILL"];
  const inTime = ["timeout", "--foreground", "--signal=KILL", String(limitSeconds)];
  const disk = join(image, imageFiles.disk);
  return [
    "setpriv",
    ...dieWithParent.slice(1),
    ...inTime,
    ...dieWithParent,
    "qemu-system-x86_64",
    ...["-accel", process.env.VM_ACCEL ?? "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-M", "q35"],
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
    ...sharedFolder("job", join(folder, "job")),
    ...sharedFolder("project", project),
    ...(hasTerminal ? ["-chardev", "stdio,id=terminal,signal=off", "-device", "virtconsole,chardev=terminal"] : []),
  ];
}

/** A file takes whatever the guest writes; a pipe that nobody reads would stop it. */
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
