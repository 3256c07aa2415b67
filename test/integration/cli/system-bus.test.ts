import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startDaemonProcess } from "../../harness/daemon.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { type RunResult, tryRun } from "../../harness/processes.ts";
import { type SystemBus, startSystemBus, stockConfig } from "../../harness/system-bus.ts";
import { until } from "../../harness/until.ts";
import { commandLine } from "./support.ts";

requirePrivateNamespace();
const nobody = "65534";

async function systemBus(t: TestContext, isInstalled: boolean): Promise<SystemBus> {
  const bus = await startSystemBus({ isInstalled });
  t.after(() => bus.remove());
  return bus;
}

/** `fairlead` as a user without rights. */
function asNobody(address: string, ...args: string[]): RunResult {
  const words = [...commandLine(), "--bus-address", address, ...args];
  return tryRun("setpriv", [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", ...words]);
}

/** Why this machine cannot show it; undefined: it can. */
function obstacle(): string | undefined {
  if (!existsSync(stockConfig)) return `there is no ${stockConfig}`;
  const lowered = tryRun("setpriv", [
    `--reuid=${nobody}`,
    `--regid=${nobody}`,
    "--clear-groups",
    ...commandLine(),
    "--version",
  ]);
  return lowered.code === 0 ? undefined : `no second user: ${lowered.stderr.trim()}`;
}

test("on a system bus with the policy file every user may look, and only root may change", async (t) => {
  const reason = obstacle();
  if (reason !== undefined) return t.skip(reason);
  const { folder, address } = await systemBus(t, true);
  const folders = ["--bus-address", address, "--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
  const daemon = startDaemonProcess(folders, []);
  t.after(() => daemon.end());
  await until("it answers", () => asNobody(address, "status").code === 0, 15_000);
  assert.match(asNobody(address, "get", "manager", "ConnectionState").stdout, /^idle\n$/);
  const refused = asNobody(address, "set", "manager", "DHCPProperty.Hostname", "mine");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^fairlead: org\.chromium\.flimflam\.Error\.PermissionDenied: /);
  const [command = "", ...program] = commandLine();
  const asRoot = tryRun(command, [
    ...program,
    "--bus-address",
    address,
    "set",
    "manager",
    "DHCPProperty.Hostname",
    "ours",
  ]);
  assert.equal(asRoot.code, 0, asRoot.stderr);
  return undefined;
});

test("without the policy file the daemon ends with 1 and one line that says why", async (t) => {
  const reason = obstacle();
  if (reason !== undefined) return t.skip(reason);
  const { folder, address } = await systemBus(t, false);
  const daemon = startDaemonProcess(
    ["--bus-address", address, "--state-dir", join(folder, "s"), "--run-dir", join(folder, "r")],
    [],
  );
  t.after(() => daemon.end());
  const { code } = await daemon.waitExit(15_000);
  assert.equal(code, 1);
  assert.match(daemon.output(), /^fairleadd: .*org\.chromium\.flimflam.*\n$/);
  return undefined;
});
