import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { isHostIpv4, parseIpv4 } from "../../../../src/base/ipv4.ts";
import { decodeArp } from "../../../../src/network/protocols/address-conflict-arp.ts";
import { parseDatagram } from "../../../../src/network/protocols/dhcp4/datagram.ts";
import { isDomainName } from "../../../../src/network/protocols/dhcp4/domain-name.ts";
import { leaseOfGrant } from "../../../../src/network/protocols/dhcp4/lease.ts";
import { leaseFromJson, leaseToJson } from "../../../../src/network/protocols/dhcp4/lease-json.ts";
import { readLeaseOptions } from "../../../../src/network/protocols/dhcp4/lease-options.ts";
import { decodeMessage, encodeMessage } from "../../../../src/network/protocols/dhcp4/message.ts";
import { bytesOf, serverDatagram, uint32 } from "../../../fakes/fake-dhcp-server.ts";
import { fuzzRuns } from "../../../harness/fuzz-runs.ts";
import { World } from "./world.ts";

const numRuns = fuzzRuns;
const seedFolder = join(fileURLToPath(import.meta.url), "../../../../fuzz-seeds/dhcp4");

/** Packets that once broke a decoder, ours or another's; each file is hex of an IPv4 packet. */
const seeds = readdirSync(seedFolder).map((name) => ({
  name,
  packet: Buffer.from(readFileSync(join(seedFolder, name), "latin1").replace(/#.*|\s/g, ""), "hex"),
}));

/** Reads a packet as the client does; every result must be fit for the machine. Answers whether it was a lease. */
function readPacket(packet: Buffer): boolean {
  const datagram = parseDatagram(packet, false);
  if ("malformed" in datagram) {
    assertReason(datagram.malformed);
    return false;
  }
  const decoded = decodeMessage(datagram.payload);
  if ("malformed" in decoded) {
    assertReason(decoded.malformed);
    return false;
  }
  const options = readLeaseOptions(decoded.message.options);
  const granted = leaseOfGrant({
    address: decoded.message.yourAddress,
    options,
    serverMac: "02:00:00:00:00:01",
    grantedAtMs: 1,
    boot: { id: "0123-4567", grantedAtMs: 2 },
    client: "0102",
    random: 0,
  });
  if ("refused" in granted) {
    assertReason(granted.refused);
    return false;
  }
  const { settings, leaseSeconds, renewSeconds, rebindSeconds } = granted.lease;
  assert.ok(isHost(settings.ipv4.address) && settings.ipv4.prefixLength >= 1 && settings.ipv4.prefixLength <= 32);
  for (const server of [...settings.nameServers, ...settings.ntpServers]) assert.ok(isHost(server), server);
  for (const domain of settings.searchDomains) assert.ok(isDomainName(domain.replace(/\.$/, "")), domain);
  if (leaseSeconds !== undefined)
    assert.ok((renewSeconds ?? 0) < (rebindSeconds ?? 0) && (rebindSeconds ?? 0) < leaseSeconds);
  // A lease that we accept from a server we accept from the store, unchanged.
  const again = leaseFromJson(leaseToJson(granted.lease), "0102");
  assert.deepEqual("lease" in again ? again.lease : again, granted.lease);
  return true;
}
const isHost = (text: string) => isHostIpv4(parseIpv4(text) ?? 0);
function assertReason(reason: string): void {
  assert.ok(reason.length > 3 && reason.length < 200, reason);
}

const codes = [0, 1, 3, 6, 12, 15, 26, 28, 42, 43, 51, 52, 53, 54, 58, 59, 61, 80, 108, 114, 119, 121, 249, 252, 255];
const value = fc.oneof(
  fc.uint8Array({ maxLength: 40, size: "max" }),
  fc.constantFrom(
    bytesOf("10.1.0.1"),
    uint32(3600),
    Buffer.from("example.org"),
    Buffer.from([3, 97, 98, 99, 0, 0xc0, 0]),
  ),
);
/** Length fields that are mostly right, sometimes off by one, sometimes anything. */
const option = fc
  .tuple(fc.constantFrom(...codes), value, fc.constantFrom(0, 0, 0, 0, 1, -1, 100))
  .map(([code, data, error]) => Buffer.from([code, (data.length + error) & 255, ...data]));
const optionField = fc.array(option, { maxLength: 20, size: "max" }).map((options) => Buffer.concat(options));
const structured = fc
  .record({
    type: fc.constantFrom("ack" as const, "ack" as const, "offer" as const, "nak" as const),
    options: optionField,
    file: optionField,
    serverName: optionField,
    address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  })
  .map(({ type, options, file, serverName, address }) => {
    const data = encodeMessage({
      op: "reply",
      type,
      transactionId: 1,
      seconds: 0,
      isBroadcast: false,
      clientAddress: "0.0.0.0",
      yourAddress: [...address].join("."),
      nextServer: "0.0.0.0",
      relayAddress: "0.0.0.0",
      hardwareAddress: "02:00:00:00:00:aa",
      options: new Map([[54, bytesOf("10.1.0.1")]]),
    }).subarray(0, 249);
    serverName.copy(data, 44, 0, 64);
    file.copy(data, 108, 0, 128);
    return serverDatagram("10.1.0.1", "10.1.0.100", Buffer.concat([data, options, Buffer.of(255)]));
  });
const mutated = fc
  .tuple(structured, fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 8 }), fc.nat(700))
  .map(([packet, changes, length]) => {
    const data = Buffer.from(packet.subarray(0, Math.max(28, length)));
    for (const [at, byte] of changes) if (at < data.length) data[at] = byte;
    data.writeUInt16BE(data.length, 2);
    data.writeUInt16BE(data.length - 20, 24);
    data.writeUInt16BE(0, 10);
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += data.readUInt16BE(at);
    data.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10);
    return data;
  });

