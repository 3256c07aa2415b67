import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as ipv4 from "../../../src/base/ipv4.ts";

test("every address survives the way to text and back", () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (address) => {
      assert.equal(ipv4.parseIpv4(ipv4.formatIpv4(address)), address);
    }),
  );
});
test("nothing but four decimal octets is an address", () => {
  const wrong = [
    "",
    ".",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.256",
    "1.2.3.1000",
    "01.2.3.4",
    "1.2.3.00",
  ];
  for (const text of [
    ...wrong,
    "0x1.2.3.4",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\n",
    "-1.2.3.4",
    "+1.2.3.4",
    "1,2,3,4",
    "٣.2.3.4",
  ]) {
    assert.equal(ipv4.parseIpv4(text), undefined, JSON.stringify(text));
  }
  assert.deepEqual(["0.0.0.0", "255.255.255.255", "10.0.0.1"].map(ipv4.parseIpv4), [0, 0xffffffff, 0x0a000001]);
});
test("masks and prefix lengths belong together", () => {
  for (let length = 0; length <= 32; length++) assert.equal(ipv4.prefixOfMask(ipv4.maskOfPrefix(length)), length);
  for (const mask of [0xff00ff00, 0x00ffffff, 1, 0xfffffffd]) assert.equal(ipv4.prefixOfMask(mask), undefined);
});
test("subnets have a broadcast address and know their members", () => {
  const address = ipv4.parseIpv4("192.168.7.9") as number;
  assert.equal(ipv4.formatIpv4(ipv4.broadcastOf(address, 22)), "192.168.7.255");
  assert.equal(ipv4.formatIpv4(ipv4.broadcastOf(address, 0)), "255.255.255.255");
  assert.ok(ipv4.isSameSubnet(address, ipv4.parseIpv4("192.168.4.1") as number, 22));
  assert.ok(!ipv4.isSameSubnet(address, ipv4.parseIpv4("192.168.8.1") as number, 22));
  assert.ok(ipv4.isSameSubnet(address, 0, 0));
});
test("this network, loopback, multicast and reserved addresses are no hosts", () => {
  const isHost = (text: string) => ipv4.isHostIpv4(ipv4.parseIpv4(text) as number);
  assert.deepEqual(["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"].filter(isHost), []);
  assert.deepEqual(
    ["1.1.1.1", "10.0.0.1", "126.1.1.1", "128.0.0.1", "223.255.255.254"].filter((text) => !isHost(text)),
    [],
  );
});
