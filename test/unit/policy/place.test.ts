import assert from "node:assert/strict";
import { test } from "node:test";
import { PropertyShape } from "../../../src/base/property.ts";
import { parseCondition } from "../../../src/policy/conditions.ts";
import { gatherPlace, untilMinute } from "../../../src/policy/place.ts";
import type { Service } from "../../../src/services/service.ts";
import { quiet, scene } from "./place-on-machine.ts";

const noon = new Date(2026, 0, 1, 12, 0, 30).getTime();
const radio = (state: string, hexSsid: string, bssid: string): Service =>
  ({
    state,
    network: undefined,
    shape: new PropertyShape({
      "WiFi.HexSSID": { signature: "s", doc: "", get: () => hexSsid },
      "WiFi.BSSID": { signature: "s", doc: "", get: () => bssid },
    }),
  }) as unknown as Service;
const gather = (services: readonly Service[]) =>
  gatherPlace({ services, systemDomain: undefined, gatewayMacs: [], wallTime: noon, isActive: () => undefined });

test("names of networks are bytes, of connected radios alone", () => {
  const services = [radio("online", "486f6d65ff", "02:00:00:00:00:01"), radio("idle", "41", "02:00:00:00:00:02")];
  const place = gather(services);
  assert.deepEqual([place.essids, place.bssids], [[Buffer.from("Home\xff", "latin1")], ["02:00:00:00:00:01"]]);
  assert.equal(parseCondition("essid is hex:486f6d65ff").evaluate(place).isTrue, true);
  assert.equal(parseCondition("essid is home").evaluate(place).isTrue, false);
  assert.equal(parseCondition("bssid is-not 02:00:00:00:00:02").evaluate(gather([])).isTrue, false);
  assert.equal(place.minuteOfDay, 720);
});

test("addresses, links and the machine's own domain come from the machine", async (t) => {
  const { it, automation } = await scene(t);
  it.hostDomain = "corp.example";
  const holds = (text: string) => automation.evaluate(text).isTrue;
  assert.deepEqual(
    [
      holds("ip-address is-not 192.0.2.10"),
      holds("ip-address is-in-range 192.0.2.0/24"),
      holds("link eth0 is active"),
      holds("link eth9 is-not active"),
      holds("system-domain contains EXAMPLE"),
      holds("policy all is active"),
      holds("location Automatic is active"),
    ],
    [false, true, true, false, true, true, true],
  );
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.equal(holds("link eth0 is active"), false);
});

test("the next of several minutes of the day is looked for beyond midnight, and never now", () => {
  const minute = 60_000;
  assert.equal(untilMinute([], noon), undefined);
  assert.equal(untilMinute([722, 719], noon), 1.5 * minute);
  assert.equal(untilMinute([720], noon), (24 * 60 - 0.5) * minute);
  assert.equal(untilMinute([720], new Date(2026, 0, 1, 12, 0).getTime()), 24 * 60 * minute);
});