for (const { name, packet } of seeds) {
  test(`the stored packet ${name} does no harm`, () => void readPacket(packet));
}
test("the stored packets are there", () => assert.ok(seeds.length >= 5));
test("no bytes make the decoders throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700, size: "max" }), (bytes) => void readPacket(Buffer.from(bytes))),
    { numRuns },
  );
});
test("no well-formed message with wrong options makes them throw, or give what a host must not use", () => {
  fc.assert(
    fc.property(structured, (packet) => void readPacket(packet)),
    { numRuns },
  );
});
test("no damaged message does", () => {
  fc.assert(
    fc.property(mutated, (packet) => void readPacket(packet)),
    { numRuns },
  );
});
test("the generators reach the far end: many packets become leases", () => {
  const packets = fc.sample(structured, { numRuns: 500, seed: 1 });
  const leases = packets.filter((packet) => readPacket(packet)).length;
  assert.ok(leases > 50, `${leases} of 500 were leases`);
});
test("no ARP packet makes the reader throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64, size: "max" }), (bytes) => {
      decodeArp(Buffer.from(bytes));
      decodeArp(Buffer.concat([Buffer.from("0001080006040001", "hex"), Buffer.from(bytes)]));
    }),
    { numRuns },
  );
});
test("no text makes the reader of kept leases throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.anything().map((any) => JSON.stringify(any) ?? ""),
      ),
      (text) => {
        assert.ok("ignored" in leaseFromJson(text, "0102"));
      },
    ),
    { numRuns },
  );
});
test("a client bombarded in every state stays whole", async (t) => {
  const attackerMac = "02:00:00:00:00:66";
  // Some of the damaged packets go to the server's port.
  const world = new World(t, {}, { leaseSeconds: 1000, deafTo: attackerMac });
  const attacker = world.wire.station(attackerMac, () => {});
  const bombard = async () => {
    for (const packet of fc.sample(fc.oneof(structured, mutated), Math.min(numRuns, 500))) {
      // The right transaction number, for an attacker who listens.
      if (packet.length >= 36) packet.writeUInt32BE(world.wire.frames.length > 0 ? lastTransaction(world) : 0, 32);
      attacker.send("ff:ff:ff:ff:ff:ff", "ipv4", packet, { isChecksumReady: false });
    }
    await world.clock.settle();
  };
  world.setup();
  for (const seconds of [0, 1, 4, 600, 900, 1100]) {
    await bombard();
    await world.pass(seconds);
    assert.ok(world.clock.pendingTimers().length <= 6, "timers do not pile up");
  }
  await world.session.teardown({ force: true });
  world.attach({ acquisitionLimitMs: 300_000 });
  world.setup();
  // Forged refusals may have made it wait.
  await world.pass(120);
  assert.match(String(world.told.findLast((line) => line.startsWith("up"))), /^up 10\.1\.0\./);
  assert.equal(world.state, "bound");
});

function lastTransaction(world: World): number {
  const own = world.wire.frames.filter(({ type, sourceMac }) => type === "ipv4" && sourceMac === "02:00:00:00:00:aa");
  return own.at(-1)?.payload.readUInt32BE(32) ?? 0;
}
