import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { DaemonError } from "../../../src/base/errors.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProfileStore } from "../../../src/profiles/store.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

// Each run opens files and syncs them: a fiftieth of the runs of the decoders.
const numRuns = Math.max(20, Math.ceil(fuzzRuns / 50));

/** A file and its log, both with content, as a crash leaves them. */
function crashedFiles(folder: string): { readonly file: Buffer; readonly log: Buffer } {
  const location = join(folder, "model.db");
  const first = sqliteStorage.open(location, "create").store;
  for (let count = 0; count < 60; count++) {
    first.write(`wifi_${count}`, new Map([["Name", `"${"n".repeat(count * 20)}"`]]));
  }
  first.close();
  const second = sqliteStorage.open(location, "open").store;
  second.write("global", new Map([["Hostname", '"late"']]));
  second.delete("wifi_7");
  second.write("ethernet_any", new Map([["AutoConnect", "true"]]));
  const files = { file: fs.readFileSync(location), log: fs.readFileSync(`${location}-wal`) };
  second.close();
  return files;
}

const edits = fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255) }), {
  maxLength: 12,
});
const damage = fc.record({ edits, keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })) });
type Damage = { readonly edits: readonly { readonly at: number; readonly byte: number }[]; readonly keep: number };

function damaged(content: Buffer, { edits, keep }: Damage): Buffer {
  const copy = Buffer.from(content);
  // Half of them go to the first page, where the layout is.
  for (const { at, byte } of edits) copy[Math.floor(at < 0.5 ? at * 8192 : at * copy.length) % copy.length] = byte;
  return copy.subarray(0, Math.ceil(copy.length * keep));
}

/** Everything either works or throws InternalError. */
function useAll(store: ProfileStore): void {
  const calls = [
    () => store.entries().map((entry) => store.read(entry)),
    () => store.write("wifi_new", new Map([["Name", '"x"']])),
    () => store.delete("wifi_3"),
    () => store.leases("ethernet_any"),
    () => store.writeLease({ entry: "ethernet_any", network: "", json: "{}", expiresAtMs: 1 }),
    () => store.close(),
  ];
  for (const call of calls) {
    try {
      call();
    } catch (error) {
      assert.ok(error instanceof DaemonError && error.code === "InternalError", String(error));
    }
  }
}

test("with any bytes of its files changed, a Profile opens, is set aside, or is refused by one clear error", (t) => {
  const folder = temporaryFolder(t);
  const { file, log } = crashedFiles(folder);
  const location = join(folder, "victim.db");
  const check = (ofFile: Damage, ofLog: Damage) => {
    fs.writeFileSync(location, damaged(file, ofFile), { mode: 0o600 });
    fs.writeFileSync(`${location}-wal`, damaged(log, ofLog), { mode: 0o600 });
    const before = fs.readFileSync(location);
    const { store, setAside } = sqliteStorage.open(location, "open");
    if (setAside) assert.ok(fs.statSync(setAside.movedTo).size > 0 || before.length === 0);
    useAll(store);
    store.close();
    for (const name of fs.readdirSync(folder)) if (name !== "model.db") fs.rmSync(join(folder, name));
  };
  fc.assert(fc.property(damage, damage, check), { numRuns });
});
