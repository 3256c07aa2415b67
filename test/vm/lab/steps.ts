import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lab } from "../../../src/lab/lab.ts";
import { waitOnline } from "../../../src/lab/online.ts";
import { openShell, runInside } from "../../../src/lab/shell.ts";
import { run, startProcess } from "../../../src/lab/world/processes.ts";
import { type AccessPointOptions, startAccessPoint, wpa2 } from "../guest/access-point.ts";
import { patienceMs } from "../guest/patience.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = "/run/lab";
const passphrase = "a long passphrase";

/** Radio 0 is the laptop's own. */
const inTheAir: readonly AccessPointOptions[] = [
  { radio: 1, ssid: "Cafe", channel: 1, subnet: "10.21.0" },
  { radio: 2, ssid: "Home", channel: 6, subnet: "10.22.0", security: wpa2(passphrase) },
];

const greeting = `
A laptop in a virtual machine, with Fairlead's daemon running.
eth0 and eth1 are cables to routers with DHCP servers. wlan0 is a radio; in the
air are "Cafe", open, and "Home", whose passphrase is "${passphrase}".

  fairlead status          fairlead monitor         fairlead why
  unplug eth0              plug eth0                servers off | on
  fairlead scan            fairlead wifi connect Home --ask
  cat ${folder}/fairleadd.log
`;

/**
 * The lab of `npm run lab`, in a guest and with a radio: a shell on the terminal, or the command of the environment.
 */
async function main(): Promise<number> {
  process.env.PATH = `${join(root, "bin")}:${process.env.PATH ?? ""}`;
  const command: readonly string[] = JSON.parse(process.env.VM_LAB_COMMAND ?? "[]");
  mkdirSync(folder);
  const points = await Promise.all(inTheAir.map(startAccessPoint));
  const lab = await Lab.open({ mode: "shell", command, folder, daemon: [join(root, "bin/fairleadd")] });
  const supplicant = startProcess("wpa_supplicant", ["-u", "-t"], { env: lab.environment });
  try {
    if (!(await waitOnline(lab, patienceMs))) return 1;
    if (command.length > 0) return await runInside(lab, command);
    // A console of bytes does not know how large the window at its other end is.
    const { VM_ROWS: rows = "24", VM_COLUMNS: columns = "80" } = process.env;
    run("stty", ["-F", "/dev/hvc0", "rows", rows, "columns", columns]);
    process.stdout.write(greeting);
    return await openShell(lab, folder);
  } finally {
    await lab.close();
    await supplicant.end();
    for (const point of points) await point.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`lab: ${error.stack ?? error.message}\n`);
    process.exit(1);
  },
);
