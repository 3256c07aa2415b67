import assert from "node:assert/strict";
import { after, test } from "node:test";
import { localTimeText, timeSince1601 } from "../../../src/services/attempts.ts";

const zone = process.env.TZ;
after(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const cases: readonly (readonly [zone: string, wallTimeMs: number, text: string])[] = [
  ["UTC", 0, "1970-01-01T00:00:00.000000+0000"],
  ["Europe/Berlin", Date.UTC(2026, 2, 1, 8, 5, 7, 250), "2026-03-01T09:05:07.250000+0100"],
  ["America/Los_Angeles", Date.UTC(2026, 6, 1, 8, 5, 7, 1), "2026-07-01T01:05:07.001000-0700"],
  ["Asia/Kolkata", Date.UTC(2026, 6, 1, 8, 5, 7), "2026-07-01T13:35:07.000000+0530"],
  ["America/St_Johns", Date.UTC(2026, 0, 1, 0, 0, 0), "2025-12-31T20:30:00.000000-0330"],
  ["UTC", 1_000.5, "1970-01-01T00:00:01.000500+0000"],
  ["UTC", -1, "1969-12-31T23:59:59.999000+0000"],
];
for (const [where, wallTimeMs, text] of cases) {
  test(`${wallTimeMs} ms is ${text} in ${where}`, () => {
    process.env.TZ = where;
    assert.equal(localTimeText(wallTimeMs), text);
  });
}

test("1970 lies 369 years after the beginning of time on the bus", () => {
  assert.equal(timeSince1601(0), 11_644_473_600_000n);
});
