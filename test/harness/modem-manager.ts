import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { requirePrivateNamespace } from "./namespace.ts";
import { type ManagedProcess, run, startProcess } from "./processes.ts";
import { until } from "./until.ts";

const program = "/usr/sbin/ModemManager";
const modem = fileURLToPath(new URL("../fakes/serial-modem.py", import.meta.url));
/** Why tests with the real one cannot run here; the set-up does not bring it, as it would look for modems on a host. */
export const noModemManager = existsSync(program) ? undefined : "ModemManager is not installed (package modemmanager)";

export interface RealModemManager {
  /** test/fakes/serial-modem.py, which prints the commands that it was asked. */
  readonly modem: ManagedProcess;
  readonly daemon: ManagedProcess;
}

/** The real ModemManager on a bus, with one modem behind a socket instead of a serial port; it looks for no other. */
export async function startModemManager(address: string, port: string, pin?: string): Promise<RealModemManager> {
  requirePrivateNamespace();
  const simulated = startProcess("/usr/bin/python3", ["-u", modem, port, ...(pin === undefined ? [] : [pin])]);
  await simulated.untilOutput(/^ready$/m, 15_000);
  const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: address, DBUS_SYSTEM_BUS_ADDRESS: address };
  const flags = ["session", "no-udev", "enable", "no-suspend-resume", "no-qrtr"].map((flag) => `--test-${flag}`);
  const daemon = startProcess(program, flags, { env, name: "ModemManager" });
  const call = (...args: string[]) => run("gdbus", ["call", "--address", address, ...args]);
  const bus = ["-d", "org.freedesktop.DBus", "-o", "/org/freedesktop/DBus", "-m", "org.freedesktop.DBus.ListNames"];
  await until("ModemManager owns its name", () => call(...bus).includes("'org.freedesktop.ModemManager1'"));
  const manager = ["-d", "org.freedesktop.ModemManager1", "-o", "/org/freedesktop/ModemManager1"];
  const setProfile = "org.freedesktop.ModemManager1.Test.SetProfile";
  call(...manager, "-m", setProfile, "simulated", "generic", `['abstract:${port}']`);
  return { modem: simulated, daemon };
}
