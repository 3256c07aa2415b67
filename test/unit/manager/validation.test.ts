import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../../src/services/service.ts";
import { probeHosts } from "../../../src/services/validation/validation-plan.ts";
import type { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

const unvalidated: Readonly<Record<string, (service: Service) => void>> = {
  "CheckPortal false": (service) => service.setProperty("CheckPortal", "false"),
  "CheckPortal false in a dictionary": (service) =>
    service.configure(new Map([["CheckPortal", { signature: "s", value: "false" }]])),
  "ONCSource DevicePolicy": (service) => service.setProperty("ONCSource", "DevicePolicy"),
  "ONCSource UserPolicy": (service) => service.setProperty("ONCSource", "UserPolicy"),
  "ONCSource UserPolicy beside a proxy": (service) => {
    service.setProperty("ProxyConfig", '{"mode":"fixed_servers"}');
    service.setProperty("ONCSource", "UserPolicy");
  },
};
for (const [what, set] of Object.entries(unvalidated)) {
  test(`${what} on a connected Service: nothing more is to be validated, and it is online at once`, async (t) => {
    const it = await machine(t, ["eth0"]);
    const service = it.service("eth0");
    assert.equal(service.state, "ready");
    set(service);
    assert.equal(service.state, "online");
    await it.settle();
    assert.equal(it.manager.settings.properties.value("ConnectionState"), "online");
  });
}

const validated: Readonly<Record<string, (service: Service) => void>> = {
  "CheckPortal true": (service) => service.setProperty("CheckPortal", "true"),
  "CheckPortal http-only": (service) => service.setProperty("CheckPortal", "http-only"),
  "ONCSource UserImport": (service) => service.setProperty("ONCSource", "UserImport"),
  "a proxy": (service) => service.setProperty("ProxyConfig", '{"mode":"fixed_servers"}'),
};
for (const [what, set] of Object.entries(validated)) {
  test(`${what} leaves a connected Service ready where no host may be asked`, async (t) => {
    const it = await machine(t, ["eth0"]);
    set(it.service("eth0"));
    await it.settle();
    assert.equal(it.service("eth0").state, "ready");
  });
}

test("CheckPortal goes before the author of the configuration", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  service.setProperty("CheckPortal", "true");
  service.setProperty("ONCSource", "DevicePolicy");
  assert.equal(service.state, "ready");
  service.setProperty("CheckPortal", "auto");
  assert.equal(service.state, "online");
});

test("a Service that is not connected stays as it is, and is online as soon as it connects", async (t) => {
  const it = await machine(t, []);
  const service = it.service("eth0");
  service.setProperty("CheckPortal", "false");
  assert.equal(service.state, "idle");
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(service.state, "online");
});

test("settings that a Profile brings count like those that a client sets", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.profiles.create("quiet", (store) => store.write("ethernet_any", new Map([["CheckPortal", '"false"']])));
  it.profiles.push("quiet");
  await it.settle();
  assert.equal(it.service("eth0").state, "online");
});

const hosts = probeHosts("http://probe.test/204", "https://probe.test/204");
const open = { status: 204 };
const portal = (path = "login") => ({ status: 302, headers: { location: `http://portal.test/${path}` } });

/** Answers of the web on a link from now on; `undefined`: the connection is refused. */
function web(
  it: FakeMachine,
  link: string,
  answer: ReturnType<typeof portal> | typeof open | "silent" | undefined,
): void {
  it.http.serve(link, "probe.test", () => answer);
}
/** A machine with cables and probes; the web's answers on each are set before. */
async function probed(
  t: { after(done: () => void): void },
  answers: Readonly<Record<string, Parameters<typeof web>[2]>>,
) {
  const it = await machine(t, [], { probeHosts: hosts });
  for (const [link, answer] of Object.entries(answers)) {
    web(it, link, answer);
    it.kernel.plug(link);
  }
  await it.clock.advanceSettled(0);
  return it;
}
const askedOn = (it: FakeMachine, link: string) =>
  it.http.asked.filter((line) => line === `${link} ${hosts.http}`).length;

test("204 from the probed host: online, at once, with both hosts asked once", async (t) => {
  const it = await probed(t, { eth0: open });
  assert.equal(it.service("eth0").state, "online");
  await it.clock.advanceSettled(600_000);
  assert.deepEqual(it.http.asked, [`eth0 ${hosts.http}`, `eth0 ${hosts.https}`]);
  assert.equal(it.manager.settings.properties.value("ConnectionState"), "online");
});

test("a redirect: redirect-found, with ProbeUrl told before State", async (t) => {
  const it = await probed(t, { eth0: portal() });
  const { path } = it.service("eth0");
  assert.equal(it.service("eth0").state, "redirect-found");
  const told = it.announced.filter((line) => /(State|ProbeUrl)=/.test(line) && line.startsWith(path)).slice(-2);
  assert.deepEqual(told, [`${path} ProbeUrl=http://portal.test/login`, `${path} State=redirect-found`]);
});

test("silence: ready for ten seconds, then no-connectivity; nothing else waits for it", async (t) => {
  const it = await probed(t, { eth0: "silent" });
  it.kernel.plug("eth1");
  await it.settle();
  assert.deepEqual([it.service("eth0").state, it.service("eth1").state], ["ready", "ready"]);
  await it.clock.advanceSettled(9_999);
  assert.equal(it.service("eth0").state, "ready");
  await it.clock.advanceSettled(1);
  assert.equal(it.service("eth0").state, "no-connectivity");
});

