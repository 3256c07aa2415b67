import assert from "node:assert/strict";
import { test } from "node:test";
import type { EffectiveSettings } from "../../../src/network/merge.ts";
import { ServiceValidation, type Validated } from "../../../src/services/validation/service-validation.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeHttp } from "../../fakes/fake-http.ts";

const url = "http://192.0.2.80/204";
const effective = { nameServers: [], ipv4: { family: 4, address: "192.0.2.2", prefixLength: 32 } };

/** A connected Service whose addresses are on link 7. */
function connected(links: Readonly<Record<number, string>>) {
  const clock = new FakeClock();
  const http = new FakeHttp(clock);
  const service: Validated = {
    label: "Home",
    logName: "test_0",
    state: "ready",
    network: { layer3Link: 7, effective: effective as unknown as EffectiveSettings },
    validationPlan: { kind: "probe", httpUrls: [url], httpsUrls: [] },
    probePorts: { clock, http, random: () => 0, linkName: (index) => links[index] },
    advance: () => {},
    explain: () => {},
    probeUrlChanged: () => {},
  };
  return { clock, http, validation: new ServiceValidation(service) };
}

test("a probe leaves by the link that carries the addresses, a tunnel or ppp0 perhaps", async () => {
  const { clock, http, validation } = connected({ 2: "eth0", 7: "ppp0" });
  validation.review();
  await clock.advanceSettled(0);
  assert.deepEqual(http.asked, [`ppp0 ${url}`]);
});

test("nothing is asked through a link that is gone", async () => {
  const { clock, http, validation } = connected({ 2: "eth0" });
  validation.review();
  await clock.advanceSettled(60_000);
  assert.deepEqual([http.asked, clock.pendingTimers()], [[], []]);
});
