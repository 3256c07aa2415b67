import assert from "node:assert/strict";
import { test } from "node:test";
import { ChannelPool } from "../../../../src/network/protocols/dhcp4/channels.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";
import { FakePackets, FakeWire } from "../../../fakes/fake-packets.ts";
import { World } from "./world.ts";

function pool() {
  const packets = new FakePackets();
  packets.addLink(7, "02:00:00:00:00:aa", new FakeWire());
  return { packets, pool: new ChannelPool(packets) };
}

test("a channel is opened once and kept", () => {
  const { packets, pool: links } = pool();
  assert.equal(links.of(7).channel("arp"), links.of(7).channel("arp"));
  links.of(7).channel("dhcp4-client");
  assert.equal(packets.openChannels, 2);
  links.forget(7);
  links.forget(7);
  assert.equal(packets.openChannels, 0);
});

test("a former listener cannot end the listening of the present one", () => {
  const { pool: links } = pool();
  const [first, second] = [{}, {}];
  links.of(7).listen("arp", first, () => {});
  links.of(7).listen("arp", second, () => {});
  links.of(7).unlisten("arp", first);
  let isHeard = true;
  links.of(7).channel("arp").listen = (listener) => {
    isHeard = listener !== undefined;
  };
  links.of(7).unlisten("arp", first);
  assert.equal(isHeard, true);
  links.of(7).unlisten("arp", second);
  assert.equal(isHeard, false);
});

test("the back-off of a link is forgotten with the link", () => {
  const { pool: links } = pool();
  const clock = new FakeClock();
  links.of(7).backoff(clock).declined();
  assert.equal(links.of(7).backoff(clock).waitMs, 10_000);
  links.forget(7);
  assert.equal(links.of(7).backoff(clock).waitMs, 0);
});

test("sockets outlive sessions", async (t) => {
  const world = new World(t);
  world.handler.prepareLink(7);
  assert.equal(world.packets.openChannels, 1);
  for (let round = 0; round < 3; round++) {
    await world.up();
    await world.pass(1);
    await world.session.teardown({ force: false });
    world.attach({});
  }
  assert.equal(world.packets.openChannels, 2);
  world.handler.forgetLink(7);
  assert.equal(world.packets.openChannels, 0);
});
