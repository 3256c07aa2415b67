import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DnsNameLookup } from "../../../src/system/link-dns.ts";
import { LinkHttp } from "../../../src/system/link-http.ts";
import { childModule } from "../../harness/child-module.ts";
import { addCable, addPeer, requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { closedPort, httpCases, sharedAddress, unknownHost, webHost } from "./http-cases.ts";

requirePrivateNamespace();

interface Network {
  readonly link: { readonly name: string; readonly addresses: string[]; readonly nameServers: string[] };
  end(): Promise<void>;
}

/** A router with a web server and a name server of its own behind one cable. */
async function addNetwork(letter: "a" | "b", subnet: number, serverModule: string): Promise<Network> {
  const [name, own, router] = [`eth${subnet}`, `10.${subnet}.0.2`, `10.${subnet}.0.1`];
  const peer = addPeer(`net-${letter}`);
  const cable = addCable(name, peer, { address: `${router}/24` });
  peer.exec("ip", "address", "add", `${sharedAddress}/32`, "dev", name);
  run("ip", ["address", "add", `${own}/24`, "dev", name]);
  run("ip", ["link", "set", name, "up"]);
  run("ip", ["address", "add", "fe80::2/64", "dev", name, "nodad"]);
  peer.exec("ip", "address", "add", "fe80::53/64", "dev", name, "nodad");
  run("ip", ["route", "add", "default", "via", router, "metric", String(100 * subnet)]);
  const web = peer.spawn(process.execPath, [serverModule, letter, router, sharedAddress]);
  const names = peer.spawn("dnsmasq", [
    ...["--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root", "--group=", "--pid-file="],
    ...["--no-resolv", "--no-hosts", "--bind-dynamic", `--interface=${name}`, "--local=/example/"],
    `--address=/${webHost}/${router}`,
  ]);
  await web.untilOutput(new RegExp(`listens on ${sharedAddress}`));
  await names.untilOutput(/started/);
  return {
    link: { name, addresses: [own], nameServers: [router] },
    end: async () => {
      await Promise.all([web.end(), names.end()]);
      cable.remove();
      peer.remove();
    },
  };
}

const serverModule = await childModule({ after }, "test/contract/http/web-server.ts");
const a = await addNetwork("a", 1, serverModule);
const b = await addNetwork("b", 2, serverModule);
after(() => Promise.all([a.end(), b.end()]));

httpCases("sockets bound to a link", async () => ({
  http: new LinkHttp(),
  links: { a: a.link, b: b.link },
  passTime: async () => {},
  close: async () => {},
}));

test("sockets bound to a link: a name server with a link-local address is asked on its link", async () => {
  for (const [letter, { link }] of Object.entries({ a, b })) {
    const zoned = { ...link, nameServers: [`fe80::53%${link.name}`] };
    const order = { url: `http://${webHost}/hello`, link: zoned, timeLimitMs: 10_000 };
    const found = await new LinkHttp().get(order);
    assert.equal(found.kind === "answer" && found.body.toString(), `hello from ${letter}`, JSON.stringify(found));
    const unknown = await new LinkHttp().get({ ...order, url: `http://${unknownHost}/hello` });
    assert.match(unknown.kind === "failed" ? `${unknown.phase} ${unknown.message}` : "", /^name .*no such name/);
    const [address] = await new DnsNameLookup().addressesOf(webHost, zoned);
    assert.equal(address, link.nameServers[0]);
  }
});

test("sockets bound to a link: a silent name server before one with a link-local address costs its time alone", async () => {
  const link = { ...a.link, nameServers: ["10.1.0.77", `fe80::53%${a.link.name}`] };
  const found = await new LinkHttp().get({ url: `http://${webHost}/hello`, link, timeLimitMs: 20_000 });
  assert.equal(found.kind === "answer" && found.body.toString(), "hello from a");
});

test("sockets bound to a link: a link that is gone fails at the connection", async () => {
  const link = { ...a.link, name: "gone0" };
  const result = await new LinkHttp().get({ url: `http://${sharedAddress}/hello`, link, timeLimitMs: 10_000 });
  assert.deepEqual(result.kind === "failed" && [result.phase, result.isTimeout], ["connection", false]);
});

test("sockets bound to a link: a web server without TLS fails at https", async () => {
  const url = `https://${sharedAddress}:80/hello`;
  const result = await new LinkHttp().get({ url, link: a.link, timeLimitMs: 10_000 });
  assert.equal(result.kind === "failed" && result.phase, "tls");
});

test("sockets bound to a link: a name server that is silent ends with the time limit", async () => {
  const link = { ...a.link, nameServers: ["10.1.0.77"] };
  const url = `http://${unknownHost}:${closedPort}/`;
  const result = await new LinkHttp().get({ url, link, timeLimitMs: 300 });
  assert.deepEqual(result.kind === "failed" && [result.phase, result.isTimeout], ["name", true]);
});
