import assert from "node:assert/strict";
import { test } from "node:test";
import { heldAddresses } from "../../../../src/network/protocols/dhcp4/lease-age.ts";

const address = { link: 2, family: 4, address: "10.1.0.5", prefixLength: 24, scope: 0, flags: 0 } as const;

test("the life that the kernel counted goes on since it told of it, and never below nothing", () => {
  const left = (toldAgoMs: number) =>
    heldAddresses([{ ...address, validSeconds: 100 }], toldAgoMs)[0]?.remainingSeconds;
  assert.deepEqual([left(0), left(30_000), left(1e9)], [100, 70, 0]);
});

test("an address without end stays without", () => {
  assert.deepEqual(heldAddresses([address], 5000), [{ address: "10.1.0.5", prefixLength: 24 }]);
});
