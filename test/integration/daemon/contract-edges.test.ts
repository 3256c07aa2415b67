import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError, variant } from "../../harness/bus-client.ts";
import { busName, type TestDaemon } from "../../harness/daemon.ts";
import { addPeer, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addLan, plugIn, serviceOn, startDaemon, untilState } from "./support.ts";

const flimflam = (kind: string) => `org.chromium.flimflam.${kind}`;
const error = (name: string, text?: RegExp) => (thrown: unknown) =>
  thrown instanceof CallError && thrown.busName === flimflam(`Error.${name}`) && (!text || text.test(thrown.message));
const onManager = (daemon: TestDaemon, member: string, signature = "", body: unknown[] = []) =>
  daemon.call("/", flimflam("Manager"), member, signature, body);
const onService = (daemon: TestDaemon, path: unknown, member: string, signature = "", body: unknown[] = []) =>
  daemon.call(String(path), flimflam("Service"), member, signature, body);

test("CheckPortal false, and a policy's ONCSource, put a connected Service online at once", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const set = (name: string, value: string) => daemon.setProperty(String(path), "Service", name, "s", value);
  await set("CheckPortal", "false");
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "online", "before the answer");

  await set("CheckPortal", "auto");
  await onService(daemon, path, "Disconnect");
  await onService(daemon, path, "Connect");
  await untilState(daemon, "eth0", "ready");
  await set("ONCSource", "DevicePolicy");
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "online");
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "eth0", "online");
});

test("Disconnect while the cable is out is refused by its name and meant; Connect and a restart take it back", async (t) => {
  const { cable } = await addLan(t, "server");
  cable.unplug();
  const daemon = await startDaemon(t);
  const service = await until("there is a Service", () => serviceOn(daemon, "eth0"));
  await assert.rejects(onService(daemon, service?.path, "Disconnect"), error("NotConnected"));
  cable.plug();
  await until("the cable is seen", async () => (await serviceOn(daemon, "eth0"))?.Visible === true);
  const [why] = await daemon.call(String(service?.path), "org.fairlead.Service1", "Why");
  assert.equal((why as Record<string, unknown>).AutoConnectRefusal, "explicitly disconnected");
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "idle");
  await onService(daemon, service?.path, "Connect");
  await untilState(daemon, "eth0", "ready");
  await onService(daemon, service?.path, "Disconnect");
  await untilState(daemon, "eth0", "idle");
  await assert.rejects(onService(daemon, service?.path, "Disconnect"), error("NotConnected"));
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
});

test("lists of technologies: blanks, unknown words, and nothing at all", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  for (const member of ["EnableTechnology", "DisableTechnology"])
    await assert.rejects(
      onManager(daemon, member, "s", [""]),
      error("InvalidArguments", /Unknown technology$/),
      member,
    );
  await onManager(daemon, "SetServiceOrder", "s", ["ethernet , vpn"]);
  assert.deepEqual(await onManager(daemon, "GetServiceOrder"), ["ethernet,vpn"]);
  for (const name of ["CheckPortalList", "NoAutoConnectTechnologies"]) {
    await daemon.setProperty("/", "Manager", name, "s", "wifi, smoke");
    assert.equal((await daemon.manager())[name], "wifi, smoke");
  }
  await untilState(daemon, "eth0", "online");
  await assert.rejects(
    daemon.setProperty("/", "Manager", "ProhibitedTechnologies", "s", "wifi, smoke"),
    error("InvalidArguments"),
  );
  await daemon.setProperty("/", "Manager", "ProhibitedTechnologies", "s", "wifi, ethernet");
  await until("cables are off", async () => (await daemon.properties("/device/eth0", "Device")).Powered === false);
  await assert.rejects(onManager(daemon, "EnableTechnology", "s", ["ethernet"]), error("PermissionDenied"));
});

