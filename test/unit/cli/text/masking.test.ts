import assert from "node:assert/strict";
import { test } from "node:test";
import { Masking } from "../../../../src/cli/text/masking.ts";

test("addresses and names get stand-ins, the same ones throughout; addresses that identify no machine stay", () => {
  const masking = new Masking(["Aunt Mary", "Mary", "x"]);
  const text = [
    "eth0 02:00:00:aa:bb:01 inet 192.0.2.5/24 brd 192.0.2.255 via 192.0.2.1 12:34:56",
    "inet6 2001:db8::5/64 fe80::1 ff02::1 ::1 127.0.0.1 0.0.0.0 metric 1.2.3",
    "Service Aunt Mary of Mary; device_0200 x",
  ];
  assert.deepEqual(masking.text(text.join("\n")).split("\n"), [
    "eth0 <mac-1> inet <ipv4-1>/24 brd <ipv4-2> via <ipv4-3> 12:34:56",
    "inet6 <ipv6-1>/64 <ipv6-2> ff02::1 ::1 127.0.0.1 0.0.0.0 metric 1.2.3",
    "Service <name-1> of <name-2>; device_0200 x",
  ]);
  assert.equal(masking.text("02:00:00:AA:BB:01 at 192.0.2.5"), "<mac-1> at <ipv4-1>");
});

test("a hardware address without colons is one, too, where storage identifiers have it", () => {
  assert.equal(new Masking([]).text('device_020000aabb01 "020000aabb01"'), 'device_<mac-1> "<mac-1>"');
});
