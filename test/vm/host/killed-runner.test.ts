import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startProcess } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";

const limitMs = 120_000;

test("a guest does not outlive a runner that is killed", async (t) => {
  const results = join(temporaryFolder(t), "results");
  const scenario = "test/vm/scenarios/air/air.test.ts";
  const runner = startProcess(process.execPath, [
    ...["--import", "tsx", "test/vm/machine/run-scenario.ts", scenario, results],
  ]);
  t.after(() => runner.end());
  const machine = await until("the runner starts a machine", () => machineBelow(runner.pid), limitMs);
  runner.kill("SIGKILL");
  await runner.waitExit();
  await until("the machine is gone", () => !isMachine(machine), limitMs);
  assert.equal(machineBelow(runner.pid), undefined);
});

const isMachine = (pid: number): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes("qemu-system");
  } catch {
    return false;
  }
};

/** The pid of the emulator among a process's descendants. */
function machineBelow(ancestor: number): number | undefined {
  const children = processes().filter(({ parent }) => parent === ancestor);
  for (const { pid } of children) {
    const found = isMachine(pid) ? pid : machineBelow(pid);
    if (found !== undefined) return found;
  }
  return undefined;
}

function processes(): { readonly pid: number; readonly parent: number }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The name in parentheses may hold anything; the numbers come after the last of them (proc(5)).
      const fields = readFileSync(`/proc/${name}/stat`, "utf8").split(")").at(-1)?.trim().split(" ");
      return [{ pid: Number(name), parent: Number(fields?.[1]) }];
    } catch {
      // It ended in between.
      return [];
    }
  });
}
