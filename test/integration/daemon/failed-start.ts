import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { startDaemonProcess } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";

export interface Place {
  readonly folder: string;
  readonly state: string;
  readonly run: string;
  /** Options that name a bus of its own and both folders. */
  readonly args: readonly string[];
}

/** Where a daemon could start, on a bus of its own unless `busAddress` is given. Nothing is in the folder yet. */
export async function placeFor(t: TestContext, busAddress?: string): Promise<Place> {
  let address = busAddress;
  if (address === undefined) {
    const bus = await startPrivateBus();
    t.after(() => bus.remove());
    address = bus.address;
  }
  const folder = mkdtempSync(join(tmpdir(), "fairlead-start-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [state, run] = [join(folder, "state"), join(folder, "run")];
  return { folder, state, run, args: ["--bus-address", address, "--state-dir", state, "--run-dir", run] };
}

/** A daemon that must end by itself within ten seconds and say one line. */
export async function failedStart(
  t: TestContext,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly line: string }> {
  const process = startDaemonProcess([], args);
  t.after(() => process.end());
  const { code } = await process.waitExit(10_000);
  const lines = process.output().trimEnd().split("\n");
  assert.equal(lines.length, 1, process.output());
  return { code, line: lines[0] ?? "" };
}
