import assert from "node:assert/strict";
import type { Properties, TestDaemon } from "../../../harness/daemon.ts";
import { run } from "../../../harness/namespace.ts";
import { until } from "../../../harness/until.ts";
import { addLan, untilState } from "../../../integration/daemon/support.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const ip = (...args: string[]) => run("ip", args);

/** The added link, with the words of ip(8), its technology, and why it is left alone: empty when it is used. */
const rows: readonly [name: string, made: string, technology: string, leftAlone: RegExp][] = [
  ["bond0", "type bond", "ethernet", /a bond that somebody else made/],
  ["team0", "type team", "ethernet", /a team that somebody else made/],
  ["br0", "type bridge", "ethernet", /a bridge that somebody else made/],
  ["red", "type vrf table 42", "ethernet", /a vrf that somebody else made/],
  ["dummy0", "type dummy", "ethernet", /a dummy that somebody else made/],
  ["vx0", "type vxlan id 5 remote 10.9.9.9 dstport 4789", "ethernet", /a vxlan that somebody else made/],
  ["tap9", "type gretap remote 10.9.9.9", "ethernet", /a gretap that somebody else made/],
  ["wg0", "type wireguard", "tunnel", /kind wireguard/],
  ["gre9", "type gre remote 10.9.9.9", "tunnel", /hardware type 778/],
  ["sit9", "type sit remote 10.9.9.9", "tunnel", /hardware type 776/],
  ["ipip9", "type ipip remote 10.9.9.9", "tunnel", /hardware type 768/],
  ["can0", "type vcan", "unknown", /hardware type 280/],
  ["ifb9", "type ifb", "unknown", /kind ifb/],
  ["mac0", "link eth0 type macvlan mode bridge", "ethernet", /a macvlan, .* not named as a cable is/],
  ["iv0", "link dummy0 type ipvlan", "ethernet", /a ipvlan that somebody else made/],
  ["gnv0", "type geneve id 7 remote 10.9.9.9", "ethernet", /a geneve that somebody else made/],
  ["cali12ab34cd", "type veth peer name inside", "ethernet", /one end of a veth pair/],
  ["nlmon0", "type nlmon", "unknown", /hardware type 824/],
  ["eth8", "link eth0 type macvlan mode bridge", "ethernet", /^$/],
  ["eth0.5", "link eth0 type vlan id 5", "ethernet", /^$/],
];

scenario("links that a cable's machine has not are known for what they are", async (scene) => {
  const lan = await addLan(scene.t, "router");
  const daemon = await scene.startDaemon();
  await untilState(daemon, "eth0", "ready", patienceMs);
  const addresses = ip("-4", "-oneline", "address", "show", "dev", "eth0");

  for (const [name, made] of rows) ip("link", "add", name, ...made.split(" "));
  for (const [name, , technology, leftAlone] of rows) {
    const seen = () => linkNamed(daemon, name);
    const link = await until(`${name} is decided`, async () => (await isDecided(seen)) && seen(), patienceMs);
    assert.equal(link.Technology, technology, name);
    assert.match(await whyLeftAlone(daemon, link), leftAlone, name);
  }

  // A macvlan is a card of its own on the same cable; its name says whether it is meant as one.
  await untilState(daemon, "eth8", "ready", patienceMs);
  assert.match(lan.server.leases(), new RegExp(macOf("eth8")));
  assert.doesNotMatch(lan.server.leases(), new RegExp(macOf("mac0")));
  for (const [name, , , leftAlone] of rows) {
    if (leftAlone.test("")) continue;
    assert.equal(ip("-4", "-oneline", "address", "show", "dev", name), "", `${name} has no address`);
  }
  assert.equal(withoutTimes(ip("-4", "-oneline", "address", "show", "dev", "eth0")), withoutTimes(addresses));

  // Links of others stay down: some, as gretap0, cannot even be set up.
  for (const [name, , technology, leftAlone] of rows) {
    if (technology !== "ethernet" || leftAlone.test("")) continue;
    assert.doesNotMatch(ip("link", "show", "dev", name), /[<,]UP[,>]/, name);
  }
  assert.doesNotMatch(daemon.log(), /could not be enabled|could not be set up/);

  // The last first: a link goes with the one that it stands on.
  for (const [name] of [...rows].reverse()) ip("link", "delete", name);
  const isGone = async () => (await links(daemon)).every(({ Name }) => rows.every(([name]) => name !== Name));
  await until("none is listed any more", isGone, patienceMs);
  await untilState(daemon, "eth0", "ready", patienceMs);
});

async function links(daemon: TestDaemon): Promise<Properties[]> {
  const [all] = await daemon.call("/", "org.fairlead.Manager1", "GetLinks");
  return all as Properties[];
}

async function linkNamed(daemon: TestDaemon, name: string): Promise<Properties> {
  const link = (await links(daemon)).find(({ Name }) => Name === name);
  if (!link) throw new Error(`${name} is not listed`);
  return link;
}

/** Links without a driver are looked at again after five seconds. */
const isDecided = async (seen: () => Promise<Properties>) => (await seen()).Technology !== "delayed";

async function whyLeftAlone(daemon: TestDaemon, link: Properties): Promise<string> {
  if (link.Device === "/") return String(link.Because);
  const [reasons] = await daemon.call(String(link.Device), "org.fairlead.Device1", "Why");
  return String((reasons as Properties).LeftAlone);
}

const macOf = (name: string): string => /link\/ether (\S+)/.exec(ip("link", "show", "dev", name))?.[1] ?? "none";
const withoutTimes = (text: string): string => text.replace(/valid_lft.*/, "");
