import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KernelPackets } from "../../../src/packet/kernel-packets.ts";
import type { ReceivedPacket } from "../../../src/packet/packet.ts";
import { addCable, addPeer, run } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";

const peer = addPeer("server");
addCable("wan", peer, { address: "10.9.0.1/24" });
run("ip", ["link", "set", "wan", "up"]);
run("ip", ["address", "add", "10.9.0.2/24", "dev", "wan"]);
const linkIndex = Number(readFileSync("/sys/class/net/wan/ifindex", "utf8"));

/** One UDP packet to port 68, sent by an ordinary socket of the peer. */
async function hearOne(text: string): Promise<ReceivedPacket> {
  const heard: ReceivedPacket[] = [];
  const channel = new KernelPackets().open("dhcp4-client", linkIndex);
  channel.listen((packet) => heard.push(packet));
  peer.exec("bash", "-c", `printf ${text} > /dev/udp/10.9.0.2/68`);
  const packet = await until("it was heard", () => heard[0]);
  channel.close();
  assert.equal(packet.payload.subarray(28).toString(), text);
  return packet;
}

/** Whether the UDP checksum, pseudo header included, comes out right (RFC 768). */
function isUdpChecksumRight({ payload }: ReceivedPacket): boolean {
  const length = payload.readUInt16BE(24);
  const words = Buffer.concat([
    payload.subarray(12, 20),
    Buffer.from([0, 17, length >> 8, length & 0xff]),
    payload.subarray(20),
  ]);
  const even = words.length % 2 === 0 ? words : Buffer.concat([words, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum === 0xffff;
}

test("a checksum that a virtual link left to the hardware is seen as not ready", async (t) => {
  if (tryRun("nsenter", [`--net=/run/netns/${peer.netns}`, "ethtool", "-K", "wan", "tx", "on"]).code !== 0) {
    t.skip("ethtool is not installed or cannot switch checksum offload on");
    return;
  }
  const packet = await hearOne("offload");
  assert.equal(packet.isChecksumReady, false);
  assert.equal(isUdpChecksumRight(packet), false);
});

test("a finished checksum is seen as ready, and is right", async (t) => {
  if (tryRun("nsenter", [`--net=/run/netns/${peer.netns}`, "ethtool", "-K", "wan", "tx", "off"]).code !== 0) {
    t.skip("ethtool is not installed or cannot switch checksum offload off");
    return;
  }
  const packet = await hearOne("finished");
  assert.equal(packet.isChecksumReady, true);
  assert.equal(isUdpChecksumRight(packet), true);
});
