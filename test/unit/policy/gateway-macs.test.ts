import assert from "node:assert/strict";
import { test } from "node:test";
import { quiet, scene } from "./place-on-machine.ts";

const router = "02:00:00:00:00:fe";
const home = { ActivationMode: "conditional-any", Conditions: [`gateway-mac is ${router}`] };

test("the router is asked for its MAC address, and a Location by it is entered", async (t) => {
  const { it, active, createLocation, automation } = await scene(t);
  const gateway = it.service("eth0").network?.effective?.ipv4?.gateway ?? assert.fail("no gateway");
  it.kernel.answering.set(gateway, router);
  const asked = () => it.kernel.requested.filter(({ op }) => op === "resolve-neighbour").length;
  assert.equal(asked(), 0, "nothing asks for it");
  await createLocation("home", home);
  await it.clock.advanceSettled(1000);
  assert.equal(active(), "home");
  assert.deepEqual(automation.place().gatewayMacs, [router]);
  assert.equal(asked(), 1);
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.deepEqual([active(), automation.place().gatewayMacs], ["NoNet", []]);
});

test("a router that answers late is found", async (t) => {
  const { it, active, createLocation } = await scene(t);
  const gateway = it.service("eth0").network?.effective?.ipv4?.gateway ?? assert.fail("no gateway");
  await createLocation("home", home);
  await it.clock.advanceSettled(2000);
  assert.notEqual(active(), "home");
  const link = it.kernel.snapshot.linkByName("eth0")?.index ?? 0;
  it.kernel.setNeighbour({ link, family: 4, address: gateway, mac: router, state: 0x02 });
  await it.clock.advanceSettled(60_000);
  assert.equal(active(), "home");
});
