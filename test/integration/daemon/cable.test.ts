import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { busName } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import {
  addressesOf,
  addressOf,
  addressProtocols,
  hostAddressOf,
  ownRules,
  routeLines,
  tableOf,
} from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, startPython, times, untilState } from "./support.ts";

test("a cable goes in: address, routes, rules and resolver file are there, all with our mark", async (t) => {
  const { cable } = await addLan(t, "router", { plugged: false });
  const daemon = await startDaemon(t);
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "idle");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  const host = hostAddressOf("eth0");
  assert.match(addressOf("eth0") ?? "", /^10\.1\.0\.1\d\d\/24$/);
  assert.equal(addressProtocols()[host], 0x66);
  const routes = ["10.1.0.0/24 dev eth0 proto 102", "default via 10.1.0.1 dev eth0 proto 102"];
  assert.deepEqual(routeLines(), routes);
  assert.deepEqual(routeLines(tableOf("eth0")), routes);
  assert.deepEqual(ownRules(), [
    "20300: from all lookup main suppress_prefixlength 0",
    `20500: from ${host} lookup ${tableOf("eth0")}`,
  ]);
  assert.match(
    readFileSync(join(daemon.runDir, "resolv.conf"), "utf8"),
    /^nameserver 10\.1\.0\.53\nsearch lan\.test\n/,
  );
  assert.match(run("ping", ["-c1", "-W2", "10.1.0.1"]), /1 received/);
});

test("gdbus and busctl see the Device and a Service that is ready", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const { address } = daemon.bus;
  const gdbus = (object: string, method: string) =>
    run("gdbus", ["call", "-a", address, "-d", busName, "-o", object, "-m", `org.chromium.flimflam.${method}`]);
  const manager = gdbus("/", "Manager.GetProperties");
  assert.match(manager, /'Devices': <\[objectpath '\/device\/eth0'\]>/);
  assert.match(manager, new RegExp(`'Services': <\\[objectpath '${path}'\\]>`));
  assert.match(gdbus(String(path), "Service.GetProperties"), /'State': <'ready'>/);
  const busctl = (...args: string[]) => run("busctl", [`--address=${address}`, ...args]);
  assert.match(busctl("tree", busName), /\/device\/eth0/);
  const property = ["get-property", busName, String(path), "org.chromium.flimflam.Service", "State"];
  assert.equal(busctl(...property), 's "ready"\n');
  assert.match(busctl("introspect", busName, "/device/eth0"), /\.Enable\s+method/);
  // It reads the XML of every object, and complains of parts that it cannot read.
  const { stdout, stderr } = tryRun("gdbus", ["introspect", "-a", address, "-d", busName, "-o", "/", "-r"]);
  assert.deepEqual([stderr, /node \/device\/eth0 \{/.test(stdout)], ["", true]);
});

test("a Python client reads the properties, and hears IsConnected before State", async (t) => {
  const { cable } = await addLan(t, "router", { plugged: false });
  const daemon = await startDaemon(t);
  const service = await serviceOn(daemon, "eth0");
  const client = await startPython(t, listeningClient, [daemon.bus.address, String(service?.path)]);
  assert.match(client.output(), /Type=ethernet\n/);
  cable.plug();
  await client.untilOutput(/^changed State=ready$/m);
  const told = client.output().match(/^changed (State|IsConnected)=.*$/gm);
  assert.deepEqual(told, ["changed State=configuration", "changed IsConnected=1", "changed State=ready"]);
});

const listeningClient = `
import sys, dbus.bus, dbus.mainloop.glib
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
service = dbus.Interface(bus.get_object("org.chromium.flimflam", sys.argv[2]), "org.chromium.flimflam.Service")
print("Type=" + service.GetProperties()["Type"])
service.connect_to_signal("PropertyChanged", lambda name, value: print(f"changed {name}={value}"))
print("ready")
GLib.MainLoop().run()
`;

test("the cable goes out: the Service is idle and nothing of ours is left", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const table = tableOf("eth0");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await until("the address is gone", () => addressesOf("eth0").length === 0);
  await until(
    "rules and routes are gone",
    () => ownRules().length + routeLines().length + routeLines(table).length === 0,
  );
  assert.equal(existsSync(join(daemon.runDir, "resolv.conf")), false);
  const { DefaultService, ConnectionState, Services } = await daemon.manager();
  assert.deepEqual([DefaultService, ConnectionState, Services], ["/", "idle", []]);
});

test("plugged in again it asks for the lease it had and discovers nothing", async (t) => {
  const { cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const address = addressOf("eth0");
  await until("the server wrote its log", () => times(server, "DHCPACK") > 0);
  // On a busy machine the server may be asked twice before it answers.
  const count = (word: string) => times(server, word);
  const discovered = count("DHCPDISCOVER");
  const requested = count("DHCPREQUEST");
  const confirmed = count("DHCPACK");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), address);
  await until("the server wrote its log again", () => count("DHCPACK") > confirmed);
  assert.ok(count("DHCPREQUEST") > requested);
  assert.equal(count("DHCPDISCOVER"), discovered);
});

test("a cable that flaps thirty times is ready in the end, with one address", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  for (let round = 0; round < 30; round++) {
    cable.unplug();
    cable.plug();
  }
  await untilState(daemon, "eth0", "ready");
  await until("all fits together", () => assertConsistent(daemon).then(() => true));
  assert.equal(routeLines().length, 2);
});
