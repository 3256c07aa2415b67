import assert from "node:assert/strict";
import { type Cases, ownAddress, routeOn } from "./rtnl-host.ts";

export const portCases: Cases = {
  "start tells everything that is there as added, links before what is on them": async (scene) => {
    assert.ok(scene.heard.every((delta) => delta.reason === "resync"));
    const kinds = scene.heard.map((delta) => delta.kind);
    assert.equal(kinds[0], "link-added");
    assert.ok(kinds.lastIndexOf("link-added") < kinds.indexOf("address-added"));
    assert.equal(kinds.filter((kind) => kind === "rule-added").length, 5);
    assert.equal(scene.link("lo").isLoopback, true);
    assert.equal(scene.link("lo").hardwareType, 772);
    assert.equal(scene.link("lo").index, 1);
  },

  "in a batch the later requests run even if earlier ones are refused": async (scene) => {
    const link = await scene.cable();
    const results = await scene.rtnl.batch([
      { op: "put-address", address: ownAddress(link) },
      { op: "put-route", route: routeOn(link, "10.8.0.0/16", { gateway: "192.0.2.1" }) },
      { op: "put-route", route: routeOn(link, "not an address") },
      { op: "put-route", route: routeOn(link, "10.9.0.0/16", { gateway: "10.0.0.1" }) },
    ]);
    assert.deepEqual(
      results.map((error) => error?.code),
      [undefined, "ENETUNREACH", "EINVAL", undefined],
    );
    assert.equal(scene.lines("route").length, 2);
  },

  "a batch may be empty, and may be long": async (scene) => {
    const link = await scene.addressedCable();
    assert.deepEqual(await scene.rtnl.batch([]), []);
    const destinations = Array.from({ length: 600 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`).slice(1);
    const results = await scene.rtnl.batch(
      destinations.map((destination) => ({ op: "put-route", route: routeOn(link, destination, { scope: 253 }) })),
    );
    assert.ok(results.every((error) => error === undefined));
    assert.equal(scene.rtnl.snapshot.routes({ link: link.index }).length, 600);
  },

  "a listener that throws keeps no other from hearing": async (scene) => {
    let heard = 0;
    scene.rtnl.onDelta(() => {
      throw new Error("a fault of the listener");
    });
    const cancel = scene.rtnl.onDelta(() => heard++);
    await scene.cable();
    assert.ok(heard > 0);
    cancel();
    heard = 0;
    await scene.setUp("cable0", false);
    assert.equal(heard, 0);
  },

  "a carrier that comes is told ahead of its delta, and one that goes is not": async (scene) => {
    if (!(await scene.add({ kind: "dummy", name: "cable0" }))) return;
    await scene.setUp("cable0");
    const { index } = scene.link("cable0");
    const told: string[] = [];
    scene.rtnl.onCarrier((link) => told.push(`carrier of ${link === index ? "cable0" : link}`));
    scene.rtnl.onDelta((delta) => {
      if (delta.kind !== "link-changed" || delta.link.hasCarrier === delta.before.hasCarrier) return;
      told.push(delta.link.hasCarrier ? "delta" : "loss");
    });
    scene.host.setCarrier(scene.link("cable0"), false);
    await scene.until("the carrier is lost", () => told.length > 0);
    scene.host.setCarrier(scene.link("cable0"), true);
    await scene.until("the carrier is back", () => told.includes("delta"));
    assert.deepEqual(told, ["loss", "carrier of cable0", "delta"]);
  },

  "a listener may make requests, and all listeners hear the deltas in the same order": async (scene) => {
    const { index } = await scene.cable();
    const first: string[] = [];
    const second: string[] = [];
    const answers: Promise<void>[] = [];
    scene.rtnl.onDelta((delta) => {
      if (delta.kind !== "link-changed") return;
      first.push(`${delta.link.mtu} ${delta.link.txQueueLength}`);
      if (delta.link.mtu === 1400 && delta.link.txQueueLength === 1000) {
        answers.push(scene.rtnl.request({ op: "set-link", link: index, change: { txQueueLength: 55 } }));
      }
    });
    scene.rtnl.onDelta((delta) => {
      if (delta.kind === "link-changed") second.push(`${delta.link.mtu} ${delta.link.txQueueLength}`);
    });
    await scene.rtnl.request({ op: "set-link", link: index, change: { mtu: 1400 } });
    await Promise.all(answers);
    assert.deepEqual(first, ["1400 1000", "1400 55"]);
    assert.deepEqual(second, first);
  },

  "requests made at once are carried out in their order": async (scene) => {
    const { index } = await scene.cable();
    const mtus = [1400, 1401, 1402, 1403];
    scene.takeHeard();
    await Promise.all(mtus.map((mtu) => scene.rtnl.request({ op: "set-link", link: index, change: { mtu } })));
    const heard = scene.takeHeard().flatMap((delta) => (delta.kind === "link-changed" ? [delta.link.mtu] : []));
    assert.deepEqual(heard, mtus);
  },

  "the neighbours of a link can be asked for": async (scene) => {
    const link = await scene.addressedCable();
    scene.host.addNeighbour(link, "10.0.0.1", "02:00:00:00:00:99");
    const neighbours = await scene.rtnl.neighbours(link.index);
    assert.deepEqual(
      neighbours.filter(({ family }) => family === 4),
      [{ link: link.index, family: 4, address: "10.0.0.1", mac: "02:00:00:00:00:99", state: 0x80 }],
    );
    assert.deepEqual(await scene.rtnl.neighbours(9999), []);
  },

  "a neighbour can be asked for, and a known one begins anew": async (scene) => {
    const link = await scene.addressedCable();
    const ask = (index: number, address: string) =>
      scene.rtnl.request({ op: "resolve-neighbour", link: index, family: 4, neighbour: address });
    await ask(link.index, "10.0.0.77");
    const [asked] = (await scene.rtnl.neighbours(link.index)).filter(({ family }) => family === 4);
    assert.deepEqual([asked?.address, asked?.mac], ["10.0.0.77", undefined]);
    scene.host.addNeighbour(link, "10.0.0.1", "02:00:00:00:00:99");
    await ask(link.index, "10.0.0.1");
    const known = (await scene.rtnl.neighbours(link.index)).find(({ address }) => address === "10.0.0.1");
    assert.deepEqual([known?.mac, known?.state], [undefined, 0x01]);
    await assert.rejects(ask(9999, "10.0.0.77"), { code: "ENODEV" });
    await assert.rejects(ask(link.index, "2001:db8::1"), { code: "EINVAL" });
  },

  "counters tell of deltas and requests": async (scene) => {
    const before = scene.rtnl.counters;
    await scene.cable();
    const { deltas, requests, overruns, malformed, spoofed } = scene.rtnl.counters;
    assert.ok(deltas > before.deltas);
    assert.equal(requests - before.requests, 3);
    assert.deepEqual([overruns, malformed, spoofed], [0, 0, 0]);
  },

  "after close every request is refused and nothing is told": async (scene) => {
    const { index } = await scene.cable();
    await scene.assertTrue();
    scene.rtnl.close();
    scene.rtnl.close();
    scene.takeHeard();
    const error = await scene.refused({ op: "set-link", link: index, change: { mtu: 1400 } });
    assert.ok(["EBADF", "ECANCELED"].includes(error.code), error.code);
    assert.deepEqual(scene.takeHeard(), []);
  },
};