test("a portal that opens is found by the next attempt, without a call; ProbeUrl is empty then", async (t) => {
  const it = await probed(t, { eth0: portal() });
  web(it, "eth0", open);
  await it.clock.advanceSettled(2_999);
  assert.equal(it.service("eth0").state, "redirect-found");
  await it.clock.advanceSettled(1);
  const { state, properties } = it.service("eth0");
  assert.deepEqual([state, properties.value("ProbeUrl")], ["online", ""]);
});

test("attempts come ever more seldom, at most once a minute", async (t) => {
  const it = await probed(t, { eth0: undefined });
  const times: number[] = [];
  for (let second = 0; second < 300; second++) {
    const before = askedOn(it, "eth0");
    await it.clock.advanceSettled(1_000);
    if (askedOn(it, "eth0") > before) times.push(second + 1);
  }
  assert.deepEqual(times, [3, 9, 21, 45, 93, 153, 213, 273]);
});

test("a portal that shows another page is told, and its state is not told again", async (t) => {
  const it = await probed(t, { eth0: portal("one") });
  web(it, "eth0", portal("two"));
  const told = it.changes("State").length;
  await it.clock.advanceSettled(3_000);
  assert.equal(it.service("eth0").properties.value("ProbeUrl"), "http://portal.test/two");
  assert.equal(it.changes("State").length, told);
});

const again: Readonly<Record<string, (it: FakeMachine) => void | Promise<void>>> = {
  RequestPortalDetection: (it) => it.service("eth0").validation.request(),
  "a resume": async (it) => {
    await it.manager.power.suspend();
    it.manager.power.resume("the lid is open");
  },
  "another name server": (it) =>
    it
      .service("eth0")
      .setProperty("StaticIPConfig", new Map([["NameServers", { signature: "as", value: ["192.0.2.53"] }]])),
  "another address": (it) =>
    it.service("eth0").setProperty(
      "StaticIPConfig",
      new Map<string, { signature: string; value: unknown }>([
        ["Address", { signature: "s", value: "192.0.2.77" }],
        ["Prefixlen", { signature: "i", value: 24 }],
      ]),
    ),
  "CheckPortal http-only": (it) => it.service("eth0").setProperty("CheckPortal", "http-only"),
};
for (const [what, act] of Object.entries(again)) {
  test(`${what}: a Service that is online is probed again`, async (t) => {
    const it = await probed(t, { eth0: open });
    web(it, "eth0", portal());
    await act(it);
    await it.clock.advanceSettled(0);
    assert.equal(it.service("eth0").state, "redirect-found");
  });
}

test("a request while an attempt is under way starts no second one", async (t) => {
  const it = await probed(t, { eth0: "silent" });
  for (let count = 0; count < 5; count++) it.service("eth0").validation.request();
  await it.clock.advanceSettled(1_000);
  assert.equal(askedOn(it, "eth0"), 1);
});

test("a request begins the intervals anew", async (t) => {
  const it = await probed(t, { eth0: undefined });
  await it.clock.advanceSettled(93_000);
  it.service("eth0").validation.request();
  await it.clock.advanceSettled(0);
  const before = askedOn(it, "eth0");
  await it.clock.advanceSettled(3_000);
  assert.equal(askedOn(it, "eth0"), before + 1);
});

test("a connection's finding is dropped with it: the next one is ready until its own answer", async (t) => {
  const it = await probed(t, { eth0: "silent" });
  await it.clock.advanceSettled(5_000);
  it.kernel.unplug("eth0");
  await it.settle();
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(5_001);
  assert.equal(it.service("eth0").state, "ready", "the limit of the first attempt is over by now");
  await it.clock.advanceSettled(5_000);
  assert.equal(it.service("eth0").state, "no-connectivity");
});

test("a Service that is disconnected is not probed any more, and has no ProbeUrl", async (t) => {
  const it = await probed(t, { eth0: portal() });
  const service = it.service("eth0");
  service.disconnect("D-Bus RPC");
  await it.settle();
  const before = it.http.asked.length;
  await it.clock.advanceSettled(120_000);
  assert.deepEqual([it.http.asked.length, service.properties.value("ProbeUrl")], [before, ""]);
});

test("CheckPortal false ends the probes: online without a word from outside", async (t) => {
  const it = await probed(t, { eth0: undefined });
  it.service("eth0").setProperty("CheckPortal", "false");
  assert.equal(it.service("eth0").state, "online");
  const before = it.http.asked.length;
  await it.clock.advanceSettled(120_000);
  assert.equal(it.http.asked.length, before);
});

test("the cable that is online comes first, and has the name servers", async (t) => {
  const it = await probed(t, { eth0: portal(), eth1: open });
  assert.deepEqual(it.order, ["eth1 online", "eth0 redirect-found"]);
  assert.deepEqual(it.nameServers, it.service("eth1").network?.effective?.nameServers);
  web(it, "eth0", open);
  await it.clock.advanceSettled(3_000);
  assert.deepEqual(it.order, ["eth0 online", "eth1 online"]);
});

test("a Service that becomes the default one is looked at again at once", async (t) => {
  const it = await probed(t, { eth0: open, eth1: portal() });
  web(it, "eth1", open);
  it.kernel.unplug("eth0");
  await it.clock.advanceSettled(0);
  assert.equal(it.service("eth1").state, "online");
});

test("without a name server there is nothing to ask by: no-connectivity, and the reason says so", async (t) => {
  const it = await machine(t, [], { probeHosts: hosts });
  it.service("eth0").setProperty("StaticIPConfig", new Map([["NameServers", { signature: "as", value: ["0.0.0.0"] }]]));
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(0);
  assert.equal(it.service("eth0").state, "no-connectivity");
  assert.match(it.service("eth0").connection.reason, /probe\.test \(http\) does not answer: no name/);
});
