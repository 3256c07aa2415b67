import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConflictObserver } from "../../../src/network/protocols/address-conflict.ts";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import { machine } from "./machine.ts";

const otherMac = "02:00:00:00:00:bb";

test("another host with a fixed address changes no state: the reason and the history name it, until it is gone", async (t) => {
  const observers: ConflictObserver[] = [];
  const it = await machine(t, ["eth0"], {
    guard: (_link, observer) => {
      observers.push(observer);
      return { watch() {}, again() {}, stop() {} };
    },
  });
  const service = it.service("eth0");
  service.setStaticIp({ ...emptyStaticIp, address: "10.0.0.77", prefixLength: 24 });
  await it.settle();
  const { state } = service;
  observers[0]?.onConflict(otherMac);
  const conflict = `10.0.0.77 is also used by ${otherMac}; it stays, as it is fixed`;
  assert.equal(service.state, state);
  assert.equal(service.connection.reason, conflict);
  const newest = () => {
    const [entry] = it.manager.feed.history.newest(1);
    return [entry?.kind, entry?.object, entry?.because];
  };
  assert.deepEqual(newest(), ["address-conflict", "/device/eth0", conflict]);
  observers[0]?.onFree();
  const over = "no other host answers for 10.0.0.77 any more";
  assert.equal(service.connection.reason, over);
  assert.deepEqual(newest(), ["address-conflict", "/device/eth0", over]);
});

test("a leased address that another host has ends the connection with that host's MAC as the reason", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  assert.equal(service.state, "ready");
  it.dhcp.servers.clear();
  const { host } = it.dhcp.session("eth0");
  host.conflict?.("192.0.2.10", otherMac);
  host.lost("address-conflict");
  await it.settle();
  const reasons = it.manager.feed.history.newest().map(({ kind, because }) => `${kind}: ${because}`);
  const conflict = `192.0.2.10 is also used by ${otherMac}; another one is asked for`;
  assert.ok(reasons.includes(`address-conflict: ${conflict}`), reasons.join("\n"));
  assert.ok(reasons.includes(`service-state-changed: ready -> configuration: ${conflict}`), reasons.join("\n"));
});
