import assert from "node:assert/strict";
import type { Delta } from "../../../src/rtnl/rtnl.ts";
import { type Cases, cableMac, ownAddress, routeOn, type Scene } from "./rtnl-host.ts";

const linkDeltas = (deltas: readonly Delta[]) =>
  deltas.flatMap((delta) => ("link" in delta ? [`${delta.kind} ${delta.link.name}`] : []));

async function nameRefused(scene: Scene, name: string): Promise<string> {
  const { index } = scene.link("cable0");
  return (await scene.refused({ op: "set-link", link: index, change: { name } })).code;
}

export const linkCases: Cases = {
  "a pair of links appears with both its ends, down and tied to each other": async (scene) => {
    await scene.rtnl.request({
      op: "add-link",
      link: { kind: "veth", name: "cable0", peerName: "far0", mac: cableMac },
    });
    const near = scene.link("cable0");
    const far = scene.link("far0");
    assert.equal(near.kind, "veth");
    assert.equal(near.mac, cableMac);
    assert.equal(near.lowerLink, far.index);
    assert.equal(near.isUp, false);
    assert.equal(near.hasCarrier, false);
    assert.equal(near.isLowerLinkForeign, false);
    assert.equal(near.mtu, 1500);
    await scene.until("the peer knows its other end", () => scene.link("far0").lowerLink === near.index);
  },

  "a cable has carrier exactly while both its ends are up": async (scene) => {
    await scene.cable();
    assert.equal(scene.link("cable0").hasCarrier, true);
    await scene.setUp("far0", false);
    await scene.until("carrier is lost", () => !scene.link("cable0").hasCarrier);
    assert.equal(scene.link("cable0").isUp, true);
    assert.equal(scene.link("cable0").operState, 3);
    await scene.setUp("far0");
    await scene.until("carrier is back", () => scene.link("cable0").operState === 6);
  },

  "a request resolves after its own effect was told": async (scene) => {
    await scene.cable();
    scene.takeHeard();
    await scene.rtnl.request({ op: "set-link", link: scene.link("cable0").index, change: { mtu: 1400 } });
    const [delta] = scene.takeHeard();
    assert.equal(delta?.reason, "own-request");
    assert.ok(delta.kind === "link-changed" && delta.before.mtu === 1500 && delta.link.mtu === 1400);
    assert.equal(scene.link("cable0").mtu, 1400);
  },

  "another program's change is told as an event": async (scene) => {
    const { index } = await scene.cable();
    scene.takeHeard();
    await scene.host.outside({ op: "set-link", link: index, change: { mtu: 1300 } });
    await scene.until("the change is heard", () => scene.link("cable0").mtu === 1300);
    assert.equal(scene.takeHeard()[0]?.reason, "event");
  },

  "a link's alias is set, told, and taken away": async (scene) => {
    const { index } = await scene.cable();
    await scene.rtnl.request({ op: "set-link", link: index, change: { alias: "to the hall, über" } });
    assert.equal(scene.link("cable0").alias, "to the hall, über");
    await scene.rtnl.request({ op: "set-link", link: index, change: { alias: "" } });
    assert.equal(scene.link("cable0").alias, undefined);
  },

  "an MTU outside of the link's range is refused with the kernel's reason": async (scene) => {
    const { index, minMtu, maxMtu } = await scene.cable();
    assert.equal(minMtu, 68);
    const small = await scene.refused({ op: "set-link", link: index, change: { mtu: 67 } });
    assert.equal(small.code, "EINVAL");
    assert.equal(small.errno, 22);
    assert.match(small.detail ?? "", /less than device minimum/);
    const large = await scene.refused({ op: "set-link", link: index, change: { mtu: (maxMtu ?? 0) + 1 } });
    assert.match(large.detail ?? "", /greater than device maximum/);
    assert.match(large.message, /set-link .*mtu.*EINVAL/);
  },

  "a MAC can be set, unless it is one of a group": async (scene) => {
    const { index } = await scene.cable();
    await scene.rtnl.request({ op: "set-link", link: index, change: { mac: "02:AA:00:00:00:FF" } });
    assert.equal(scene.link("cable0").mac, "02:aa:00:00:00:ff");
    const error = await scene.refused({ op: "set-link", link: index, change: { mac: "01:00:5e:00:00:01" } });
    assert.equal(error.code, "EADDRNOTAVAIL");
    assert.equal((await scene.refused({ op: "set-link", link: index, change: { mac: "2:3" } })).code, "EINVAL");
  },

  "the length of the transmit queue can be set": async (scene) => {
    const { index } = await scene.cable();
    await scene.rtnl.request({ op: "set-link", link: index, change: { txQueueLength: 77 } });
    assert.equal(scene.link("cable0").txQueueLength, 77);
  },

  "a renamed link is the same link under another name": async (scene) => {
    const { index } = await scene.cable();
    await scene.setUp("cable0", false);
    scene.takeHeard();
    await scene.rtnl.request({ op: "set-link", link: index, change: { name: "uplink" } });
    assert.equal(scene.link("uplink").index, index);
    assert.equal(scene.rtnl.snapshot.linkByName("cable0"), undefined);
    // Other news of either end, as of its IPv6 side, may come before and after.
    const renamed = scene
      .takeHeard()
      .flatMap((delta) => (delta.kind === "link-changed" ? [[delta.before.name, delta.link.name]] : []))
      .filter(([before, after]) => before !== after);
    assert.deepEqual(renamed, [["cable0", "uplink"]]);
  },

  "a name that is taken, empty, too long or no name is refused": async (scene) => {
    await scene.cable();
    assert.equal(await nameRefused(scene, "far0"), "EEXIST");
    assert.equal(await nameRefused(scene, "a/b"), "EINVAL");
    assert.equal(await nameRefused(scene, "with space"), "EINVAL");
    assert.equal(await nameRefused(scene, ".."), "EINVAL");
    assert.equal(await nameRefused(scene, "sixteen-letters-"), "ERANGE");
    assert.equal(await nameRefused(scene, "zero\0byte"), "EINVAL");
    const again = await scene.refused({ op: "add-link", link: { kind: "bridge", name: "cable0" } });
    assert.equal(again.code, "EEXIST");
  },

  "a link that is not there cannot be changed, addressed, routed over or removed": async (scene) => {
    const ghost = { ...(await scene.cable()), index: 9999 };
    const requests = [
      { op: "set-link", link: ghost.index, change: { mtu: 1400 } },
      { op: "delete-link", link: ghost.index },
      { op: "put-address", address: ownAddress(ghost) },
      { op: "delete-address", address: ownAddress(ghost) },
      { op: "put-route", route: routeOn(ghost, "10.9.0.0/16") },
    ] as const;
    for (const request of requests) assert.equal((await scene.refused(request)).code, "ENODEV", request.op);
  },

  "a removed link takes its other end, addresses and routes along, and is told last": async (scene) => {
    const link = await scene.addressedCable();
    await scene.put(routeOn(link, "10.9.0.0/16", { gateway: "10.0.0.1" }));
    scene.takeHeard();
    await scene.rtnl.request({ op: "delete-link", link: link.index });
    const heard = scene.takeHeard();
    assert.deepEqual(
      linkDeltas(heard)
        .filter((text) => text.startsWith("link-removed"))
        .sort(),
      ["link-removed cable0", "link-removed far0"],
    );
    const goneAt = heard.findIndex((delta) => delta.kind === "link-removed" && delta.link.name === "cable0");
    const kinds = heard.slice(0, goneAt).map((delta) => delta.kind);
    assert.ok(kinds.includes("address-removed"));
    assert.equal(kinds.filter((kind) => kind === "route-removed").length, 2);
    assert.deepEqual(scene.rtnl.snapshot.addresses(link.index), []);
    assert.deepEqual(scene.rtnl.snapshot.routes({ link: link.index }), []);
  },

  "a link that is made again under its old name has another index": async (scene) => {
    const { index } = await scene.cable();
    await scene.rtnl.request({ op: "delete-link", link: index });
    const far = await scene.cable();
    assert.ok(far.index > index);
  },

  "the loopback link cannot be removed": async (scene) => {
    assert.equal((await scene.refused({ op: "delete-link", link: 1 })).code, "EOPNOTSUPP");
  },

  "a bridge has carrier as long as one of its ports has, and before its first port": async (scene) => {
    if (!(await scene.add({ kind: "bridge", name: "bridge0" }))) return;
    await scene.cable();
    await scene.setUp("bridge0");
    await scene.until("the new bridge claims carrier", () => scene.link("bridge0").hasCarrier);
    await scene.setUp("far0", false);
    const { index } = scene.link("cable0");
    await scene.rtnl.request({ op: "set-link", link: index, change: { master: scene.link("bridge0").index } });
    assert.equal(scene.link("cable0").master, scene.link("bridge0").index);
    await scene.until("no port has carrier", () => !scene.link("bridge0").hasCarrier);
    await scene.setUp("far0");
    await scene.until("a port has carrier", () => scene.link("bridge0").operState === 6);
    assert.equal(scene.link("bridge0").mac, cableMac);
    await scene.rtnl.request({ op: "set-link", link: index, change: { master: 0 } });
    await scene.until("no port is left", () => !scene.link("bridge0").hasCarrier);
    await scene.until("no address is left", () => scene.link("bridge0").mac === "00:00:00:00:00:00");
  },

  "a port that leaves its bridge is still there": async (scene) => {
    if (!(await scene.add({ kind: "bridge", name: "bridge0" }))) return;
    const { index } = await scene.cable();
    await scene.rtnl.request({ op: "set-link", link: index, change: { master: scene.link("bridge0").index } });
    await scene.rtnl.request({ op: "set-link", link: index, change: { master: 0 } });
    assert.equal(scene.link("cable0").master, undefined);
    assert.equal(scene.link("cable0").index, index);
  },

  "only a bridge takes ports": async (scene) => {
    const { index } = await scene.cable();
    const far = scene.link("far0").index;
    assert.equal((await scene.refused({ op: "set-link", link: index, change: { master: far } })).code, "EOPNOTSUPP");
    assert.equal((await scene.refused({ op: "set-link", link: index, change: { master: 9999 } })).code, "EINVAL");
  },

  "a macvlan stands on its lower link and follows its carrier": async (scene) => {
    const { index } = await scene.cable();
    if (!(await scene.add({ kind: "macvlan", name: "mac0", lowerLink: index, mode: "bridge" }))) return;
    assert.equal(scene.link("mac0").lowerLink, index);
    assert.equal(scene.link("mac0").kind, "macvlan");
    await scene.setUp("mac0");
    await scene.until("the macvlan has carrier", () => scene.link("mac0").hasCarrier);
    await scene.setUp("far0", false);
    await scene.until("the macvlan has lost carrier", () => !scene.link("mac0").hasCarrier);
    await scene.rtnl.request({ op: "delete-link", link: index });
    await scene.until("it went with its lower link", () => scene.rtnl.snapshot.linkByName("mac0") === undefined);
  },

  "a VLAN stands on its lower link, once for each number": async (scene) => {
    const { index, mac } = await scene.cable();
    if (!(await scene.add({ kind: "vlan", name: "vlan5", lowerLink: index, vlanId: 5 }))) return;
    assert.equal(scene.link("vlan5").lowerLink, index);
    assert.equal(scene.link("vlan5").mac, mac);
    const again = { kind: "vlan", name: "again", lowerLink: index, vlanId: 5 } as const;
    assert.equal((await scene.refused({ op: "add-link", link: again })).code, "EEXIST");
  },

  "a dummy has carrier as soon as it is up": async (scene) => {
    if (!(await scene.add({ kind: "dummy", name: "dummy0" }))) return;
    await scene.setUp("dummy0");
    await scene.until("the dummy has carrier", () => scene.link("dummy0").hasCarrier);
  },

  "a link that moves to another namespace is removed, and its other end says where it hangs": async (scene) => {
    const { index } = await scene.addressedCable();
    scene.takeHeard();
    const change = { namespaceOfPid: scene.host.foreignPid() };
    await scene.rtnl.request({ op: "set-link", link: index, change });
    await scene.until("the link is gone", () => scene.rtnl.snapshot.linkByName("cable0") === undefined);
    assert.ok(linkDeltas(scene.heard).includes("link-removed cable0"));
    await scene.until("its other end is foreign", () => scene.link("far0").isLowerLinkForeign);
    assert.deepEqual(scene.rtnl.snapshot.routes({ link: index }), []);
  },
};
