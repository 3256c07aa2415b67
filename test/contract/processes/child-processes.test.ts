// Harmless outside a namespace: a few shell scripts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { BootClock } from "../../../src/system/boot-clock.ts";
import { ChildProcesses } from "../../../src/system/child-processes.ts";
import { childModule } from "../../harness/child-module.ts";
import { until } from "../../harness/until.ts";
import { type ProcessesWorld, processesCases } from "./processes-cases.ts";
import { isAlive, writePrograms } from "./shell-programs.ts";

async function makeWorld(): Promise<ProcessesWorld> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-processes-"));
  writePrograms(folder);
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

test("child processes: a launcher that the system forbids is done without", async () => {
  const clock = new BootClock();
  try {
    const end = await new ChildProcesses(clock, "/bin/false").run({ name: "true", argv: ["/bin/true"] }).ended;
    assert.deepEqual(end, { kind: "exited", code: 0, because: "itself" });
  } finally {
    clock.close();
  }
});
