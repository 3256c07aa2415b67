import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { machine } from "./machine.ts";

const refused = (error: unknown) => error instanceof DaemonError && error.code === "InvalidArguments";
const s = (value: string) => ({ signature: "s", value });

suite("name servers of a proxy", () => {
  test("are used while the default Service is online, and no longer", async (t) => {
    const it = await machine(t, ["eth0"]);
    const own = it.nameServers;
    assert.ok(own.length > 0);
    it.manager.connectivity.replaceNameServers(["127.0.0.53"]);
    assert.deepEqual(it.nameServers, own, "the network is not known to lead to the internet");
    it.manager.settings.setProperty("CheckPortalList", "");
    await it.settle();
    assert.equal(it.service("eth0").state, "online");
    assert.deepEqual(it.nameServers, ["127.0.0.53"]);
    it.kernel.unplug("eth0");
    await it.settle();
    assert.deepEqual(it.nameServers, []);
  });

  test("stay when another network takes over", async (t) => {
    const it = await machine(t, ["eth0", "eth1"]);
    it.manager.settings.setProperty("CheckPortalList", "");
    it.manager.connectivity.replaceNameServers(["127.0.0.53"]);
    await it.settle();
    it.kernel.unplug("eth0");
    await it.settle();
    assert.deepEqual(it.nameServers, ["127.0.0.53"]);
    it.manager.connectivity.replaceNameServers([]);
    assert.deepEqual(it.nameServers, it.service("eth1").network?.effective?.nameServers);
  });
});

suite("the settings kept for the proxy to read", () => {
  test("providers are told when they change", async (t) => {
    const it = await machine(t, []);
    it.manager.settings.setProperty(
      "DNSProxyDOHProviders",
      new Map([["https://dns.example/q", s("192.0.2.1,2001:db8::1")]]),
    );
    it.manager.settings.setProperty(
      "DNSProxyDOHProviders",
      new Map([["https://dns.example/q", s("192.0.2.1,2001:db8::1")]]),
    );
    assert.equal(it.changes("DNSProxyDOHProviders").length, 1);
  });

  test("a value that is no provider is refused, and the old ones stay", async (t) => {
    const it = await machine(t, []);
    const good = new Map([["https://dns.example/q", s("*")]]);
    it.manager.settings.setProperty("DNSProxyDOHProviders", good);
    for (const bad of [
      new Map([["http://dns.example/q", s("")]]),
      new Map([["https://", s("")]]),
      new Map([[`https://dns.example/${"q".repeat(3000)}`, s("")]]),
      new Map([["https://dns.example/q", s("dns.example")]]),
      new Map([["https://dns.example/q", { signature: "i", value: 1 }]]),
      new Map(Array.from({ length: 65 }, (_, at) => [`https://dns${at}.example/q`, s("")] as const)),
    ]) {
      assert.throws(() => it.manager.settings.setProperty("DNSProxyDOHProviders", bad), refused, [...bad.keys()][0]);
    }
    assert.equal(it.manager.settings.properties.value("DNSProxyDOHProviders"), good);
  });

  for (const name of ["DOHExcludedDomains", "DOHIncludedDomains"]) {
    test(`${name} are names, all below a name, or everything`, async (t) => {
      const it = await machine(t, []);
      const good = ["example.com", "*.example.org", "*"];
      it.manager.settings.setProperty(name, good);
      for (const bad of ["", "a b", "*.", "*example.org", "a\nnameserver 192.0.2.1", "a..b", "x".repeat(254)]) {
        assert.throws(() => it.manager.settings.setProperty(name, [bad]), refused, bad);
      }
      assert.deepEqual(it.manager.settings.properties.value(name), good);
    });
  }
});
