import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

export const fairlead: Subject = {
  name: "fairlead",
  version: () => JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  prepare: () => {},
  argv: ({ busAddress, folder }) => [
    join(root, "bin", "fairleadd"),
    ...["--bus-address", busAddress],
    ...["--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")],
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
