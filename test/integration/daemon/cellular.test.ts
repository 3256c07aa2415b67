import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { contract } from "../../conformance/contract.ts";
import { presence } from "../../conformance/page.ts";
import type { FakeModemSpec } from "../../fakes/fake-modem-manager.ts";
import { variant } from "../../harness/bus-client.ts";
import type { Properties, TestDaemon } from "../../harness/daemon.ts";
import { ModemManagerProcess } from "../../harness/fake-modem-manager.ts";
import { noModemManager, startModemManager } from "../../harness/modem-manager.ts";
import { addPeer, type Cable, type Peer } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { json, output } from "../cli/support.ts";
import { addressOf, routeLines } from "./kernel-view.ts";
import { plugIn, startDaemon, startServer, untilState } from "./support.ts";

/** By this name a link is taken for a modem's, with any driver. */
const link = "pseudomodem0";
const imei = "350000000000001";
const iccid = "8900100000000000001";
const spec: FakeModemSpec = { imei, link, iccid, apn: "internet.test", addressing: "static" };

interface Scene {
  readonly daemon: TestDaemon;
  readonly peer: Peer;
  manager: ModemManagerProcess;
  cable: Cable;
}

/** The network behind the modem is a peer that has the other address of the bearer. */
async function scene(t: TestContext, args: readonly string[] = []): Promise<Scene> {
  const peer = addPeer("network");
  t.after(() => peer.remove());
  const daemon = await startDaemon(t, { args: ["--allow", link, ...args] });
  const found: Scene = {
    daemon,
    peer,
    manager: await ModemManagerProcess.start(daemon.bus.address),
    cable: plugIn(t, link, peer, { peerLink: "lan", address: "10.64.0.1/30" }),
  };
  t.after(() => found.manager.process.end());
  return found;
}
async function simService(daemon: TestDaemon): Promise<Properties | undefined> {
  const services = await daemon.services();
  return services.find(({ Type }) => Type === "cellular");
}
async function untilRegistered(daemon: TestDaemon): Promise<string> {
  const isRegistered = async () => {
    const service = await simService(daemon);
    return service?.["Cellular.RoamingState"] === "home" && service.Device === `/device/${link}` && service;
  };
  const { path } = (await until("the SIM is registered", isRegistered)) as Properties;
  return String(path);
}
/** MMModemState. */
const registered = 8;
async function modemState(daemon: TestDaemon, number: number): Promise<unknown> {
  const path = `/org/freedesktop/ModemManager1/Modem/${number}`;
  const properties = "org.freedesktop.DBus.Properties";
  const kind = "org.freedesktop.ModemManager1.Modem";
  const [values] = await daemon.client.call("org.freedesktop.ModemManager1", path, properties, "GetAll", "s", [kind]);
  return (values as Properties).State;
}
const setApn = (daemon: TestDaemon, service: string, apn: Readonly<Record<string, string>>) =>
  daemon.setProperty(service, "Service", "Cellular.APN", "a{ss}", apn);

test("a SIM is connected by its bearer's addresses, and packets go through; unplugged and back it is the same Service", async (t) => {
  const it = await scene(t);
  const { daemon, peer } = it;
  await it.manager.order("plug", spec);
  const path = await untilRegistered(daemon);
  assert.deepEqual(
    await daemon.properties(`/device/${link}`, "Device").then((device) => [device.Type, device["Cellular.IMEI"]]),
    ["cellular", imei],
  );
  output(daemon, "set", link, "Cellular.APN", "apn=internet.test");
  output(daemon, "connect", link, "--wait", "20");
  const service = await untilState(daemon, link, "ready");
  assert.deepEqual([service.Name, service.Strength, service.Metered], ["Test Network", 60, true]);
  assert.equal(addressOf(link), "10.64.0.2/30");
  assert.ok(
    routeLines().some((line) => line.startsWith("default via 10.64.0.1")),
    routeLines().join("\n"),
  );
  assert.equal(tryRun("ping", ["-c", "1", "-W", "5", "10.64.0.1"]).code, 0);
  await it.manager.order("signal", imei, 25);
  await until("the signal is told", async () => (await simService(daemon))?.Strength === 25);
  assert.match(output(daemon, "status"), new RegExp(`Test Network .*cellular .*${link} .*ready`));

  await it.manager.order("unplug", imei);
  it.cable.remove();
  await until("it is gone", async () => ((await daemon.manager()).Devices as string[]).length === 0);
  it.cable = plugIn(t, link, peer, { peerLink: "lan", address: "10.64.0.1/30" });
  await it.manager.order("plug", spec);
  assert.equal((await untilState(daemon, link, "ready")).path, path);
  assert.equal(tryRun("ping", ["-c", "1", "-W", "5", "10.64.0.1"]).code, 0);

  await daemon.call(path, "org.chromium.flimflam.Service", "Disconnect");
  await until("the address is gone", () => addressOf(link) === undefined);
  await until("the modem is told", async () => (await modemState(daemon, 1)) === registered);
});

test("every property of shill's contract that a modem's Device and a SIM's Service have is there with its type", async (t) => {
  const it = await scene(t);
  await it.manager.order("plug", spec);
  const objects = { "Service of a SIM": await untilRegistered(it.daemon), "Device of a modem": `/device/${link}` };
  let asked = 0;
  for (const [heading, path] of Object.entries(objects)) {
    const [kind = ""] = heading.split(" ", 1);
    const got = await it.daemon.properties(path, kind);
    for (const row of contract.get(heading) ?? []) {
      const here = presence(kind, row);
      assert.equal(row.name in got, here?.access.includes("r") ?? false, row.name);
      if (!here) continue;
      asked++;
      const wrong = it.daemon.setProperty(path, kind, row.name, "y", 1);
      await assert.rejects(wrong, { busName: "org.chromium.flimflam.Error.InvalidArguments" }, row.name);
    }
  }
  assert.equal(asked, 20);
});

