/** Behaviour of every PacketPort; run against the fake and against the kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PacketChannel, PacketKind, ReceivedPacket } from "../../../src/packet/packet.ts";
import { until } from "../../harness/until.ts";
import { arpPacket, broadcastMac, ipv4Packet, type PacketWorld } from "./packet-world.ts";

/** Opens a channel that notes its packets. */
function listen(world: PacketWorld, kind: PacketKind): { channel: PacketChannel; heard: ReceivedPacket[] } {
  const heard: ReceivedPacket[] = [];
  const channel = world.port.open(kind, world.linkIndex);
  channel.listen((packet) => heard.push(packet));
  return { channel, heard };
}

const textOf = (packet: { readonly payload: Buffer }) => packet.payload.toString("latin1", 28);

export function packetPortCases(name: string, makeWorld: () => Promise<PacketWorld>): void {
  const inWorld = (title: string, run: (world: PacketWorld) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const world = await makeWorld();
      try {
        await run(world);
      } finally {
        world.close();
      }
    });

  inWorld("hears UDP to port 68 with its sender, to itself and to all", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    world.stationSend(world.mac, "ipv4", ipv4Packet({ text: "to you" }));
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "to all" }));
    await until("both were heard", () => heard.length >= 2);
    assert.deepEqual(heard.map(textOf), ["to you", "to all"]);
    assert.equal(heard[0]?.sourceMac, world.stationMac);
    assert.equal(heard[0]?.isChecksumReady, true);
    channel.close();
  });

  inWorld("finds the port behind IPv4 options", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    world.stationSend(world.mac, "ipv4", ipv4Packet({ options: 12, text: "with options" }));
    await until("it was heard", () => heard.length > 0);
    assert.equal(heard[0]?.payload.subarray(40).toString(), "with options");
    channel.close();
  });

  inWorld("hears nothing else than what it was opened for", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    const wrong = [
      { port: 67 },
      { protocol: 6 },
      { fragment: 0x2000 },
      { fragment: 0x0010 },
      { port: 0x4444, options: 4 },
    ];
    for (const packet of wrong) world.stationSend(broadcastMac, "ipv4", ipv4Packet({ ...packet, text: "wrong" }));
    world.stationSend("02:aa:aa:aa:aa:aa", "ipv4", ipv4Packet({ text: "for another" }));
    world.stationSend(broadcastMac, "arp", arpPacket(1));
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({}).subarray(0, 12));
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "right" }));
    await until("the right one was heard", () => heard.length > 0);
    assert.deepEqual(heard.map(textOf), ["right"]);
    channel.close();
  });

  inWorld("an ARP channel hears ARP and nothing else", async (world) => {
    const { channel, heard } = listen(world, "arp");
    world.stationSend(world.mac, "ipv4", ipv4Packet({}));
    world.stationSend("02:aa:aa:aa:aa:aa", "arp", arpPacket(1));
    world.stationSend(broadcastMac, "arp", arpPacket(2));
    await until("it was heard", () => heard.length > 0);
    assert.deepEqual(
      heard.map((packet) => packet.payload.readUInt32BE(14)),
      [2],
    );
    channel.close();
  });

  inWorld("an ARP channel that watches an address hears its claims and probes, and no others", async (world) => {
    const { channel, heard } = listen(world, "arp");
    const arp = (sender: number, target: number) => {
      const packet = Buffer.from(arpPacket(sender));
      packet.writeUInt32BE(target, 24);
      return packet;
    };
    const [ours, other] = [0x0a010064, 0x0a010065];
    channel.watchAddress("10.1.0.101");
    channel.watchAddress("10.1.0.100");
    for (const packet of [arp(other, ours), arp(other, other), arp(0, other)]) {
      world.stationSend(broadcastMac, "arp", packet);
    }
    for (const packet of [arp(0, ours), arp(ours, other)]) world.stationSend(broadcastMac, "arp", packet);
    await until("both were heard", () => heard.length >= 2);
    const senders = heard.map(({ payload }) => payload.readUInt32BE(14));
    assert.deepEqual(senders, [0, ours]);
    channel.close();
  });

  inWorld("sends IPv4 and ARP from the link's own address", async (world) => {
    const dhcp = world.port.open("dhcp4-client", world.linkIndex);
    const arp = world.port.open("arp", world.linkIndex);
    assert.equal(dhcp.send(broadcastMac, ipv4Packet({ port: 67, text: "discover" })), true);
    assert.equal(arp.send(world.stationMac, arpPacket(7)), true);
    const frames = await until("both arrived", () =>
      world.stationReceived().length >= 2 ? world.stationReceived() : null,
    );
    assert.deepEqual(
      frames.map(({ type, sourceMac }) => [type, sourceMac]),
      [
        ["ipv4", world.mac],
        ["arp", world.mac],
      ],
    );
    assert.equal(frames[0]?.payload.toString("latin1", 28), "discover");
    dhcp.close();
    arp.close();
  });

  inWorld("a link that is down takes nothing, and works again when it is up", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    await world.setLinkUp(false);
    assert.equal(channel.send(broadcastMac, ipv4Packet({})), false);
    await world.setLinkUp(true);
    // The first time the socket may still say that the link was down.
    await until("it is sent", () => channel.send(broadcastMac, ipv4Packet({ port: 67 })));
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "after" }));
    await until("it was heard", () => heard.length > 0);
    assert.deepEqual(heard.map(textOf), ["after"]);
    channel.close();
  });

  inWorld("a packet that arrives without a listener is dropped", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    const witness = listen(world, "dhcp4-client");
    channel.listen(undefined);
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "old" }));
    await until("the witness heard it", () => witness.heard.length === 1);
    channel.listen((packet) => heard.push(packet));
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "new" }));
    await until("the new one was heard", () => heard.length > 0);
    assert.deepEqual(heard.map(textOf), ["new"]);
    channel.close();
    witness.channel.close();
  });

  inWorld("a poll hands over what has arrived, each packet once, and without a listener nothing", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    for (const text of ["a", "b"]) world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text }));
    await until("both were heard", () => {
      channel.poll();
      return heard.length >= 2;
    });
    channel.listen(undefined);
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "unheard" }));
    channel.poll();
    channel.listen((packet) => heard.push(packet));
    await until("it is empty", () => {
      world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "last" }));
      channel.poll();
      return heard.map(textOf).includes("last");
    });
    assert.deepEqual(heard.map(textOf).slice(0, 2), ["a", "b"]);
    channel.close();
    channel.poll();
  });

  inWorld("a later listener takes the place of the first", async (world) => {
    const { channel, heard } = listen(world, "dhcp4-client");
    const second: ReceivedPacket[] = [];
    channel.listen((packet) => second.push(packet));
    world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text: "one" }));
    await until("it was heard", () => second.length > 0);
    assert.equal(heard.length, 0);
    channel.close();
  });

  inWorld("closing inside the listener ends it at once, and twice is harmless", async (world) => {
    const channel = world.port.open("dhcp4-client", world.linkIndex);
    const witness = listen(world, "dhcp4-client");
    let count = 0;
    channel.listen(() => {
      count++;
      channel.close();
    });
    for (const text of ["a", "b", "c"]) world.stationSend(broadcastMac, "ipv4", ipv4Packet({ text }));
    await until("the witness heard all", () => witness.heard.length === 3);
    assert.equal(count, 1);
    channel.close();
    assert.equal(channel.send(broadcastMac, ipv4Packet({})), false);
    channel.listen(() => assert.fail("closed"));
    witness.channel.close();
  });

  inWorld("refuses a link that does not exist", async (world) => {
    for (const index of [999_999, 0, -1, 1.5, Number.NaN, 2 ** 32 + world.linkIndex]) {
      assert.throws(() => world.port.open("arp", index), { code: "ENODEV", errno: 19, syscall: "bind" }, `${index}`);
    }
  });

  inWorld("a malformed hardware address is not sent to", async (world) => {
    const channel = world.port.open("arp", world.linkIndex);
    for (const mac of ["", "02:00", "zz:00:00:00:00:01", `${world.stationMac}:01`]) {
      assert.equal(channel.send(mac, arpPacket(1)), false, mac);
    }
    channel.close();
  });
}
