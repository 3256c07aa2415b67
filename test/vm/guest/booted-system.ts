import { copyFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type RunResult, run, tryRun } from "../../harness/processes.ts";
import { installFile } from "../../harness/system-bus.ts";

/** Where an installation puts the files of docs/install that a daemon on the system bus needs. */
const places = {
  "org.chromium.flimflam.conf": "/usr/share/dbus-1/system.d/org.chromium.flimflam.conf",
  "org.fairlead.policy": "/usr/share/polkit-1/actions/org.fairlead.policy",
  "org.fairlead.rules": "/usr/share/polkit-1/rules.d/org.fairlead.rules",
} as const;

/** Puts the policies of bus and polkit in place, and has both read them. */
export function installPolicies(): void {
  for (const [name, place] of Object.entries(places)) {
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(installFile(name), place);
  }
  run("systemctl", ["reload", "dbus.service"]);
  tryRun("systemctl", ["try-restart", "polkit.service"]);
}

/** The guest's own system bus. */
export const systemBus = { busAddress: "unix:path=/run/dbus/system_bus_socket" } as const;

/** What a person of the guest gets from a program. */
export const as = (user: string, command: string, ...args: string[]): RunResult =>
  tryRun("runuser", ["--user", user, "--", command, ...args]);
