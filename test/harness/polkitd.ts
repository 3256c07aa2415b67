import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requirePrivateNamespace } from "./namespace.ts";
import { type ManagedProcess, run, startProcess, tryRun } from "./processes.ts";
import { installFile } from "./system-bus.ts";
import { until } from "./until.ts";

const program = "/usr/lib/polkit-1/polkitd";
export const isPolkitInstalled = (): boolean => existsSync(program);

export interface Polkitd {
  readonly process: ManagedProcess;
  /** JavaScript for a rule that goes before ours; polkitd reads it at once. Resolves when it is in force. */
  addRule(text: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The real polkitd with the policy and the rule we ship, in the mount namespace of the test: the machine's own rules
 * are not seen, and nothing is written outside.
 */
export async function startPolkitd(address: string): Promise<Polkitd> {
  requirePrivateNamespace();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-polkit-"));
  const actions = join(folder, "actions");
  cpSync("/usr/share/polkit-1/actions", actions, { recursive: true });
  copyFileSync(installFile("org.fairlead.policy"), join(actions, "org.fairlead.policy"));
  for (const name of ["share", "etc"]) mkdirSync(join(folder, name));
  copyFileSync(installFile("org.fairlead.rules"), join(folder, "share/50-fairlead.rules"));
  run("chmod", ["-R", "a+rX", folder]);
  const mounts = [
    [actions, "/usr/share/polkit-1/actions"],
    [join(folder, "share"), "/usr/share/polkit-1/rules.d"],
    [join(folder, "etc"), "/etc/polkit-1/rules.d"],
  ] as const;
  for (const [from, onto] of mounts) run("mount", ["--bind", from, onto]);
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address };
  const daemon = startProcess(program, [], { env, name: "polkitd" });
  await daemon.untilOutput(/Acquired the name|Finished loading/);
  const owner = () =>
    tryRun(
      "gdbus",
      ["call", "--address", address, "-d", "org.freedesktop.DBus", "-o", "/org/freedesktop/DBus"].concat([
        "-m",
        "org.freedesktop.DBus.GetNameOwner",
        "org.freedesktop.PolicyKit1",
      ]),
    ).code === 0;
  await until("polkitd owns its name", owner);
  let rules = 0;
  return {
    process: daemon,
    addRule: async (text) => {
      const loaded = () => daemon.output().split("Finished loading").length;
      const before = loaded();
      writeFileSync(join(folder, `etc/${10 + rules++}-test.rules`), text);
      await until("polkitd has read the rule", () => loaded() > before);
    },
    remove: async () => {
      await daemon.end();
      for (const [, onto] of mounts) tryRun("umount", [onto]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
