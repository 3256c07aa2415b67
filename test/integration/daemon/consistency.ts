import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { unwrapVariants } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addressOf, kernelLinks } from "./kernel-view.ts";

type Interfaces = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Properties that hold paths of other objects. */
const references: readonly (readonly [string, string])[] = [
  ["Manager", "Devices"],
  ["Manager", "Services"],
  ["Manager", "ServiceCompleteList"],
  ["Manager", "Profiles"],
  ["Manager", "DefaultService"],
  ["Device", "SelectedService"],
  ["Device", "IPConfigs"],
  ["Service", "Device"],
  ["Service", "IPConfig"],
  ["Service", "Profile"],
];

/**
 * The clients' view fits together and fits the kernel: no path leads nowhere, none is listed twice, every Device is a
 * link with that name, and a connected Service has the address that its link has.
 */
export async function assertConsistent(daemon: TestDaemon): Promise<void> {
  const { manager, objects } = await atOneMoment(daemon);
  const all: Readonly<Record<string, Interfaces>> = { ...objects, "/": { "org.chromium.flimflam.Manager": manager } };
  for (const [path, interfaces] of Object.entries(all)) {
    for (const [kind, name] of references) {
      const value = interfaces[`org.chromium.flimflam.${kind}`]?.[name];
      const targets = (Array.isArray(value) ? value : [value]).filter((target) => target && target !== "/");
      assert.equal(new Set(targets).size, targets.length, `${path} ${name} lists something twice`);
      for (const target of targets) assert.ok(Object.hasOwn(all, target), `${path} ${name}: there is no ${target}`);
    }
  }
  assertFitsKernel(objects);
}

/**
 * The Manager is not among its objects: nothing came or went while both were read if it says the same before and after.
 */
async function atOneMoment(daemon: TestDaemon) {
  for (let manager = await daemon.manager(), attempt = 0; ; attempt++) {
    const [reply] = await daemon.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    const objects = unwrapVariants(reply) as Readonly<Record<string, Interfaces>>;
    const after = await daemon.manager();
    if (attempt === 10 || isDeepStrictEqual(manager, after)) return { manager, objects };
    manager = after;
  }
}

function assertFitsKernel(objects: Readonly<Record<string, Interfaces>>): void {
  const names = new Set(kernelLinks().map(({ ifname }) => ifname));
  for (const interfaces of Object.values(objects)) {
    const device = interfaces["org.chromium.flimflam.Device"];
    if (device) assert.ok(names.has(String(device.Interface)), `there is no link ${device.Interface}`);
    const service = interfaces["org.chromium.flimflam.Service"];
    if (service?.IsConnected !== true) continue;
    const link = String(objects[String(service.Device)]?.["org.chromium.flimflam.Device"]?.Interface);
    const { IPv4Address } = service.NetworkConfig as { IPv4Address: string };
    assert.equal(IPv4Address, addressOf(link), `address of the Service on ${link}`);
  }
}
