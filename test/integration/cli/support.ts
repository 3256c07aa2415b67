import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type DaemonOptions, TestDaemon } from "../../harness/daemon.ts";
import { startDhcpServer } from "../../harness/dhcp-server.ts";
import { addCable, addPeer, type Cable } from "../../harness/namespace.ts";
import { type ManagedProcess, type RunResult, startProcess, tryRun } from "../../harness/processes.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The built program; with FAIRLEAD_TEST_FROM_SOURCE=1 its source. */
export function commandLine(): readonly string[] {
  if (process.env.FAIRLEAD_TEST_FROM_SOURCE === "1") {
    return [process.execPath, "--import", import.meta.resolve("tsx"), join(root, "src/cli/main.ts")];
  }
  if (!existsSync(join(root, "dist/fairlead.cjs"))) {
    throw new Error("fairlead is not built: run `npm run build`, or set FAIRLEAD_TEST_FROM_SOURCE=1");
  }
  return [join(root, "bin/fairlead")];
}

/** Runs `fairlead ARGS` on the bus of the daemon, as from a script. */
export function fairlead(daemon: TestDaemon, ...args: string[]): RunResult {
  const [command = "", ...program] = commandLine();
  return tryRun(command, [...program, "--bus-address", daemon.bus.address, ...args]);
}
/** Standard output of a run that must end with 0. */
export function output(daemon: TestDaemon, ...args: string[]): string {
  const { code, stdout, stderr } = fairlead(daemon, ...args);
  if (code !== 0) throw new Error(`fairlead ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
export const json = (daemon: TestDaemon, ...args: string[]): Record<string, unknown> =>
  JSON.parse(output(daemon, ...args, "--json")) as Record<string, unknown>;

/** `fairlead ARGS` in the background; ended with the test. */
export function startFairlead(t: TestContext, daemon: TestDaemon, ...args: string[]): ManagedProcess {
  const [command = "", ...program] = commandLine();
  const started = startProcess(command, [...program, "--bus-address", daemon.bus.address, ...args], {
    name: "fairlead",
  });
  t.after(() => started.end());
  return started;
}

/** Shown when the test fails. */
export async function startDaemon(t: TestContext, options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await TestDaemon.start(options);
  t.after(async () => {
    const { passed } = t as TestContext & { readonly passed?: boolean };
    if (!passed) t.diagnostic(daemon.log().slice(-4000));
    await daemon.remove();
  });
  return daemon;
}

/** A cable to a router with a DHCP server: router `10.1.<number>.1`, name server `.53`, leases from `.100`. */
export async function addLan(t: TestContext, link: string, number: number, plugged = true): Promise<Cable> {
  const net = `10.1.${number}`;
  const peer = addPeer(`router${number}`);
  t.after(() => peer.remove());
  const cable = addCable(link, peer, { peerLink: "lan", address: `${net}.1/24`, plugged });
  t.after(() => cable.remove());
  const server = await startDhcpServer(peer, {
    link: "lan",
    range: `${net}.100,${net}.199,255.255.255.0,1h`,
    options: [`option:dns-server,${net}.53`],
  });
  t.after(() => server.stop());
  return cable;
}
