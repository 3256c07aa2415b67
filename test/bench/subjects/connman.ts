import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, tryRun } from "../../harness/processes.ts";
import type { ProbeEvent } from "../probe.ts";
import { type Subject, signalArgs } from "../subject.ts";

const destination = "net.connman";
const stateFolder = "/var/lib/connman";

/** The Manager's State is told at once; the list of Services, with theirs, 100 ms later. */
const managerState = (event: ProbeEvent): unknown => {
  const [name, value] = signalArgs(event, "net.connman.Manager", "PropertyChanged") ?? [];
  return name === "State" ? value : undefined;
};

export const connman: Subject = {
  name: "connman",
  version: () => {
    const { code, stdout } = tryRun("connmand", ["--version"]);
    return code === 0 ? stdout.trim() : undefined;
  },
  prepare: ({ folder }) => {
    tryRun("mkdir", ["-p", stateFolder]);
    run("mount", ["-t", "tmpfs", "tmpfs", stateFolder]);
    writeFileSync(join(folder, "connman.conf"), "[General]\nEnableOnlineCheck=false\nAllowHostnameUpdates=false\n");
  },
  argv: ({ folder }) => ["connmand", "--nodaemon", "--nodnsproxy", `--config=${join(folder, "connman.conf")}`],
  forget: () => void run("find", [stateFolder, "-mindepth", "1", "-delete"]),

  match: [`type='signal',sender='${destination}'`],
  mainCall: { destination, path: "/", interface: "net.connman.Manager", member: "GetServices" },
  saysConnected: (event) => managerState(event) === "ready" || managerState(event) === "online",
  saysLost: (event) => managerState(event) === "idle",
  // A cable without carrier has no Service at all.
  saysSettled: removesServices,

  everything: { destination, path: "/", interface: "net.connman.Manager", member: "GetServices" },
  serviceProperties: ([services]) => ({
    destination,
    path: firstService(services),
    interface: "net.connman.Service",
    member: "GetProperties",
  }),
  setProperty: ([services], round) => ({
    destination,
    path: firstService(services),
    interface: "net.connman.Service",
    member: "SetProperty",
    signature: "sv",
    args: ["AutoConnect", ["b", round % 2 === 0]],
  }),
};

function removesServices(event: ProbeEvent): boolean {
  const [, removed] = signalArgs(event, "net.connman.Manager", "ServicesChanged") ?? [];
  return Array.isArray(removed) && removed.length > 0;
}

function firstService(services: unknown): string {
  const [first] = services as readonly (readonly [string, unknown])[];
  if (!first) throw new Error("connman lists no service");
  return first[0];
}
