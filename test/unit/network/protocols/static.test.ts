import assert from "node:assert/strict";
import { test } from "node:test";
import { type StaticConfig, settingsOfStatic, staticHandler } from "../../../../src/network/protocols/static.ts";

const link = { index: 7, name: "eth0", mac: "02:00:00:00:00:aa", mtu: 1500 };
const config: StaticConfig = {
  address: "10.1.0.7",
  prefixLength: 24,
  gateway: "10.1.0.1",
  nameServers: ["10.1.0.1", "127.0.0.1"],
  searchDomains: ["example.org", "rooted.org."],
  mtu: 1400,
  routes: [{ destination: "10.9.0.0/16", gateway: "10.1.0.2" }, { destination: "0.0.0.0/0" }],
};

test("what is written down comes out as settings at once", async () => {
  const session = staticHandler.attach(link, config, {} as never);
  assert.deepEqual(await session.setup(new AbortController().signal), {
    ipv4: { family: 4, address: "10.1.0.7", prefixLength: 24, gateway: "10.1.0.1" },
    routes: config.routes,
    nameServers: config.nameServers,
    searchDomains: config.searchDomains,
    ntpServers: [],
    mtu: 1400,
  });
  await session.teardown({ force: false });
  assert.equal(staticHandler.immediate, true);
});

test("an abort before it began rejects", async () => {
  const session = staticHandler.attach(link, config, {} as never);
  await assert.rejects(session.setup(AbortSignal.abort()), { code: "OperationAborted" });
});

test("a point-to-point prefix may use its last address", () => {
  assert.equal(
    settingsOfStatic({ ...config, address: "10.1.0.1", gateway: "10.1.0.0", prefixLength: 31 }).ipv4?.address,
    "10.1.0.1",
  );
});

const refusals: readonly [Partial<StaticConfig>, RegExp][] = [
  [{ address: "10.1.0" }, /static address: "10\.1\.0" is not an IPv4 address/],
  [{ address: "fe80::1" }, /address/],
  [{ address: "0.0.0.0" }, /address: 0\.0\.0\.0 is not an address of a host/],
  [{ address: "127.0.0.1" }, /address/],
  [{ address: "224.0.0.1" }, /address/],
  [{ address: "10.1.0.255" }, /address: 10\.1\.0\.255 is the broadcast address/],
  [{ prefixLength: 0 }, /prefixLength: must be a whole number from 1 to 32/],
  [{ prefixLength: 33 }, /prefixLength/],
  [{ prefixLength: 24.5 }, /prefixLength/],
  [{ gateway: "10.1.0.7" }, /gateway: is this host itself/],
  [{ gateway: "gateway" }, /gateway/],
  [{ nameServers: ["10.1.0.1", "0.0.0.0"] }, /nameServers/],
  [{ searchDomains: ["a b"] }, /searchDomains: "a b" is not a domain name/],
  [{ mtu: 67 }, /mtu/],
  [{ mtu: 70_000 }, /mtu/],
  [{ routes: [{ destination: "10.9.0.0" }] }, /routes: "10\.9\.0\.0" is not an IPv4 network/],
  [{ routes: [{ destination: "10.9.0.1/16" }] }, /routes: 10\.9\.0\.1\/16 has bits beyond its prefix/],
  [{ routes: [{ destination: "10.9.0.0/33" }] }, /routes/],
  [{ routes: [{ destination: "10.9.0.0/16", gateway: "x" }] }, /routes/],
];
for (const [change, message] of refusals) {
  test(`${JSON.stringify(change)} is refused by name`, () => {
    assert.throws(() => settingsOfStatic({ ...config, ...change }), { code: "InvalidArguments", message });
  });
}
