import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, tryRun } from "../../harness/processes.ts";
import type { ProbeEvent } from "../probe.ts";
import { changedProperties, type Subject, signalArgs } from "../subject.ts";

const destination = "org.freedesktop.NetworkManager";
const stateFolder = "/var/lib/NetworkManager";
/** NMDeviceState. */
const unavailable = 20;
const activated = 100;

const newState = (event: ProbeEvent): unknown => signalArgs(event, `${destination}.Device`, "StateChanged")?.[0];

const configuration = `[main]
plugins=keyfile
dhcp=internal
auth-polkit=false
no-auto-default=*
[keyfile]
path=/run/NetworkManager/system-connections
[connectivity]
enabled=false
[logging]
level=WARN
`;
/** One for all cables, as the default connection would be. */
const connection = `[connection]
id=cable
type=ethernet
multi-connect=3
[ipv4]
method=auto
[ipv6]
method=disabled
`;

export const networkManager: Subject = {
  name: "NetworkManager",
  version: () => {
    const { code, stdout } = tryRun("NetworkManager", ["--version"]);
    return code === 0 ? stdout.trim() : undefined;
  },
  prepare: ({ folder }) => {
    // Nothing of an installed one is read or written.
    run("mount", ["-t", "tmpfs", "tmpfs", stateFolder]);
    run("mount", ["-t", "tmpfs", "tmpfs", "/etc/NetworkManager"]);
    mkdirSync("/run/NetworkManager/system-connections", { recursive: true });
    writeFileSync("/run/NetworkManager/system-connections/cable.nmconnection", connection, { mode: 0o600 });
    writeFileSync(join(folder, "nm.conf"), configuration);
    // With a writable /sys it waits for udev to tell of each link.
    run("mount", ["-o", "remount,ro", "/sys"]);
  },
  argv: ({ folder }) => [
    "NetworkManager",
    "--no-daemon",
    `--config=${join(folder, "nm.conf")}`,
    `--pid-file=${join(folder, "nm.pid")}`,
  ],
  forget: () => {
    for (const name of ["/run/NetworkManager/devices", "/run/NetworkManager/internal"]) {
      rmSync(name, { recursive: true, force: true });
    }
    run("find", [stateFolder, "-mindepth", "1", "-delete"]);
  },

  match: [`type='signal',sender='${destination}'`],
  mainCall: { destination, path: "/org/freedesktop/NetworkManager", interface: destination, member: "GetDevices" },
  countLinks: ([devices]) => (devices as readonly string[]).length,
  saysConnected: (event) => newState(event) === activated,
  saysLost: (event) => changedProperties(event, `${destination}.Device.Wired`).Carrier === false,
  // It holds a connection for six seconds after its carrier went.
  saysSettled: (event) => newState(event) === unavailable,

  everything: {
    destination,
    path: "/org/freedesktop",
    interface: "org.freedesktop.DBus.ObjectManager",
    member: "GetManagedObjects",
  },
  serviceProperties: ([devices]) => ({
    destination,
    path: (devices as readonly string[]).at(-1) ?? "/",
    interface: "org.freedesktop.DBus.Properties",
    member: "GetAll",
    signature: "s",
    args: [`${destination}.Device`],
  }),
  setProperty: (_, round) => ({
    destination,
    path: "/org/freedesktop/NetworkManager/Settings/1",
    interface: `${destination}.Settings.Connection`,
    member: "Update",
    signature: "a{sa{sv}}",
    args: [
      {
        connection: { id: ["s", "cable"], type: ["s", "802-3-ethernet"], "autoconnect-priority": ["i", round % 100] },
        ipv4: { method: ["s", "auto"] },
        ipv6: { method: ["s", "disabled"] },
      },
    ],
  }),
};