test("a scan of a technology without a Device has nothing to do; the present Profile is no move", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  for (const technology of ["wifi", "cellular"])
    assert.deepEqual(await onManager(daemon, "RequestScan", "s", [technology]), []);
  for (const technology of ["ethernet", "vpn"]) {
    const refusal = error("InvalidArguments", new RegExp(`Scan unsupported for technology ${technology}$`));
    await assert.rejects(onManager(daemon, "RequestScan", "s", [technology]), refusal);
  }
  await assert.rejects(onManager(daemon, "RequestScan", "s", ["smoke"]), error("InvalidArguments", /Unrecognized/));
  await daemon.setProperty(String(path), "Service", "Profile", "s", "/profile/default");
  assert.equal((await serviceOn(daemon, "eth0"))?.Profile, "/profile/default");
  await assert.rejects(
    daemon.setProperty(String(path), "Service", "Profile", "s", "/profile/nobody"),
    error("InvalidArguments"),
  );
});

test("a client may send back the values that it read, by stock tools and in dictionaries", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  const { path, ...service } = await untilState(daemon, "eth0", "ready");
  const arguments_ = ["call", "-a", daemon.bus.address, "-d", busName, "-o", "/device/eth0"];
  run("gdbus", [...arguments_, "-m", `${flimflam("Device")}.SetProperty`, "Powered", "<true>"]);
  const dictionary = {
    Type: variant("s", "ethernet"),
    State: variant("s", String(service.State)),
    Visible: variant("b", true),
    UIData: variant("s", "mine"),
  };
  assert.deepEqual(await onManager(daemon, "ConfigureService", "a{sv}", [dictionary]), [path]);
  assert.equal((await serviceOn(daemon, "eth0"))?.UIData, "mine");
  await assert.rejects(
    onManager(daemon, "ConfigureService", "a{sv}", [{ ...dictionary, Visible: variant("b", false) }]),
    error("InvalidArguments", /Property is read-only$/),
  );
});

test("a pulled cable is no lost connection, during an attempt no failed one", async (t) => {
  const { peer, cable, server } = await addLan(t, "server");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const counted = async () => {
    const service = await daemon.properties(String(path), "Service");
    return [service["Diagnostics.Disconnects"], service["Diagnostics.Misconnects"]];
  };
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  assert.deepEqual(await counted(), [[], []]);
  await server.stop();
  // The gateway would confirm the network without the server.
  peer.exec("ip", "address", "del", "10.1.0.1/24", "dev", "lan");
  await onService(daemon, path, "Connect");
  cable.plug();
  await untilState(daemon, "eth0", "configuration");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  assert.deepEqual(await counted(), [[], []]);
});

test("an attempt that failed is told with its local time, as shill writes it", async (t) => {
  const peer = addPeer("nobody");
  t.after(() => peer.remove());
  plugIn(t, "eth0", peer);
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "configuration");
  // A DHCP client gives up after half a minute.
  const [time] = await until(
    "the attempt failed",
    async () => {
      const texts = (await daemon.properties(String(path), "Service"))["Diagnostics.Misconnects"] as string[];
      return texts.length > 0 && texts;
    },
    60_000,
  );
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}$/);
  assert.ok(Math.abs(Date.parse(String(time).replace(/(\d\d)$/, ":$1")) - Date.now()) < 120_000, String(time));
});

test("the parameters of 802.1X are on no Device, and an attempt to connect them is noted", async (t) => {
  const daemon = await startDaemon(t);
  const [path] = await onManager(daemon, "GetService", "a{sv}", [{ Type: variant("s", "etherneteap") }]);
  assert.equal((await daemon.properties(String(path), "Service")).Device, "/");
  await assert.rejects(onService(daemon, path, "Connect"), error("Failure"));
  const { StartTime, LastManualConnectAttempt } = await daemon.properties(String(path), "Service");
  assert.deepEqual([(StartTime as bigint) > 0n, (LastManualConnectAttempt as bigint) > 0n], [true, true]);
});

test("claimed links are told in order, and a host name need not be one for the DNS", async (t) => {
  const { server } = await addLan(t, "server");
  const daemon = await startDaemon(t);
  for (const link of ["zz9", "aa0", "mm5"]) await onManager(daemon, "ClaimInterface", "ss", ["me", link]);
  assert.deepEqual((await daemon.manager()).ClaimedDevices, ["aa0", "mm5", "zz9"]);
  await untilState(daemon, "eth0", "ready");
  await daemon.setProperty("/", "Manager", "DHCPProperty.Hostname", "s", "Harbour_Pier");
  const { path } = (await serviceOn(daemon, "eth0")) ?? {};
  await onService(daemon, path, "Disconnect");
  await onService(daemon, path, "Connect");
  await untilState(daemon, "eth0", "ready");
  await until("the server keeps it with the lease", () => / Harbour_Pier /.test(server.leases()));
});

