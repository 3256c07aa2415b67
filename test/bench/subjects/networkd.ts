import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { run, tryRun } from "../../harness/processes.ts";
import type { ProbeEvent } from "../probe.ts";
import { changedProperties, type Subject } from "../subject.ts";

const program = "/lib/systemd/systemd-networkd";
const destination = "org.freedesktop.network1";

const operationalState = (event: ProbeEvent): unknown =>
  changedProperties(event, `${destination}.Link`).OperationalState;

const configuration = `[Match]
Name=eth*
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
`;

export const networkd: Subject = {
  name: "networkd",
  version: () => {
    const { stdout } = tryRun("systemctl", ["--version"]);
    return existsSync(program) ? stdout.split(" ")[1] : undefined;
  },
  prepare: () => {
    mkdirSync("/run/systemd/network", { recursive: true });
    mkdirSync("/run/systemd/netif");
    run("chown", ["systemd-network:systemd-network", "/run/systemd/netif"]);
    writeFileSync("/run/systemd/network/50-cable.network", configuration);
    // With a writable /sys it waits for udev to tell of each link.
    run("mount", ["-o", "remount,ro", "/sys"]);
  },
  argv: () => [program],
  forget: () => void run("find", ["/run/systemd/netif", "-mindepth", "1", "-delete"]),

  match: [`type='signal',sender='${destination}'`],
  mainCall: {
    destination,
    path: "/org/freedesktop/network1",
    interface: "org.freedesktop.network1.Manager",
    member: "ListLinks",
  },
  countLinks: ([links]) => (links as readonly unknown[]).length,
  saysConnected: (event) => operationalState(event) === "routable",
  saysLost: (event) => operationalState(event) === "no-carrier",
  saysSettled: (event) => operationalState(event) === "no-carrier",
};
