/**
 * Child of the crash test: writes as fast as it can until it is killed. Each line on standard output says that a round
 * was acknowledged: everything it wrote must be found afterwards.
 */
import { writeSync } from "node:fs";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import { StateLock } from "../../../src/profiles/state-lock.ts";

const [stateDir = "", location = "", first = "1"] = process.argv.slice(2);
StateLock.take(stateDir);
const { store, setAside } = sqliteStorage.open(location, "open-or-create");
if (setAside) throw new Error(`set aside: ${setAside.reason}`);

for (let round = Number(first); ; round++) {
  const json = JSON.stringify(`${round}`.padStart(1 + (round % 700), "."));
  const rows = new Map(["A", "B", "C", "D", "E", "F"].map((name) => [name, json]));
  store.write("wifi_alone", rows);
  // Three entries and a lease that only make sense together.
  store.transaction(() => {
    for (const entry of ["wifi_x", "wifi_y", "wifi_z"]) store.write(entry, rows);
    store.writeLease({ entry: "wifi_x", network: "home", json, expiresAtMs: round });
  });
  if (round % 7 === 0) store.delete("wifi_gone");
  else store.write("wifi_gone", rows);
  writeSync(1, `${round}\n`);
}
