import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { scene } from "./daemon-scene.ts";

const key = `${"a".repeat(42)}A=`;
const tunnel = `[Interface]
PrivateKey = ${key}
Address = 10.9.0.2/24
[Peer]
PublicKey = ${key}
Endpoint = 192.0.2.1:51820
AllowedIPs = 10.9.0.0/24
`;

test("forget deletes a tunnel with its entry and its key", async (t) => {
  const { it, run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "work.conf");
  writeFileSync(file, tunnel);
  assert.equal((await run("vpn", "import", file)).code, 0);
  const stored = () =>
    it.profiles
      .byPath("/profile/default")
      ?.store.entries()
      .filter((entry) => entry.startsWith("vpn"));
  assert.equal(stored()?.length, 1);
  assert.deepEqual(await run("forget", "work"), { code: 0, out: "work is forgotten.\n", err: "" });
  assert.deepEqual(stored(), []);
  assert.deepEqual(await json("vpn"), { vpns: [] });
  assert.equal((await run("forget", "work")).code, 2);
});

test("a cable is not forgotten", async (t) => {
  const { run } = await scene(t);
  const { code, out, err } = await run("forget", "eth0");
  assert.deepEqual({ code, out }, { code: 1, out: "" });
  assert.match(err, /NotImplemented: .* cannot be removed/);
});

test("a name is not given to a second tunnel, to another server", async (t) => {
  const { run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "work.conf");
  writeFileSync(file, tunnel);
  await run("vpn", "import", file);
  assert.equal((await run("vpn", "import", file)).code, 0, "the same anew");
  writeFileSync(file, tunnel.replace("192.0.2.1", "198.51.100.1"));
  const { code, err } = await run("vpn", "import", file);
  assert.equal(code, 2);
  assert.match(err, /a tunnel to "192\.0\.2\.1" is called "work" already\n.*--name NAME\n.*fairlead forget work/);
  assert.equal((await run("vpn", "import", file, "--name", "other")).code, 0);
  const { vpns } = (await json("vpn")) as { vpns: { name: string; server: string }[] };
  assert.deepEqual(vpns.map(({ name, server }) => `${name} ${server}`).toSorted(), [
    "other 198.51.100.1",
    "work 192.0.2.1",
  ]);
});

test("why tells that the default route and the name servers are those of the tunnel", async (t) => {
  const { it, run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "my work.conf");
  const all = "AllowedIPs = 0.0.0.0/0\n";
  writeFileSync(file, tunnel.replace(/AllowedIPs.*\n/, all).replace("[Peer]", "DNS = 10.9.0.1\n[Peer]"));
  assert.match((await run("vpn", "import", file)).out, /connect it: fairlead connect 'my work'$/m);
  it.wireguard.answering.set("192.0.2.1", () => it.clock.wallTime());
  assert.equal((await run("connect", "my work")).code, 0);
  const { out } = await run("why");
  assert.match(out, /^The default route of IPv4 goes by wg0, into the tunnel\.$/m);
  assert.doesNotMatch(out, /The default route goes by eth0/);
  assert.match(out, /^Names are asked of 10\.9\.0\.1, as StaticIPConfig on wg0 says\.$/m);
  assert.deepEqual((await json("why")).defaultRoutes, []);
  assert.equal((await run("disconnect", "my work")).code, 0);
  assert.match((await run("why")).out, /^The default route goes by eth0 to .*, as DHCP says\.$/m);
});

test("why tells the link of a tunnel under its Service, and not as one that is left alone", async (t) => {
  const { it, run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "work.conf");
  writeFileSync(file, tunnel);
  await run("vpn", "import", file);
  it.kernel.outside({ op: "add-link", link: { kind: "wireguard", name: "wg7" } });
  it.wireguard.answering.set("192.0.2.1", () => it.clock.wallTime());
  assert.equal((await run("connect", "work")).code, 0);
  const { out } = await run("why");
  assert.match(out, /^Made for a Service\nwg0 is the link of work\.$/m);
  assert.match(out, /^Left alone\nwg7: /m);
  assert.doesNotMatch(out, /^wg0: /m);
  const { linksOfServices, linksLeftAlone } = await json("why");
  const [{ service }] = linksOfServices as [{ service: string }];
  assert.deepEqual(linksOfServices, [{ link: "wg0", service }]);
  assert.deepEqual(
    (linksLeftAlone as { link: string }[]).map(({ link }) => link),
    ["wg7"],
  );
  assert.equal((await run("why", "wg0")).out, `wg0 is the link of work: fairlead why ${service}\n`);
  assert.match((await run("why", service)).out, /^work/);
  assert.doesNotMatch((await run("devices", "--all")).out, /wg0/);
  assert.equal((await run("disconnect", "work")).code, 0);
  assert.doesNotMatch((await run("why")).out, /wg0|Made for/);
});

test("status has a row for each address of a tunnel, under the name of its link", async (t) => {
  const { it, run, json } = await scene(t, { modules: technologyModules });
  const file = join(temporaryFolder(t), "work.conf");
  const both = "Address = 10.9.0.2/24, 2001:db8::2/64\nDNS = 10.9.0.1";
  writeFileSync(file, tunnel.replace(/Address.*/, both).replace("10.9.0.0/24", "10.9.0.0/24, 2001:db8::/64"));
  await run("vpn", "import", file);
  assert.doesNotMatch((await run("status")).out, /wg0/, "it is not connected");
  assert.deepEqual((await json("status")).tunnels, []);
  it.wireguard.answering.set("192.0.2.1", () => it.clock.wallTime());
  assert.equal((await run("connect", "work")).code, 0);
  const { out } = await run("status");
  assert.match(out, /^eth0 .*\nwg0 +tunnel +10\.9\.0\.2\/24 +10\.9\.0\.1\n +2001:db8::2\/64\n\n/m);
  assert.match(out, /^ *\d+ +work +vpn +wg0 +online /m);
  const { tunnels, services } = (await json("status")) as Record<string, Record<string, unknown>[]>;
  const { path } = services?.find(({ name }) => name === "work") ?? {};
  assert.deepEqual(tunnels, [
    {
      ...{ link: "wg0", service: path, addresses: ["10.9.0.2/24", "2001:db8::2/64"] },
      ...{ nameServers: ["10.9.0.1"] },
    },
  ]);
  assert.match((await run("why", "work")).out, /^Its address 10\.9\.0\.2\/24 comes from the tunnel's settings\.$/m);
});
