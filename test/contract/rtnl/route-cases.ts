import assert from "node:assert/strict";
import type { Route } from "../../../src/rtnl/rtnl.ts";
import { type Cases, routeOn, type Scene } from "./rtnl-host.ts";

const remove = (scene: Scene, route: Route) => scene.rtnl.request({ op: "delete-route", route });
const refused = (scene: Scene, route: Route) => scene.refused({ op: "put-route", route });
const ours = (scene: Scene) => scene.lines("route").filter((line) => line.includes("proto 87"));
const withoutLink = ({ link: _link, ...route }: Route): Route => route;

async function ipv6Cable(scene: Scene) {
  const link = await scene.cable();
  const address = { link: link.index, family: 6, address: "2001:db8::2", prefixLength: 64 } as const;
  await scene.rtnl.request({ op: "put-address", address });
  await scene.until("the address is there", () => scene.rtnl.snapshot.addresses(link.index).length === 1);
  return link;
}

export const routeCases: Cases = {
  "a default route shows all that it was made with": async (scene) => {
    const link = await scene.addressedCable();
    const route = routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1", preferredSource: "10.0.0.2", mtu: 1400 });
    scene.takeHeard();
    await scene.put(route);
    assert.deepEqual(scene.takeHeard(), [{ kind: "route-added", reason: "own-request", route }]);
    assert.deepEqual(ours(scene), ["default via 10.0.0.1 dev cable0 metric 100 src 10.0.0.2 proto 87 mtu 1400"]);
  },

  "a route with the same table, destination and metric is replaced, and put again is left alone": async (scene) => {
    const link = await scene.addressedCable();
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1" }));
    scene.takeHeard();
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.9" }));
    assert.deepEqual(
      scene.takeHeard().map(({ kind }) => kind),
      ["route-removed", "route-added"],
    );
    await scene.put(routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.9" }));
    assert.deepEqual(scene.takeHeard(), []);
    assert.deepEqual(ours(scene), ["default via 10.0.0.9 dev cable0 metric 100 proto 87"]);
  },

  "routes that differ in metric or table stand side by side": async (scene) => {
    const link = await scene.addressedCable();
    const route = routeOn(link, "0.0.0.0/0", { gateway: "10.0.0.1" });
    await scene.put(route);
    await scene.put({ ...route, metric: 200 });
    await scene.put({ ...route, table: 1007 });
    await scene.put({ ...route, table: 7 });
    assert.deepEqual(ours(scene), [
      "default via 10.0.0.1 dev cable0 metric 100 proto 87",
      "default via 10.0.0.1 dev cable0 metric 200 proto 87",
      "default via 10.0.0.1 dev cable0 table 1007 metric 100 proto 87",
      "default via 10.0.0.1 dev cable0 table 7 metric 100 proto 87",
    ]);
    assert.equal(scene.rtnl.snapshot.routes({ table: 1007 }).length, 1);
    assert.equal(scene.rtnl.snapshot.routes({ table: 1007, link: link.index }).length, 1);
    assert.equal(scene.rtnl.snapshot.routes({ table: 1007, link: 1 }).length, 0);
    assert.equal(scene.rtnl.snapshot.routes({ link: link.index }).length, 5);
  },

  "a removed route is told, and cannot be removed again": async (scene) => {
    const link = await scene.addressedCable();
    const route = routeOn(link, "10.9.0.0/16", { gateway: "10.0.0.1" });
    await scene.put(route);
    scene.takeHeard();
    await remove(scene, route);
    assert.deepEqual(scene.takeHeard(), [{ kind: "route-removed", reason: "own-request", route }]);
    assert.equal((await scene.refused({ op: "delete-route", route })).code, "ESRCH");
  },

  "a route is removed only if metric, gateway and protocol are right": async (scene) => {
    const link = await scene.addressedCable();
    const route = routeOn(link, "10.9.0.0/16", { gateway: "10.0.0.1" });
    await scene.put(route);
    for (const wrong of [{ metric: 101 }, { gateway: "10.0.0.3" }, { protocol: 88 }, { table: 7 }]) {
      const error = await scene.refused({ op: "delete-route", route: { ...route, ...wrong } });
      assert.equal(error.code, "ESRCH", JSON.stringify(wrong));
    }
    assert.equal(ours(scene).length, 1);
  },

  "a gateway must be in reach, unless the route says that it is on the link": async (scene) => {
    const link = await scene.addressedCable();
    const route = routeOn(link, "10.9.0.0/16", { gateway: "10.7.0.1" });
    const error = await refused(scene, route);
    assert.equal(error.code, "ENETUNREACH");
    assert.match(error.detail ?? "", /Nexthop has invalid gateway/);
    await scene.put({ ...route, isOnLink: true });
    assert.deepEqual(ours(scene), ["10.9.0.0/16 via 10.7.0.1 dev cable0 metric 100 proto 87 onlink"]);
  },

  "a gateway behind a gateway is out of reach": async (scene) => {
    const link = await scene.addressedCable();
    await scene.put(routeOn(link, "10.7.0.0/16", { gateway: "10.0.0.1" }));
    const error = await refused(scene, routeOn(link, "10.9.0.0/16", { gateway: "10.7.0.1" }));
    assert.equal(error.code, "ENETUNREACH");
  },

  "a source must be an address of this machine": async (scene) => {
    const link = await scene.addressedCable();
    const error = await refused(scene, routeOn(link, "10.9.0.0/16", { preferredSource: "10.0.0.99" }));
    assert.equal(error.code, "EINVAL");
    assert.match(error.detail ?? "", /prefsrc/);
  },

  "no route leads over a link that is down": async (scene) => {
    const link = await scene.addressedCable();
    await scene.setUp("cable0", false);
    assert.equal((await refused(scene, routeOn(link, "10.9.0.0/16", { scope: 253 }))).code, "ENETDOWN");
    const onLink = routeOn(link, "10.9.0.0/16", { gateway: "10.0.0.1", isOnLink: true });
    assert.equal((await refused(scene, onLink)).code, "ENETDOWN");
  },

  "a destination with bits beyond its length is refused": async (scene) => {
    const link = await scene.addressedCable();
    assert.equal((await refused(scene, routeOn(link, "10.9.0.1/16", { scope: 253 }))).code, "EINVAL");
    assert.equal((await refused(scene, routeOn(link, "10.9.0.0/33", { scope: 253 }))).code, "EINVAL");
    assert.equal((await refused(scene, { ...routeOn(link, "2001:db8::/32"), family: 4 })).code, "EINVAL");
  },

  "routes that lead nowhere need no link": async (scene) => {
    const link = await scene.addressedCable();
    for (const type of ["unreachable", "blackhole", "prohibit", "throw"] as const) {
      const route = withoutLink(routeOn(link, "10.9.0.0/16", { type, metric: 7, table: 1007 }));
      await scene.put(route);
      assert.deepEqual(scene.rtnl.snapshot.routes({ table: 1007 }), [route]);
    }
    await remove(scene, withoutLink(routeOn(link, "10.9.0.0/16", { type: "throw", metric: 7, table: 1007 })));
    assert.deepEqual(scene.rtnl.snapshot.routes({ table: 1007 }), []);
  },

  "IPv6 routes that lead nowhere show no link": async (scene) => {
    const link = await scene.cable();
    const route = withoutLink(routeOn(link, "2001:db8:9::/48", { type: "unreachable", metric: 7, table: 1007 }));
    await scene.put(route);
    assert.deepEqual(scene.rtnl.snapshot.routes({ table: 1007 }), [route]);
    await remove(scene, route);
    assert.deepEqual(scene.rtnl.snapshot.routes({ table: 1007 }), []);
  },

  "an IPv6 route without a metric gets the kernel's own": async (scene) => {
    const link = await ipv6Cable(scene);
    await scene.put(routeOn(link, "::/0", { gateway: "2001:db8::1", metric: 0 }));
    assert.deepEqual(ours(scene), ["-6 default via 2001:db8::1 dev cable0 metric 1024 proto 87"]);
    await remove(scene, routeOn(link, "::/0", { gateway: "2001:db8::1", metric: 0 }));
    assert.deepEqual(ours(scene), []);
  },

  "an IPv6 gateway may be link-local, or must be in reach": async (scene) => {
    const link = await ipv6Cable(scene);
    await scene.put(routeOn(link, "::/0", { gateway: "fe80::1" }));
    const error = await refused(scene, routeOn(link, "2001:db8:9::/48", { gateway: "2001:db9::1" }));
    assert.equal(error.code, "EHOSTUNREACH");
    assert.deepEqual(ours(scene), ["-6 default via fe80::1 dev cable0 metric 100 proto 87"]);
  },

  "an IPv6 route is replaced by one over another link, as the kernel does": async (scene) => {
    const link = await ipv6Cable(scene);
    await scene.put(routeOn(link, "::/0", { gateway: "fe80::1" }));
    await scene.put(routeOn(scene.link("far0"), "::/0", { gateway: "fe80::2" }));
    assert.deepEqual(ours(scene), ["-6 default via fe80::2 dev far0 metric 100 proto 87"]);
  },

  "a route made by another program is told, and its removal too": async (scene) => {
    const link = await scene.addressedCable();
    const route = routeOn(link, "10.9.0.0/16", { gateway: "10.0.0.1", protocol: 4 });
    await scene.host.outside({ op: "put-route", route });
    await scene.until("the route is there", () => scene.lines("route").length === 2);
    await scene.host.outside({ op: "delete-route", route });
    await scene.until("the route is gone", () => scene.lines("route").length === 1);
  },
};