test("a serial modem of the real ModemManager is shown with its SIM, and with the reason that it cannot be used", async (t) => {
  if (noModemManager) return t.skip(noModemManager);
  const daemon = await startDaemon(t);
  const { modem, daemon: manager } = await startModemManager(daemon.bus.address, "fairlead");
  t.after(async () => {
    await manager.end();
    await modem.end();
  });
  const service = (await until("the SIM is shown", () => simService(daemon), 30_000)) as Properties;
  assert.deepEqual(
    [service["Cellular.ICCID"], service["Cellular.IMSI"], service.Connectable, service.Visible],
    ["8901000100000000001", "001010123456789", false, true],
  );
  const number = String(service.path).replace("/service/", "");
  assert.match(output(daemon, "why", number), /the modem on abstract:fairlead has no network link/);
});

test("a bearer that names DHCP gets its address from the network", async (t) => {
  const it = await scene(t);
  await startServer(t, it.peer, "10.64.0", { range: "10.64.0.2,10.64.0.2,255.255.255.252,1h" });
  await it.manager.order("plug", { ...spec, addressing: "dhcp" });
  const path = await untilRegistered(it.daemon);
  await setApn(it.daemon, path, { apn: "internet.test" });
  await it.daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  await untilState(it.daemon, link, "ready");
  assert.equal(addressOf(link), "10.64.0.2/30");
});

test("ModemManager is killed and comes back: so does the connection", async (t) => {
  const it = await scene(t);
  await it.manager.order("plug", spec);
  const path = await untilRegistered(it.daemon);
  await setApn(it.daemon, path, { apn: "internet.test" });
  await it.daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  await untilState(it.daemon, link, "ready");
  await it.manager.kill();
  await until("the address is gone", () => addressOf(link) === undefined);
  it.manager = await ModemManagerProcess.start(it.daemon.bus.address);
  await it.manager.order("plug", spec);
  assert.equal((await untilState(it.daemon, link, "ready")).path, path);
});

test("a restart of the daemon keeps the connection and the access point", async (t) => {
  const it = await scene(t);
  await it.manager.order("plug", spec);
  const path = await untilRegistered(it.daemon);
  await setApn(it.daemon, path, { apn: "internet.test" });
  await it.daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  await untilState(it.daemon, link, "ready");
  await it.daemon.stop();
  assert.equal(addressOf(link), "10.64.0.2/30");
  await it.daemon.launch();
  const again = await untilState(it.daemon, link, "ready");
  assert.deepEqual(again["Cellular.APN"], { apn: "internet.test" });
});

test("why a SIM cannot connect is said before and after the attempt: locked, out of reach, a wrong access point", async (t) => {
  const it = await scene(t);
  const { daemon } = it;
  await it.manager.order("plug", { ...spec, pin: "1234", isOutOfReach: true });
  const locked = /the SIM is locked and wants its PIN \(3 tries left\)/;
  await until("it is shown", async () => (await simService(daemon))?.Device === `/device/${link}`);
  assert.match(output(daemon, "why", link), locked);
  const connect = async (path: string) => {
    await daemon.call(path, "org.chromium.flimflam.Service", "Connect");
    const { Error: error } = await untilState(daemon, link, "failure");
    return error;
  };
  const path = String((await simService(daemon))?.path);
  assert.equal(await connect(path), "sim-locked");

  await it.manager.order("unplug", imei);
  await it.manager.order("plug", { ...spec, isOutOfReach: true });
  await until("it says so", () => /the modem looks for a network/.test(output(daemon, "why", link)));
  const open = String((await simService(daemon))?.path);
  assert.equal(await connect(open), "not-registered");
  await it.manager.order("reach", imei, true);
  await untilRegistered(daemon);
  await setApn(daemon, open, { apn: "nowhere.test" });
  assert.equal(await connect(open), "invalid-apn");
  const { services } = json(daemon, "status") as { services: readonly { type: string; error: string }[] };
  assert.ok(services.some(({ type, error }) => type === "cellular" && error === "invalid-apn"));
});

test("the password of an access point is in no answer, no dump and no log", async (t) => {
  const it = await scene(t, ["--log-level", "debug"]);
  const { daemon } = it;
  const password = "kept-to-ourselves";
  const apn = { apn: "internet.test", username: "somebody", password };
  await it.manager.order("plug", { ...spec, user: "somebody", password });
  const path = await untilRegistered(daemon);
  await daemon.call(path, "org.chromium.flimflam.Service", "SetProperties", "a{sv}", [
    { "Cellular.APN": variant("a{ss}", { ...apn, password: "wrong" }) },
  ]);
  await daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  assert.equal((await untilState(daemon, link, "failure")).Error, "not-authenticated");
  await setApn(daemon, path, apn);
  await daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  const service = await untilState(daemon, link, "ready");
  assert.deepEqual(service["Cellular.APN"], { apn: "internet.test", username: "somebody" });
  const told = [
    inspect(service, { depth: 5 }),
    output(daemon, "dump"),
    output(daemon, "get", link),
    output(daemon, "profile", "export"),
    daemon.log(),
  ];
  for (const text of told) assert.doesNotMatch(text, /kept-to-ourselves/);
});
