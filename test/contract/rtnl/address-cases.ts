import assert from "node:assert/strict";
import type { AddressRequest } from "../../../src/rtnl/rtnl.ts";
import { type Cases, ownAddress, routeOn, type Scene } from "./rtnl-host.ts";

const put = (scene: Scene, address: AddressRequest) => scene.rtnl.request({ op: "put-address", address });
const remove = (scene: Scene, address: AddressRequest) => scene.rtnl.request({ op: "delete-address", address });
const kinds = (scene: Scene) => scene.takeHeard().map((delta) => delta.kind);
const shown = (scene: Scene, link: number) => scene.rtnl.snapshot.addresses(link).filter(({ family }) => family === 4);

export const addressCases: Cases = {
  "an address appears with its tag and its connected route": async (scene) => {
    const link = await scene.cable();
    scene.takeHeard();
    await put(scene, { ...ownAddress(link), broadcast: "10.0.0.255" });
    const [address] = shown(scene, link.index);
    assert.equal(address?.address, "10.0.0.2");
    assert.equal(address?.prefixLength, 24);
    assert.equal(address?.broadcast, "10.0.0.255");
    assert.equal(address?.protocol, 87);
    assert.equal(address?.validSeconds, undefined);
    assert.deepEqual(kinds(scene), ["address-added", "route-added"]);
    assert.deepEqual(scene.lines("route"), ["10.0.0.0/24 dev cable0 scope link src 10.0.0.2 proto kernel"]);
  },

  "an address put again as it is changes nothing and is not told": async (scene) => {
    const link = await scene.addressedCable();
    scene.takeHeard();
    await put(scene, ownAddress(link));
    assert.deepEqual(kinds(scene), []);
  },

  "lifetimes can be given, changed, and taken away": async (scene) => {
    const link = await scene.cable();
    await put(scene, { ...ownAddress(link), validSeconds: 3600, preferredSeconds: 1800 });
    assert.equal(shown(scene, link.index)[0]?.validSeconds, 3600);
    assert.equal(shown(scene, link.index)[0]?.preferredSeconds, 1800);
    scene.takeHeard();
    await put(scene, { ...ownAddress(link), validSeconds: 7200, preferredSeconds: 7200 });
    assert.deepEqual(kinds(scene), ["address-changed"]);
    assert.equal(shown(scene, link.index)[0]?.validSeconds, 7200);
    await put(scene, ownAddress(link));
    assert.equal(shown(scene, link.index)[0]?.validSeconds, undefined);
  },

  "an address may come without its connected route": async (scene) => {
    const link = await scene.cable();
    await put(scene, { ...ownAddress(link), noPrefixRoute: true });
    assert.deepEqual(scene.lines("route"), []);
  },

  "a whole address has no connected route; one with a peer has a route to it": async (scene) => {
    const link = await scene.cable();
    await put(scene, { ...ownAddress(link), address: "192.0.2.7", prefixLength: 32 });
    assert.deepEqual(scene.lines("route"), []);
    await put(scene, { ...ownAddress(link), prefixLength: 32, peer: "10.0.0.9" });
    assert.equal(shown(scene, link.index)[1]?.peer, "10.0.0.9");
    assert.deepEqual(scene.lines("route"), ["10.0.0.9/32 dev cable0 scope link src 10.0.0.2 proto kernel"]);
  },

  "an address that is not there cannot be removed": async (scene) => {
    const link = await scene.cable();
    const error = await scene.refused({ op: "delete-address", address: ownAddress(link) });
    assert.equal(error.code, "EADDRNOTAVAIL");
    assert.match(error.detail ?? "", /address not found/i);
  },

  "text that is no address of the family is refused before the kernel sees it": async (scene) => {
    const link = await scene.cable();
    for (const address of ["10.0.0", "10.0.0.256", "2001:db8::1", "", "10.0.0.1/24"]) {
      const error = await scene.refused({ op: "put-address", address: { ...ownAddress(link), address } });
      assert.equal(error.code, "EINVAL", address);
    }
    assert.deepEqual(shown(scene, link.index), []);
  },

  "a prefix length beyond the family's is refused": async (scene) => {
    const link = await scene.cable();
    const error = await scene.refused({ op: "put-address", address: { ...ownAddress(link), prefixLength: 33 } });
    assert.equal(error.code, "EINVAL");
  },

  "with the first address of a subnet the later ones go": async (scene) => {
    const link = await scene.addressedCable();
    await put(scene, { ...ownAddress(link), address: "10.0.0.3" });
    await put(scene, { ...ownAddress(link), address: "10.1.0.3" });
    assert.equal(shown(scene, link.index).find(({ address }) => address === "10.0.0.3")?.flags, 0x81);
    await remove(scene, ownAddress(link));
    assert.deepEqual(
      shown(scene, link.index).map(({ address }) => address),
      ["10.1.0.3"],
    );
    assert.deepEqual(scene.lines("route"), ["10.1.0.0/24 dev cable0 scope link src 10.1.0.3 proto kernel"]);
  },

  "with an address the routes go that used it as their source": async (scene) => {
    const link = await scene.addressedCable();
    await put(scene, { ...ownAddress(link), address: "10.1.0.3" });
    await scene.put(routeOn(link, "10.8.0.0/16", { preferredSource: "10.0.0.2", scope: 253 }));
    await scene.put(routeOn(link, "10.9.0.0/16", { preferredSource: "10.1.0.3", scope: 253 }));
    await remove(scene, ownAddress(link));
    assert.deepEqual(scene.lines("route"), [
      "10.1.0.0/24 dev cable0 scope link src 10.1.0.3 proto kernel",
      "10.9.0.0/16 dev cable0 metric 100 scope link src 10.1.0.3 proto 87",
    ]);
  },

  "with the last IPv4 address of a link all its IPv4 routes go, in every table": async (scene) => {
    const link = await scene.addressedCable();
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1" }));
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1", table: 1007 }));
    await remove(scene, ownAddress(link));
    assert.deepEqual(scene.lines("route"), []);
  },

  "a link that goes down keeps its IPv4 addresses, loses its routes, and gets the connected ones back": async (
    scene,
  ) => {
    const link = await scene.addressedCable();
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1" }));
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1", table: 1007 }));
    await scene.setUp("cable0", false);
    assert.equal(shown(scene, link.index).length, 1);
    assert.deepEqual(scene.lines("route"), []);
    await scene.setUp("cable0");
    assert.deepEqual(scene.lines("route"), ["10.0.0.0/24 dev cable0 scope link src 10.0.0.2 proto kernel"]);
  },

  "a link whose carrier goes keeps addresses and routes": async (scene) => {
    const link = await scene.addressedCable();
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1" }));
    await scene.setUp("far0", false);
    await scene.until("carrier is lost", () => !scene.link("cable0").hasCarrier);
    assert.equal(shown(scene, link.index).length, 1);
    assert.equal(scene.lines("route").length, 2);
  },

  "an IPv6 address appears in its canonical form and has its connected route": async (scene) => {
    const link = await scene.cable();
    const address = { link: link.index, family: 6, address: "2001:0DB8:0:0::0002", prefixLength: 64 } as const;
    await put(scene, { ...address, protocol: 87 });
    const find = () => scene.rtnl.snapshot.addresses(link.index).find((known) => known.address === "2001:db8::2");
    await scene.until("the address is there", () => find() !== undefined);
    assert.equal(find()?.protocol, 87);
    assert.equal(find()?.scope, 0);
    assert.deepEqual(scene.lines("route"), ["-6 2001:db8::/64 dev cable0 metric 256 proto kernel"]);
    await remove(scene, address);
    assert.equal(find(), undefined);
    assert.deepEqual(scene.lines("route"), []);
  },

  "an IPv6 address that is there keeps its prefix length, against any request": async (scene) => {
    const link = await scene.cable();
    const address = { link: link.index, family: 6, address: "2001:db8::2", prefixLength: 64 } as const;
    await put(scene, address);
    await put(scene, { ...address, prefixLength: 48 });
    await scene.until("the address is there", () => scene.rtnl.snapshot.addresses(link.index).length === 1);
    assert.equal(scene.rtnl.snapshot.addresses(link.index)[0]?.prefixLength, 64);
  },

  "a link that goes down loses its IPv6 addresses": async (scene) => {
    const link = await scene.cable();
    await put(scene, { link: link.index, family: 6, address: "2001:db8::2", prefixLength: 64 });
    await scene.until("the address is there", () => scene.rtnl.snapshot.addresses(link.index).length === 1);
    await scene.setUp("cable0", false);
    await scene.until("the address is gone", () => scene.rtnl.snapshot.addresses(link.index).length === 0);
    assert.deepEqual(scene.lines("route"), []);
  },
};