test("the Service of a disabled Device leaves the bus; the last one stays without its Device", async (t) => {
  await addLan(t, "home", { link: "eth0", net: "10.1.0" });
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  const { path: home } = await untilState(daemon, "eth0", "ready");
  const { path: office } = await untilState(daemon, "eth1", "ready");
  const cables = async () => {
    const found: unknown[] = [];
    for (const path of (await daemon.manager()).ServiceCompleteList as string[])
      if ((await daemon.properties(path, "Service")).Type === "ethernet") found.push(path);
    return found;
  };
  await daemon.call("/device/eth0", flimflam("Device"), "Disable");
  await until("one is left", async () => (await cables()).length === 1);
  assert.deepEqual(await cables(), [office]);
  await assert.rejects(daemon.properties(String(home), "Service"), /UnknownObject|UnknownMethod/);
  await daemon.call("/device/eth1", flimflam("Device"), "Disable");
  await until(
    "it is without a Device",
    async () => !("Device" in (await daemon.properties(String(office), "Service"))),
  );
  assert.deepEqual(await cables(), [office]);
  for (const link of ["eth0", "eth1"]) {
    await daemon.call(`/device/${link}`, flimflam("Device"), "Enable");
    await untilState(daemon, link, "ready");
  }
  assert.equal((await serviceOn(daemon, "eth0"))?.path, office, "the Device that came first has it");
});

test("another cable becomes the best: each keeps its settings and times, on the bus, on its link and over a restart", async (t) => {
  const home = await addLan(t, "home", { link: "eth0", net: "10.1.0" });
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  const old = await untilState(daemon, "eth0", "ready");
  const other = await untilState(daemon, "eth1", "ready");
  const fixed = { Address: variant("s", "10.1.0.77"), Prefixlen: variant("i", 24), Gateway: variant("s", "10.1.0.1") };
  const set = (path: unknown, name: string, signature: string, value: unknown) =>
    daemon.setProperty(String(path), "Service", name, signature, value);
  await set(old.path, "StaticIPConfig", "a{sv}", fixed);
  await set(old.path, "GUID", "s", "mine");
  await set(old.path, "UIData", "s", "words");
  await set(old.path, "ProxyConfig", "s", '{"mode":"direct"}');
  await set(old.path, "Metered", "b", true);
  await set(other.path, "UIData", "s", "of the office");
  const names = ["StaticIPConfig", "GUID", "UIData", "ProxyConfig", "Metered", "LastConnected", "StartTime"];
  const read = async (path: unknown) => {
    const got = await daemon.properties(String(path), "Service");
    return names.map((name) => got[name]);
  };
  const [ofOld, ofOther] = [await read(old.path), await read(other.path)];
  assert.deepEqual(ofOld[0], { Address: "10.1.0.77", Prefixlen: 24, Gateway: "10.1.0.1" });
  const best = async () => ((await daemon.manager()).Services as string[])[0];
  const entries = async (path: unknown) => (await onService(daemon, path, "GetLoadableProfileEntries"))[0];

  await set(other.path, "Priority", "i", 5);
  await until("the office is first", async () => (await best()) === other.path);
  assert.deepEqual(await entries(other.path), { "/profile/default": "ethernet_any" });
  assert.deepEqual([await read(old.path), await read(other.path)], [ofOld, ofOther]);
  await set(other.path, "Priority", "i", 0);
  await until("home is first", async () => (await best()) === old.path);
  assert.deepEqual([await read(old.path), await read(other.path)], [ofOld, ofOther]);

  home.cable.unplug();
  await until("the office is first", async () => (await best()) === other.path);
  assert.deepEqual([await read(old.path), await read(other.path)], [ofOld, ofOther]);
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "eth1", "ready");
  const again = await until("the old one is there", () => serviceOn(daemon, "eth0"));
  assert.deepEqual((await read(again?.path)).slice(0, 5), ofOld.slice(0, 5));
  home.cable.plug();
  const { path } = await untilState(daemon, "eth0", "ready");
  assert.deepEqual((await read(path))[0], ofOld[0]);
});
