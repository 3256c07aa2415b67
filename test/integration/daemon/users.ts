/** Two users of one machine: one floods, and one works. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../harness/namespace.ts";
import { type ManagedProcess, startProcess, tryRun } from "../../harness/processes.ts";

export const netdevGid = 4321;
/** Users that every Debian has: `nobody` floods, and `daemon`, a member of netdev; `bin`, another one, works. */
const flooders = {
  stranger: ["--reuid=65534", "--regid=65534", "--clear-groups"],
  member: ["--reuid=1", "--regid=1", `--groups=${netdevGid}`],
};
const worker = ["--reuid=2", "--regid=2", `--groups=${netdevGid}`];
const program = (name: string) => readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");

/** Makes `bin` and `daemon` members of netdev, for this test. */
export function addNetdev(t: TestContext): void {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-accounts-"));
  const file = join(folder, "group");
  writeFileSync(
    file,
    `${readFileSync("/etc/group", "utf8").replace(/^netdev:.*\n/m, "")}netdev:x:${netdevGid}:bin,daemon\n`,
  );
  run("mount", ["--bind", file, "/etc/group"]);
  t.after(() => {
    tryRun("umount", ["/etc/group"]);
    rmSync(folder, { recursive: true });
  });
}

/** A Python program as another user. */
function runAs(t: TestContext, who: readonly string[], source: string, ...args: string[]): ManagedProcess {
  const started = startProcess("setpriv", [...who, "/usr/bin/python3", "-u", "-c", source, ...args]);
  t.after(() => started.end());
  return started;
}

/** `name`: flood.py or open-flood.py, with its arguments. Sent by a user who may change nothing. */
export const startFlood = (t: TestContext, name: string, ...args: string[]): ManagedProcess =>
  runAs(t, flooders.stranger, program("raw_bus.py") + program(name), ...args);
/** The same, by a user who may change settings. */
export const startFloodOfMember = (t: TestContext, name: string, ...args: string[]): ManagedProcess =>
  runAs(t, flooders.member, program("raw_bus.py") + program(name), ...args);

export interface Experience {
  readonly took: Readonly<Record<string, readonly number[]>>;
  readonly failed: readonly string[];
}

/**
 * The worker calls `rounds` times each of three methods, and waits for an answer as long as libdbus does unless told
 * otherwise.
 */
export async function work(
  t: TestContext,
  address: string,
  service: string,
  rounds: number,
  patienceS = 25,
): Promise<Experience> {
  const user = runAs(t, worker, program("patient-user.py"), address, service, String(rounds), String(patienceS));
  const { code } = await user.waitExit(240_000);
  assert.equal(code, 0, user.output());
  return JSON.parse(user.output().trim().split("\n").at(-1) ?? "") as Experience;
}
