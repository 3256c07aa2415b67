import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProbeEvent } from "../probe.ts";
import { type Subject, signalArgs } from "../subject.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const destination = "org.chromium.flimflam";
const connected = new Set(["ready", "online", "no-connectivity"]);

const serviceState = (event: ProbeEvent): unknown => {
  const [name, value] = signalArgs(event, `${destination}.Service`, "PropertyChanged") ?? [];
  return name === "State" ? value : undefined;
};
const firstService = ([manager]: readonly unknown[]): string => {
  const [service] = (manager as { readonly Services: readonly string[] }).Services;
  if (service === undefined) throw new Error("fairlead lists no Service");
  return service;
};

const networkRows = (ssid: string): ReadonlyMap<string, string> => {
  const settings = { Type: "wifi", AutoConnect: true, HasEverConnected: true, SSID: ssid, "WiFi.Mode": "managed" };
  const rows = { ...settings, "WiFi.SecurityClass": "psk", "WiFi.Passphrase": `passphrase ${ssid}`, GUID: ssid };
  return new Map(Object.entries(rows).map(([name, value]) => [name, JSON.stringify(value)]));
};

export const fairlead: Subject = {
  name: "fairlead",
  version: () => JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  prepare: () => {},
  argv: ({ busAddress, folder }) => [
    join(root, "bin", "fairleadd"),
    ...["--bus-address", busAddress],
    ...["--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")],
    // The questions of the other programs to the internet are off, too.
    ...["--portal-http-url", "none", "--portal-https-url", "none"],
  ],
  forget: ({ folder }) => {
    for (const name of ["state", "run"]) rmSync(join(folder, name), { recursive: true, force: true });
  },

  match: [`type='signal',sender='${destination}',member='PropertyChanged'`],
  mainCall: { destination, path: "/", interface: `${destination}.Manager`, member: "GetProperties" },
  countLinks: ([manager]) => (manager as { readonly Devices: readonly string[] }).Devices.length,
  saysConnected: (event) => connected.has(serviceState(event) as string),
  saysLost: (event) => serviceState(event) === "idle",
  saysSettled: (event) => serviceState(event) === "idle",

  everything: {
    destination,
    path: "/",
    interface: "org.freedesktop.DBus.ObjectManager",
    member: "GetManagedObjects",
  },
  storeNetworks: ({ folder }, count) => {
    const { store } = sqliteStorage.open(join(folder, "state", "profiles", "default.db"), "open");
    store.transaction(() => {
      for (let n = 0; n < count; n++) {
        const ssid = Buffer.from(`Network ${n}`).toString("hex");
        store.write(`wifi_any_${ssid}_managed_psk`, networkRows(ssid));
      }
    });
    store.close();
  },
  serviceProperties: (list) => ({
    destination,
    path: firstService(list),
    interface: `${destination}.Service`,
    member: "GetProperties",
  }),
  setProperty: (list, round) => ({
    destination,
    path: firstService(list),
    interface: `${destination}.Service`,
    member: "SetProperty",
    signature: "sv",
    args: ["Priority", ["i", round % 100]],
  }),
};
