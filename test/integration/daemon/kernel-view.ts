/** The kernel as other programs see it: through iproute2 and a bare netlink socket, nothing of ours. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { run } from "../../harness/namespace.ts";
import { type ManagedProcess, startProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";

export const ip = (...args: string[]): string => run("ip", args);
const ipJson = (...args: string[]): unknown => JSON.parse(run("ip", ["-j", ...args]) || "[]");

export interface KernelLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly flags: readonly string[];
  readonly mtu: number;
  /** RFC 2863: UP, DOWN, LOWERLAYERDOWN ... */
  readonly operstate: string;
}
export const kernelLinks = (): readonly KernelLink[] => ipJson("link") as KernelLink[];
export function kernelLink(name: string): KernelLink {
  return kernelLinks().find(({ ifname }) => ifname === name) ?? assert.fail(`there is no link ${name}`);
}

/** IPv4 addresses as `10.1.0.100/24`. */
export function addressesOf(link: string): readonly string[] {
  type Entry = { readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[] };
  const [entry] = ipJson("-4", "address", "show", "dev", link) as Entry[];
  return (entry?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}
/** Undefined without any; fails when there are several. */
export function addressOf(link: string): string | undefined {
  const [first, ...others] = addressesOf(link);
  assert.deepEqual(others, [], `${link} has several addresses`);
  return first;
}
/** The same without the length. */
export const hostAddressOf = (link: string): string => addressOf(link)?.replace(/\/.*/, "") ?? "";

export interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly metric?: number;
  readonly protocol?: string;
}
export const routesOf = (table: string | number = "main"): readonly KernelRoute[] =>
  ipJson("-4", "-N", "-d", "route", "show", "table", String(table)) as KernelRoute[];
/** A table as lines such as `default via 10.1.0.1 dev eth0 proto 102`; the link-scope details are left out. */
export const routeLines = (table: string | number = "main"): readonly string[] =>
  routesOf(table)
    .map(({ dst, gateway, dev, protocol }) => `${dst}${gateway ? ` via ${gateway}` : ""} dev ${dev} proto ${protocol}`)
    .sort();
/** Links of the default routes, the one in use first. */
export const defaultLinks = (): readonly (string | undefined)[] =>
  routesOf()
    .filter(({ dst }) => dst === "default")
    .sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))
    .map(({ dev }) => dev);
/** The own table of a link. */
export const tableOf = (link: string): number => 1000 + kernelLink(link).ifindex;
/** Rules with our protocol number, as `20500: from 10.1.0.100 lookup 1101`. */
export const ownRules = (): readonly string[] =>
  ip("rule")
    .split("\n")
    .filter((line) => line.includes("proto 102"))
    .map((line) => line.replace(/\s+/g, " ").replace(/ proto 102.*/, ""));

/** IFA_PROTO of each IPv4 address; iproute2 of Debian 12 does not show it. */
export function addressProtocols(): Readonly<Record<string, number>> {
  return JSON.parse(run("/usr/bin/python3", ["-c", protocolsProgram]));
}
const protocolsProgram = `
import json, socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.send(struct.pack("=IHHII", 24, 22, 0x301, 1, 0) + struct.pack("=BBBBI", 2, 0, 0, 0, 0))
found, done = {}, False
while not done:
    data = s.recv(65536)
    while data:
        length, kind = struct.unpack_from("=IH", data)
        done = done or kind == 3
        attributes, values = data[24:length], {}
        while kind == 20 and attributes:
            size, name = struct.unpack_from("=HH", attributes)
            values[name] = attributes[4:size]
            attributes = attributes[(size + 3) & ~3:]
        if 2 in values: found[socket.inet_ntoa(values[2])] = values.get(11, b"\\0")[0]
        data = data[(length + 3) & ~3:]
print(json.dumps(found))
`;

/** The kernel's news of links, IPv4 addresses, routes and rules from now on. */
export async function watchKernel(
  t: TestContext,
): Promise<{ lines(): readonly string[]; deleted(): readonly string[] }> {
  const args = ["-oL", "ip", "-4", "-o", "monitor", "link", "address", "route", "rule"];
  const monitor: ManagedProcess = startProcess("stdbuf", args);
  t.after(() => monitor.end());
  // It does not say when it listens: something harmless is done until it is heard.
  await until("ip monitor listens", () => {
    ip("link", "set", "lo", "mtu", "65535");
    ip("link", "set", "lo", "mtu", "65536");
    return monitor.output().includes(" lo:");
  });
  const lines = () =>
    monitor
      .output()
      .split("\n")
      .filter((line) => line !== "" && !line.includes(" lo:"));
  return { lines, deleted: () => lines().filter((line) => line.startsWith("Deleted")) };
}

/**
 * Milliseconds, to the next ten, that a process has had of a processor (proc(5): utime and stime, in ticks of 10 ms).
 */
export function cpuMs(pid: number): number {
  const fields =
    run("cat", [`/proc/${pid}/stat`])
      .split(") ")[1]
      ?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
/** Resident memory of a process in MiB. */
export const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(run("cat", [`/proc/${pid}/status`]))?.[1]) / 1024;
