import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nativeAddon } from "../../../src/native/native.ts";
import { KernelPackets } from "../../../src/packet/kernel-packets.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";

requirePrivateNamespace();
const indexOf = (link: string) => Number(readFileSync(`/sys/class/net/${link}/ifindex`, "utf8"));
const addPair = (near: string, far: string) => {
  run("ip", ["link", "add", near, "type", "veth", "peer", "name", far]);
  for (const link of [near, far]) run("ip", ["link", "set", link, "up"]);
};

test("a listener survives its link going down, and is told why once each time", async () => {
  addPair("down0", "down1");
  const errors: string[] = [];
  const channel = new KernelPackets((_link, error) => errors.push(error.code)).open("arp", indexOf("down0"));
  channel.listen(() => {});
  for (let round = 1; round <= 5; round++) {
    run("ip", ["link", "set", "down0", "down"]);
    await until("the error was told", () => errors.length === round);
    run("ip", ["link", "set", "down0", "up"]);
  }
  assert.deepEqual(new Set(errors), new Set(["ENETDOWN"]));
  channel.close();
  run("ip", ["link", "del", "down0"]);
});

test("a channel whose link is gone sends nothing, burns no time and closes cleanly", async () => {
  addPair("gone0", "gone1");
  const errors: string[] = [];
  const channel = new KernelPackets((_link, error) => errors.push(error.code)).open("dhcp4-client", indexOf("gone0"));
  channel.listen(() => assert.fail("from nowhere"));
  run("ip", ["link", "del", "gone0"]);
  await until("the error was told", () => errors.length > 0);
  const before = errors.length;
  assert.equal(channel.send("ff:ff:ff:ff:ff:ff", new Uint8Array(28)), false);
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(errors.length, before + 1);
  channel.close();
  assert.equal(nativeAddon().openHandles().sockets, 0);
});

test("opening waits for no grace period", () => {
  addPair("fast0", "fast1");
  const port = new KernelPackets();
  const index = indexOf("fast0");
  const channels = [];
  const startedAt = performance.now();
  for (let at = 0; at < 50; at++) channels.push(port.open("dhcp4-client", index));
  const perOpen = (performance.now() - startedAt) / channels.length;
  assert.ok(perOpen < 3, `${perOpen} ms for each open`);
  for (const channel of channels) channel.close();
});

test("a flood of wrong packets never wakes the process", async () => {
  addPair("flood0", "flood1");
  const channel = new KernelPackets().open("dhcp4-client", indexOf("flood0"));
  const sender = new KernelPackets().open("dhcp4-client", indexOf("flood1"));
  const ports: number[] = [];
  channel.listen(({ payload }) => ports.push(payload.readUInt16BE(22)));
  const send = (port: number, length: number) => {
    const packet = Buffer.alloc(length);
    packet[0] = 0x45;
    packet[9] = 17;
    packet.writeUInt16BE(port, 22);
    return sender.send("ff:ff:ff:ff:ff:ff", packet);
  };
  await until("the link carries packets", () => send(68, 64) && ports.length > 0);
  for (let at = 0; at < 2000; at++) send(67, 64);
  const before = ports.length;
  send(68, 64);
  await until("the right one came", () => ports.length > before);
  assert.ok(ports.every((port) => port === 68));
  channel.close();
  sender.close();
});
