import assert from "node:assert/strict";
import { test } from "node:test";
import { type NameLayer, planNames } from "../../../src/resolver/name-plan.ts";

const layer = (index: number, nameServers: readonly string[], searchDomains: readonly string[] = []): NameLayer => ({
  because: `eth${index} is the best that has any`,
  link: index,
  nameServers,
  searchDomains,
});
const proxy: NameLayer = { because: "a proxy", nameServers: ["127.0.0.53"] };
/** `INDEX SERVERS DOMAINS`, the one that is asked for the rest with a star. */
const linksOf = (...layers: readonly NameLayer[]) =>
  planNames(layers).links.map(
    ({ link, nameServers, searchDomains, isDefault }) =>
      `${isDefault ? "*" : ""}${link} ${nameServers.join()} ${searchDomains.join()}`,
  );

test("the list has the servers and domains of the best network that has servers, and no others", () => {
  const { nameServers, searchDomains, because } = planNames([
    layer(1, [], ["nobody.test"]),
    layer(2, ["192.0.2.2"], ["two.test"]),
    layer(3, ["192.0.2.3"], ["three.test"]),
  ]);
  assert.deepEqual(
    [nameServers, searchDomains, because],
    [["192.0.2.2"], ["two.test"], "eth2 is the best that has any"],
  );
});

test("each link has its own servers and domains; the best one with servers is asked for the rest", () => {
  assert.deepEqual(
    linksOf(layer(1, []), layer(2, ["192.0.2.2"], ["two.test"]), layer(3, ["192.0.2.3"], ["three.test"])),
    ["*2 192.0.2.2 two.test", "3 192.0.2.3 three.test"],
  );
});

test("a layer without a link stands in place of all: no other server is asked; the domains stay those of the network", () => {
  const plan = planNames([proxy, layer(1, ["192.0.2.1"], ["one.test"])]);
  assert.deepEqual([plan.nameServers, plan.searchDomains, plan.because], [["127.0.0.53"], ["one.test"], "a proxy"]);
  assert.deepEqual(linksOf(proxy, layer(1, ["192.0.2.1"], ["one.test"]), layer(2, ["192.0.2.2"])), [
    "*1 127.0.0.53 one.test",
  ]);
});

test("a layer that says domains only leaves the servers as they are, and the other way round", () => {
  const domains: NameLayer = { because: "a location", searchDomains: ["work.test"] };
  assert.deepEqual(linksOf(domains, layer(1, ["192.0.2.1"], ["one.test"]), layer(2, ["192.0.2.2"], ["two.test"])), [
    "*1 192.0.2.1 work.test",
    "2 192.0.2.2 two.test",
  ]);
  assert.equal(planNames([domains, layer(1, ["192.0.2.1"])]).because, "eth1 is the best that has any");
});

test("servers that stand in place of the networks' are asked where these have none, and where there is no network", () => {
  assert.deepEqual(linksOf(proxy, layer(1, [])), ["*1 127.0.0.53 "]);
  assert.deepEqual(planNames([proxy]).nameServers, ["127.0.0.53"]);
});

test("no servers at all may stand in place of the networks', too", () => {
  const none: NameLayer = { because: "a location", nameServers: [] };
  const { nameServers, links } = planNames([none, layer(1, ["192.0.2.1"])]);
  assert.deepEqual([nameServers, links], [[], []]);
});

test("nothing to ask is a plan, too", () => {
  const { nameServers, links, because } = planNames([layer(1, [], ["one.test"])]);
  assert.deepEqual([nameServers, links, because], [[], [], "no connected network has name servers"]);
});
