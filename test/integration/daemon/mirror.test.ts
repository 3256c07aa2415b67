import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type HeardSignal, unwrapVariants } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addPeer, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { ip } from "./kernel-view.ts";
import { addLan, devicePaths, plugIn, startDaemon, untilState } from "./support.ts";

type Values = Record<string, unknown>;
type Objects = Record<string, Record<string, Values>>;

async function managedObjects(daemon: TestDaemon): Promise<Objects> {
  const [reply] = await daemon.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
  const objects = unwrapVariants(reply) as Objects;
  const [manager] = await daemon.call("/", "org.freedesktop.DBus.Properties", "GetAll", "s", [managerInterface]);
  return { ...objects, "/": { [managerInterface]: manager as Values } };
}
const managerInterface = "org.chromium.flimflam.Manager";

/** State of a client that asked once and has only listened since. */
function apply(objects: Objects, { interface: interfaceName, member, path, args }: HeardSignal): void {
  const [first, second, third] = args as [string, unknown, string[]];
  if (interfaceName === "org.freedesktop.DBus.ObjectManager") {
    if (member === "InterfacesAdded") objects[first] = second as Record<string, Values>;
    else delete objects[first];
    return;
  }
  if (interfaceName !== "org.freedesktop.DBus.Properties" || member !== "PropertiesChanged") return;
  const values = objects[path]?.[first];
  if (!values) return;
  Object.assign(values, second);
  for (const name of third) delete values[name];
}
/** Read afresh each time, without news of changes. */
const untold = /^Diagnostics\.|LinkSpeed|SpeedKbps$/;

function stripped(objects: Objects): Objects {
  const copy = structuredClone(objects);
  for (const interfaces of Object.values(copy)) {
    for (const values of Object.values(interfaces))
      for (const name in values) if (untold.test(name)) delete values[name];
  }
  return copy;
}

/** Runs `deeds`, then compares the state from signals with the present one. */
async function mirrored(t: TestContext, deeds: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  const daemon = await startDaemon(t);
  const objects = await managedObjects(daemon);
  daemon.client.signals.length = 0;
  await deeds(daemon);
  const isSame = async () => {
    const now = await managedObjects(daemon);
    const known = structuredClone(objects);
    for (const signal of daemon.client.signals) apply(known, signal);
    assert.deepEqual(stripped(known), stripped(now));
    return true;
  };
  await until("a client that only listened knows all that is", isSame);
}

test("a client that only listens knows everything after cables come and go and settings change", async (t) => {
  const { cable } = await addLan(t, "router", { plugged: false });
  await mirrored(t, async (daemon) => {
    cable.plug();
    const path = String((await untilState(daemon, "eth0", "ready")).path);
    await daemon.setProperty(path, "Service", "Priority", "i", 3);
    await daemon.setProperty("/", "Manager", "CheckPortalList", "s", "");
    await untilState(daemon, "eth0", "online");
    cable.unplug();
    await untilState(daemon, "eth0", "idle");
    await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Disable");
    await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Enable");
    cable.plug();
    await untilState(daemon, "eth0", "online");
    await daemon.call(path, "org.chromium.flimflam.Service", "Disconnect");
    await daemon.call("/", managerInterface, "ClaimInterface", "ss", ["tester", "eth0"]);
  });
});

test("a client that only listens knows everything after links come, go and are renamed", async (t) => {
  await addLan(t, "router");
  const peer = addPeer("dock");
  t.after(() => peer.remove());
  await mirrored(t, async (daemon) => {
    await untilState(daemon, "eth0", "ready");
    for (let at = 0; at < 30; at++) plugIn(t, `usb${at}`, peer, { plugged: at % 2 === 0 });
    await until("all are there", async () => (await devicePaths(daemon)).length === 31);
    ip("link", "set", "eth0", "name", "lan0");
    for (let at = 0; at < 20; at++) run("ip", ["link", "delete", `usb${at}`]);
    await until("most are gone", async () => (await devicePaths(daemon)).length === 11);
    await untilState(daemon, "lan0", "ready");
  });
});

test("PropertyChanged of the flimflam interfaces tells the same", async (t) => {
  const { cable } = await addLan(t, "router", { plugged: false });
  const daemon = await startDaemon(t);
  const known = new Map<string, unknown>();
  for (const [path, interfaces] of Object.entries(await managedObjects(daemon))) {
    for (const values of Object.values(interfaces)) {
      for (const [name, value] of Object.entries(values)) known.set(`${path} ${name}`, value);
    }
  }
  daemon.client.signals.length = 0;
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  cable.plug();
  const { path } = await untilState(daemon, "eth0", "ready");
  const isSame = async () => {
    for (const { path: from, member, args } of daemon.client.signals) {
      if (member === "PropertyChanged") known.set(`${from} ${args[0]}`, args[1]);
    }
    for (const [object, kind] of [
      ["/", "Manager"],
      ["/device/eth0", "Device"],
      [String(path), "Service"],
    ] as const) {
      const values = Object.entries(await daemon.properties(object, kind)).filter(([name]) => !untold.test(name));
      for (const [name, value] of values) assert.deepEqual(known.get(`${object} ${name}`), value, `${object} ${name}`);
    }
    return true;
  };
  await until("all that was told is what is", isSame);
});
