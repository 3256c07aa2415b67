import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nativeAddon } from "../../../src/native/native.ts";
import { KernelPackets } from "../../../src/packet/kernel-packets.ts";
import type { Frame, FrameType } from "../../fakes/fake-packets.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { packetPortCases } from "./packet-port-cases.ts";
import { ipv4Packet, type PacketWorld } from "./packet-world.ts";

requirePrivateNamespace();

const mac = "02:00:00:00:00:01";
const stationMac = "02:00:00:00:00:02";
const etherTypes: Readonly<Record<FrameType, number>> = { ipv4: 0x0800, arp: 0x0806 };
const packetOutgoing = 4;
let worlds = 0;

const linkIndexOf = (name: string) => Number(readFileSync(`/sys/class/net/${name}/ifindex`, "utf8"));

async function makeWorld(): Promise<PacketWorld> {
  const near = `near${++worlds}`;
  const far = `far${worlds}`;
  run("ip", ["link", "add", near, "address", mac, "type", "veth", "peer", "name", far, "address", stationMac]);
  // No router solicitations among the packets.
  for (const link of [near, far]) run("ip", ["link", "set", link, "addrgenmode", "none", "up"]);
  await untilTheySend(near, far);
  const station = openStation(linkIndexOf(far));
  const received: Pick<Frame, "sourceMac" | "type" | "payload">[] = [];
  return {
    port: new KernelPackets(),
    linkIndex: linkIndexOf(near),
    mac,
    stationMac,
    stationSend: station.send,
    stationReceived: () => {
      received.push(...station.receive());
      return received;
    },
    setLinkUp: async (isUp) => {
      run("ip", ["link", "set", near, isUp ? "up" : "down"]);
      if (isUp) await untilTheySend(near, far);
    },
    close: () => {
      station.close();
      run("ip", ["link", "del", near]);
    },
  };
}

/** Carrier comes first; until the kernel has worked that off, a link takes packets and drops them without a word. */
const untilTheySend = (...links: readonly string[]) =>
  until(`${links.join(" and ")} send`, () =>
    links.every((link) => / qdisc noqueue .*state UP /.test(run("ip", ["-oneline", "link", "show", link]))),
  );

function openStation(linkIndex: number) {
  const socket = nativeAddon().openSocket(17, 2, 0);
  socket.bind(rawAddress(linkIndex, 0x0003, ""));
  return {
    send(destination: string, type: FrameType, payload: Uint8Array): void {
      socket.send(payload, { address: rawAddress(linkIndex, etherTypes[type], destination) });
    },
    receive() {
      return socket
        .receive(64)
        .filter(({ address }) => address[10] !== packetOutgoing)
        .flatMap(({ data, address }) => {
          const type = (["ipv4", "arp"] as const).find((name) => etherTypes[name] === address.readUInt16BE(2));
          const sourceMac = [...address.subarray(12, 18)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
          return type === undefined ? [] : [{ type, sourceMac, payload: data }];
        });
    },
    close: () => socket.close(),
  };
}

/** struct sockaddr_ll of a little- or big-endian machine. */
function rawAddress(linkIndex: number, etherType: number, destination: string): Buffer {
  const address = Buffer.alloc(20);
  address.set(new Uint8Array(new Uint16Array([17]).buffer), 0);
  address.writeUInt16BE(etherType, 2);
  address.set(new Uint8Array(new Int32Array([linkIndex]).buffer), 4);
  address[11] = 6;
  address.write(destination.replaceAll(":", ""), 12, "hex");
  return address;
}

packetPortCases("kernel", makeWorld);

test("kernel: a poll does not wait for the event loop, and a listener that closes ends it", async () => {
  const world = await makeWorld();
  const channel = world.port.open("dhcp4-client", world.linkIndex);
  let heard = 0;
  channel.listen(() => {
    heard++;
    channel.close();
  });
  for (const text of ["a", "b"]) world.stationSend(mac, "ipv4", ipv4Packet({ text }));
  // The kernel hands a packet from one end of a veth to the other within the call, or in a thread of its own.
  for (let tries = 0; heard === 0 && tries < 100_000; tries++) channel.poll();
  assert.equal(heard, 1);
  world.close();
});
