import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProfileStore } from "../../../src/profiles/store.ts";
import { childModule } from "../../harness/child-module.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const rounds = Number(process.env.FAIRLEAD_CRASH_ROUNDS ?? 50);

/**
 * Runs a program that writes from round `first` on, and kills it `lifeMs` after its first acknowledgement. Returns the
 * last one.
 */
async function writeUntilKilled(writer: readonly string[], first: number, lifeMs: number): Promise<number> {
  const child = spawn(process.execPath, [...writer, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    if (said === "") setTimeout(() => child.kill("SIGKILL"), lifeMs);
    said += text;
  });
  const [code, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL", `the writer ended by itself with ${code}`);
  // A line without its end was not acknowledged.
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
}

/** The round that the rows of an entry are of; all rows must be of the same one. */
function roundOf(store: ProfileStore, entry: string): number {
  const rows = store.read(entry);
  assert.equal(rows?.size, 6, `${entry} is whole`);
  const values = new Set(rows?.values());
  assert.equal(values.size, 1, `${entry} is of one round: ${[...values].join(" ")}`);
  return Number(JSON.parse([...values][0] as string).replaceAll(".", ""));
}

function checkFile(location: string, acknowledged: number): void {
  const { store, setAside } = sqliteStorage.open(location, "open");
  assert.equal(setAside, undefined);
  const alone = roundOf(store, "wifi_alone");
  const together = ["wifi_x", "wifi_y", "wifi_z"].map((entry) => roundOf(store, entry));
  const [lease] = store.leases("wifi_x");
  assert.ok(alone >= acknowledged && alone <= acknowledged + 1, `${alone} after ${acknowledged}`);
  assert.ok(together.every((round) => round === together[0]));
  assert.ok((together[0] ?? 0) >= acknowledged && (together[0] ?? 0) <= alone);
  assert.equal(lease?.expiresAtMs, together[0]);
  if (store.has("wifi_gone")) assert.ok(roundOf(store, "wifi_gone") >= acknowledged);
  else assert.ok(acknowledged % 7 === 0 || (acknowledged + 1) % 7 === 0);
  store.close();
  assert.ok(!existsSync(`${location}.corrupted`));
}

test(`a writer killed ${rounds} times in the middle of its work loses nothing it acknowledged and leaves nothing half done`, async (t) => {
  const stateDir = temporaryFolder(t);
  const location = join(stateDir, "victim.db");
  const writer = [await childModule(t, "test/integration/profiles/writer.ts"), stateDir, location];
  let last = 0;
  for (let round = 0; round < rounds; round++) {
    last = await writeUntilKilled(writer, last + 2, Math.random() * 60);
    assert.ok(last > 0);
    checkFile(location, last);
  }
  t.diagnostic(`${last} rounds of writes`);
});
