import assert from "node:assert/strict";
import { test } from "node:test";
import { buildDatagram, parseDatagram } from "../../../../src/network/protocols/dhcp4/datagram.ts";
import { type DhcpMessage, decodeMessage, encodeMessage } from "../../../../src/network/protocols/dhcp4/message.ts";
import { serverDatagram } from "../../../fakes/fake-dhcp-server.ts";

const offer: DhcpMessage = {
  op: "reply",
  type: "offer",
  transactionId: 0xdeadbeef,
  seconds: 7,
  isBroadcast: true,
  clientAddress: "0.0.0.0",
  yourAddress: "10.1.0.100",
  nextServer: "10.1.0.1",
  relayAddress: "10.2.0.1",
  hardwareAddress: "02:00:00:00:00:aa",
  options: new Map([
    [53, Buffer.of(2)],
    [54, Buffer.of(10, 1, 0, 1)],
  ]),
};
const malformed = (data: Buffer) => {
  const result = decodeMessage(data);
  return "malformed" in result ? result.malformed : "fine";
};
const changed = (at: number, ...bytes: number[]) => {
  const data = encodeMessage(offer);
  data.set(bytes, at);
  return data;
};

test("a message survives the way there and back", () => {
  assert.deepEqual(decodeMessage(encodeMessage(offer)), { message: offer });
});
test("a message is as long as BOOTP demands", () => {
  assert.equal(encodeMessage(offer).length, 300);
});
test("seconds that do not fit stay at their most", () => {
  const result = decodeMessage(encodeMessage({ ...offer, seconds: 1e6 }));
  assert.equal("message" in result && result.message.seconds, 0xffff);
});
test("a payload that is no DHCP message is refused with a reason", () => {
  assert.equal(malformed(Buffer.alloc(0)), "only 0 bytes");
  assert.equal(malformed(encodeMessage(offer).subarray(0, 239)), "only 239 bytes");
  assert.equal(malformed(changed(236, 1)), "not DHCP: no magic cookie");
  assert.equal(malformed(changed(0, 3)), "op is 3");
  assert.equal(malformed(changed(1, 6)), "hardware type 6 with 6 bytes of address");
  assert.equal(malformed(changed(2, 16)), "hardware type 1 with 16 bytes of address");
  assert.equal(malformed(changed(242, 99)), "no message type that we know");
  assert.equal(malformed(changed(240, 0, 0, 0)), "no message type that we know");
  assert.equal(malformed(changed(243, 54, 255)), "option 54 in options runs 200 bytes over the end");
});

test("a message type of two bytes is none, one that comes twice the same is one", () => {
  const typed = (...options: number[]) => {
    const data = changed(240, ...options, 255);
    return malformed(data);
  };
  assert.equal(typed(53, 2, 2, 2), "no message type that we know");
  assert.equal(typed(53, 1, 2, 53, 1, 2), "fine");
  assert.equal(typed(53, 1, 2, 53, 1, 5), "no message type that we know");
});

const payload = Buffer.from("0123456789a");
const parse = (packet: Buffer, isChecksumReady = true) => {
  const result = parseDatagram(packet, isChecksumReady);
  return "malformed" in result ? result.malformed : `${result.source} ${result.payload}`;
};
const packet = () => serverDatagram("10.1.0.1", "10.1.0.100", payload);
const spoiled = (at: number, ...bytes: number[]) => {
  const data = packet();
  data.set(bytes, at);
  return data;
};
/** With the header checksum made right again. */
const spoiledHeader = (at: number, ...bytes: number[]) => {
  const data = spoiled(at, ...bytes);
  data.writeUInt16BE(0, 10);
  let sum = 0;
  for (let offset = 0; offset < ((data[0] as number) & 15) * 4; offset += 2) sum += data.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  data.writeUInt16BE(~sum & 0xffff, 10);
  return data;
};

test("a datagram is read, padding of the link cut off", () => {
  assert.equal(parse(packet()), "10.1.0.1 0123456789a");
  assert.equal(parse(Buffer.concat([packet(), Buffer.alloc(18)])), "10.1.0.1 0123456789a");
});
test("our packets have right checksums and ports", () => {
  const sent = buildDatagram("0.0.0.0", "255.255.255.255", payload);
  assert.deepEqual([sent.readUInt16BE(20), sent.readUInt16BE(22)], [68, 67]);
  sent.writeUInt16BE(67, 20);
  sent.writeUInt16BE(68, 22);
  assert.equal(parse(sent), "0.0.0.0 0123456789a", "swapping the ports leaves the sum as it is");
});
test("damaged or foreign datagrams are refused with a reason", () => {
  assert.equal(parse(packet().subarray(0, 27)), "only 27 bytes");
  assert.equal(parse(spoiled(0, 0x65)), "not an IPv4 header");
  assert.equal(parse(spoiled(0, 0x44)), "not an IPv4 header");
  assert.equal(parse(spoiled(8, 63)), "wrong IPv4 header checksum");
  assert.equal(parse(packet().subarray(0, -1)), "wrong IPv4 length");
  assert.equal(parse(spoiledHeader(2, 0, 27)), "wrong IPv4 length");
  assert.equal(parse(spoiled(0, 0x4f)), "wrong IPv4 length");
  assert.equal(parse(spoiledHeader(6, 0x20, 0)), "not a whole UDP datagram");
  assert.equal(parse(spoiledHeader(9, 6)), "not a whole UDP datagram");
  assert.equal(parse(spoiled(22, 0, 69)), "not for the client port");
  assert.equal(parse(spoiled(24, 0, 7)), "wrong UDP length");
  assert.equal(parse(spoiled(24, 0, 20)), "wrong UDP length");
  assert.equal(parse(spoiled(30, 0)), "wrong UDP checksum");
});
test("a sum of zero means none, and one left to hardware is not looked at", () => {
  assert.equal(parse(spoiled(26, 0, 0)), "10.1.0.1 0123456789a");
  assert.equal(parse(spoiled(26, 0x12, 0x34), false), "10.1.0.1 0123456789a");
});
test("IP options before the UDP header are skipped", () => {
  const plain = packet();
  const longer = Buffer.concat([plain.subarray(0, 20), Buffer.from("01010101", "hex"), plain.subarray(20)]);
  longer[0] = 0x46;
  longer.writeUInt16BE(longer.length, 2);
  longer.writeUInt16BE(0, 10);
  let sum = 0;
  for (let at = 0; at < 24; at += 2) sum += longer.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  longer.writeUInt16BE(~sum & 0xffff, 10);
  assert.equal(parse(longer), "10.1.0.1 0123456789a");
});
