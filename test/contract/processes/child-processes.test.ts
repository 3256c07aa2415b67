// Harmless outside a namespace: a few shell scripts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BootClock } from "../../../src/system/boot-clock.ts";
import { ChildProcesses } from "../../../src/system/child-processes.ts";
import { mostOutputBytes } from "../../../src/system/processes.ts";
import { childModule } from "../../harness/child-module.ts";
import { until } from "../../harness/until.ts";
import { type ProcessesWorld, type ProgramName, processesCases } from "./processes-cases.ts";

const waiting = "echo ready; while :; do /bin/sleep 1000 & wait $!; done";

const scripts: Readonly<Record<ProgramName, string>> = {
  print: `for word do echo "$word"; done; echo "$WORD"; pwd; echo warned >&2`,
  copy: "exec /bin/cat",
  fail: "exit 3",
  wait: waiting,
  deaf: `trap '' TERM; ${waiting}`,
  crowd: "/bin/sleep 1000 & echo $!",
  flood: `/usr/bin/head -c 10000 /dev/zero | /usr/bin/tr '\\0' x; echo; exec /usr/bin/head -c ${2 * mostOutputBytes} /dev/zero`,
};

/** One that was killed and not yet collected by its parent is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function writeScripts(folder: string): void {
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

async function makeWorld(): Promise<ProcessesWorld> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-processes-"));
  writeScripts(folder);
  const clock = new BootClock();
  const processes = new ChildProcesses(clock);
  return {
    processes,
    pathOf: (name) => join(folder, name),
    pass: (ms) => pause(ms),
    isAlive,
    close: async () => {
      await processes.stopAll();
      clock.close();
      rmSync(folder, { recursive: true });
    },
  };
}

processesCases("child processes", makeWorld);

test("child processes: a script that may not be executed ends as not started", async () => {
  const world = await makeWorld();
  try {
    chmodSync(world.pathOf("fail"), 0o644);
    const end = await world.processes.run({ name: "fail", argv: [world.pathOf("fail")] }).ended;
    assert.equal(end.kind === "not-started" && end.code, "EACCES");
  } finally {
    await world.close();
  }
});

test("child processes: a program whose parent is killed dies with it", async (t) => {
  const module = await childModule(t, "test/contract/processes/parent.ts");
  const parent = spawn(process.execPath, [module], { stdio: ["ignore", "pipe", "inherit"] });
  const printed = await new Promise<string>((resolve) => parent.stdout.once("data", (data) => resolve(String(data))));
  const pid = Number(printed);
  assert.ok(isAlive(pid));
  parent.kill("SIGKILL");
  await until("the program is gone", () => !isAlive(pid));
});
