import assert from "node:assert/strict";
import { isDeprecated, isPermanent, isTentative } from "../../../src/rtnl/address-flags.ts";
import type { HeardRouterOption, Link, RouterOption } from "../../../src/rtnl/rtnl.ts";
import type { Advertisement } from "../../harness/router-advertisement.ts";
import { type Cases, routeOn, type Scene } from "./rtnl-host.ts";

const router = "fe80::99";
const prefix = { prefix: "2001:db8:1::/64", validSeconds: 3600, preferredSeconds: 1800 };
const ad = (more: Partial<Advertisement> = {}): Advertisement => ({ router, lifetimeSeconds: 1800, ...more });

const defaultRoutes = (scene: Scene, link: Link) =>
  scene.rtnl.snapshot.routes({ link: link.index, table: 254 }).filter(({ destination }) => destination === "::/0");
const madeAddress = (scene: Scene, link: Link) =>
  scene.rtnl.snapshot.addresses(link.index).find(({ address }) => address.startsWith("2001:db8:1:"));
const heardOptions = (scene: Scene): readonly HeardRouterOption[] =>
  scene.heard.flatMap((delta) => (delta.kind === "router-option-heard" ? [delta.heard] : []));

const options: readonly RouterOption[] = [
  { kind: "name-servers", servers: ["2001:db8::53", "2001:db8::54"], lifetimeSeconds: 600 },
  { kind: "name-servers", servers: ["2001:db8::55"] },
  { kind: "search-domains", domains: ["example.org", "lan"], lifetimeSeconds: 0 },
  { kind: "captive-portal", uri: "https://portal.example/api" },
  { kind: "pref64", prefix: "64:ff9b::/96", lifetimeSeconds: 1800 },
];

export const routerCases: Cases = {
  "a router's prefix becomes an address with its lifetimes, and a route on the link": async (scene) => {
    const link = await scene.cable();
    scene.host.hearRouter(link, ad({ prefixes: [prefix] }));
    await scene.until("there is an address", () => madeAddress(scene, link) !== undefined);
    const address = madeAddress(scene, link);
    assert.ok(address);
    assert.equal(address.prefixLength, 64);
    assert.equal(address.validSeconds, 3600);
    assert.equal(address.preferredSeconds, 1800);
    assert.deepEqual([isPermanent(address), isTentative(address), isDeprecated(address)], [false, false, false]);
    const routes = scene.rtnl.snapshot.routes({ link: link.index, table: 254 });
    const onLink = routes.find(({ destination }) => destination === "2001:db8:1::/64");
    assert.equal(onLink?.gateway, undefined);
    assert.equal(onLink?.metric, 256);
    assert.ok(onLink?.expirySeconds);
  },

  "a prefix that is no longer preferred leaves a deprecated address": async (scene) => {
    const link = await scene.cable();
    scene.host.hearRouter(link, ad({ prefixes: [prefix] }));
    await scene.until("there is an address", () => madeAddress(scene, link) !== undefined);
    scene.host.hearRouter(link, ad({ prefixes: [{ ...prefix, preferredSeconds: 0 }] }));
    await scene.until("it is deprecated", () => isDeprecated(madeAddress(scene, link) as never));
    assert.equal(madeAddress(scene, link)?.preferredSeconds, 0);
  },

  "a router becomes a default route with its preference, and lifetime 0 takes it away": async (scene) => {
    const link = await scene.cable();
    scene.host.hearRouter(link, ad({ preference: "high" }));
    await scene.until("there is a default route", () => defaultRoutes(scene, link).length === 1);
    const [route] = defaultRoutes(scene, link);
    assert.equal(route?.gateway, router);
    assert.equal(route?.preference, "high");
    assert.equal(route?.protocol, 9);
    assert.equal(route?.metric, 1024);
    assert.equal(route?.expirySeconds, 1800);
    scene.host.hearRouter(link, ad({ lifetimeSeconds: 0 }));
    await scene.until("it is gone", () => defaultRoutes(scene, link).length === 0);
  },

  "a router of a second address with lifetime 0 touches no other's route": async (scene) => {
    const link = await scene.cable();
    scene.host.hearRouter(link, ad());
    await scene.until("there is a default route", () => defaultRoutes(scene, link).length === 1);
    const other = { kind: "captive-portal", uri: "https://other.example/" } as const;
    scene.host.hearRouter(link, ad({ router: "fe80::66", lifetimeSeconds: 0, options: [other] }));
    await scene.until("the other one was heard", () => heardOptions(scene).length === 1);
    assert.equal(defaultRoutes(scene, link).length, 1);
  },

  "the rest of a route's time is known when it is asked for": async (scene) => {
    const link = await scene.cable();
    await scene.put(routeOn(link, "2001:db8:7::/64"));
    scene.host.hearRouter(link, ad());
    await scene.until("there is a default route", () => defaultRoutes(scene, link).length === 1);
    scene.host.hearRouter(link, ad({ lifetimeSeconds: 9000 }));
    const left = async () => {
      const routes = await scene.rtnl.freshRoutes(6, 254);
      return routes.find(({ destination }) => destination === "::/0")?.expirySeconds;
    };
    while ((await left()) !== 9000) await new Promise((resolve) => setImmediate(resolve));
    const lasting = (await scene.rtnl.freshRoutes(6, 254)).find(({ destination }) => destination === "2001:db8:7::/64");
    assert.ok(lasting);
    assert.equal(lasting.expirySeconds, undefined);
  },

  "options of a router are told with its address, its link and their lifetimes": async (scene) => {
    const link = await scene.cable();
    scene.host.hearRouter(link, ad({ options }));
    await scene.until("all were heard", () => heardOptions(scene).length === options.length);
    assert.deepEqual(
      heardOptions(scene),
      options.map((option) => ({ link: link.index, router, option })),
    );
  },

  "whether addresses are to be had by DHCPv6 is told when it changes": async (scene) => {
    const link = await scene.cable();
    scene.host.hearRouter(link, ad());
    await scene.until("the router was heard", () => defaultRoutes(scene, link).length === 1);
    scene.takeHeard();
    scene.host.hearRouter(link, ad({ isManaged: true, isOtherConfigured: true }));
    await scene.until("it was told", () => scene.rtnl.snapshot.ipv6Links.get(link.index)?.isManaged === true);
    assert.equal(scene.rtnl.snapshot.ipv6Links.get(link.index)?.isOtherConfigured, true);
    const told = scene.takeHeard().filter(({ kind }) => kind === "ipv6-link-changed");
    assert.equal(told.length, 1);
  },
};
