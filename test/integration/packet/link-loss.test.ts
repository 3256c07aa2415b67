import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { endianness } from "node:os";
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

/** Cost of a bind that does wait: that of a socket which hears IPv4 already. */
function openWithGracePeriod(linkIndex: number): { close(): void } {
  const [AF_PACKET, SOCK_DGRAM, ETH_P_IP] = [17, 2, 0x0800];
  const protocol = Buffer.alloc(2);
  protocol.writeUInt16BE(ETH_P_IP);
  const [own = 0] = new Uint16Array(new Uint8Array(protocol).buffer);
  const socket = nativeAddon().openSocket(AF_PACKET, SOCK_DGRAM, own);
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, AF_PACKET, endianness() === "LE");
  address.setUint16(2, ETH_P_IP);
  address.setInt32(4, linkIndex, endianness() === "LE");
  socket.bind(Buffer.from(address.buffer));
  return socket;
}

/** Milliseconds for each of `count`, all of which are closed afterwards. */
function costOf(count: number, open: () => { close(): void }): number {
  const startedAt = performance.now();
  const opened = Array.from({ length: count }, open);
  const each = (performance.now() - startedAt) / count;
  for (const one of opened) one.close();
  return each;
}

/** Ten times the work of opening. */
const toldApartMs = 2;

test("opening waits for no grace period", (t) => {
  addPair("fast0", "fast1");
  const port = new KernelPackets();
  const index = indexOf("fast0");
  const waiting = costOf(10, () => openWithGracePeriod(index));
  const perOpen = costOf(50, () => port.open("dhcp4-client", index));
  t.diagnostic(`${perOpen.toFixed(3)} ms for each open, ${waiting.toFixed(3)} ms with a grace period`);
  // Some hosts have next to none: then a wait for it cannot be told from the work of opening.
  if (waiting < toldApartMs) return t.skip(`a grace period takes ${waiting.toFixed(2)} ms here`);
  // Some four hundred times less on a quiet machine.
  assert.ok(perOpen < waiting / 4, `${perOpen} ms for each open, ${waiting} ms with a grace period`);
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
