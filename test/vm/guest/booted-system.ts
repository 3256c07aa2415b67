import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DaemonClient } from "../../harness/daemon-client.ts";
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

/** Output of a program for a user of the guest. */
export const as = (user: string, command: string, ...args: string[]): RunResult =>
  tryRun("runuser", ["--user", user, "--", command, ...args]);

const busName = "org.chromium.flimflam";
/** A call of the Manager by a person of the guest, with busctl's words for arguments. */
export const asksManager = (user: string, method: string, ...args: string[]): RunResult =>
  as(user, "busctl", "--system", "--timeout=60", "call", busName, "/", `${busName}.Manager`, method, ...args);

/** The command failed, and said why. */
export function assertRefused({ code, stderr }: RunResult, why: RegExp): void {
  assert.notEqual(code, 0);
  assert.match(stderr, why);
}

/** logind's own list of inhibitors: whether we delay sleep. */
export async function isInhibited({ client }: DaemonClient): Promise<boolean> {
  const [name, path] = ["org.freedesktop.login1", "/org/freedesktop/login1"];
  const [inhibitors] = await client.call(name, path, `${name}.Manager`, "ListInhibitors");
  return (inhibitors as string[][]).some(
    ([what, who, , mode]) => who === "Fairlead" && what === "sleep" && mode === "delay",
  );
}
