import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname, release, userInfo } from "node:os";
import type { Daemon } from "../daemon.ts";
import { exitCodes } from "../failure.ts";
import { toPlain } from "../text/bus-values.ts";
import { Masking } from "../text/masking.ts";
import { neutralLines } from "../text/printable.ts";
import type { Verb } from "../verb.ts";

/** A section of the report; a missing part is named in its place, as that is news too. */
interface Section {
  readonly title: string;
  readonly text: string;
}

/** The kernel's state in the output of usual tools. Read-only, and without a shell. */
const kernelViews: readonly (readonly string[])[] = [
  ["ip", "-details", "link"],
  ["ip", "address"],
  ["ip", "route", "show", "table", "all"],
  ["ip", "-6", "route", "show", "table", "all"],
  ["ip", "rule"],
  ["ip", "-6", "rule"],
];
const programLimitMs = 5_000;
const mostBytes = 1024 * 1024;
const resolver = "/etc/resolv.conf";
const mostLogLines = 500;

export const report: Verb = {
  name: "report",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "all that a report of a fault should hold: state, events, log, the kernel's view, versions; no secrets",
  options: { mask: { doc: "stand-ins for hardware and IP addresses and for names, the same ones throughout" } },
  async run({ daemon, out, options }) {
    const connected = await daemon();
    const sections = await collect(connected);
    const masking = options.has("mask") ? new Masking(await namesOf(connected)) : undefined;
    const shown = sections.map((section) => {
      const text = withoutQueries(section.text);
      return { title: section.title, text: masking ? masking.text(text) : text };
    });
    if (options.json) out.json({ sections: shown });
    else for (const { title, text } of shown) out.verbatim(`== ${title}\n${neutralLines(text)}\n\n`);
    return exitCodes.ok;
  },
};

/** The query of a portal's address holds the user's identity and session: a reader of it could log in. */
const withoutQueries = (text: string): string =>
  text.replace(/(\bhttps?:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/gi, "$1?<left-out>");

async function collect(daemon: Daemon): Promise<readonly Section[]> {
  return Promise.all([
    section("versions", async () => versions(await daemon.version())),
    section("state", async () => JSON.stringify(JSON.parse(await daemon.dump()), undefined, 2)),
    section("objects", async () => (await daemon.snapshot()).all.map(objectText).join("\n\n")),
    section("events", async () => (await daemon.history()).map(rowText).join("\n")),
    section("log", async () => (await daemon.logLines(0n, mostLogLines)).map(rowText).join("\n")),
    section(resolver, async () => readFileSync(resolver, "utf8").slice(0, mostBytes)),
    ...kernelViews.map((words) => section(words.join(" "), () => output(words))),
  ]);
}

async function section(title: string, make: () => Promise<string>): Promise<Section> {
  try {
    return { title, text: (await make()).trimEnd() };
  } catch (error) {
    return { title, text: `[not to be had: ${(error as Error).message}]` };
  }
}

const versions = (daemon: string): string =>
  [`fairleadd ${daemon}`, `node ${process.version}`, `Linux ${release()} ${process.arch}`].join("\n");

type Row = ReadonlyMap<string, { readonly value: unknown }>;
const rowText = (row: Row): string => [...row.values()].map(({ value }) => String(value)).join("  ");
const objectText = ({ path, properties }: { readonly path: string; readonly properties: Row }): string =>
  [path, ...[...properties].map(([name, { value }]) => `  ${name} = ${JSON.stringify(toPlain(value))}`)].join("\n");

function output([command = "", ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: programLimitMs, maxBuffer: mostBytes, encoding: "utf8" } as const;
    execFile(command, args, limits, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}

/** Names given by people: networks, Profiles' users, this host and the caller. */
async function namesOf(daemon: Daemon): Promise<readonly string[]> {
  const snapshot = await daemon.snapshot();
  const names = ["Name", "EAP.Identity", "EAP.AnonymousIdentity"];
  const services = snapshot.services.flatMap((service) => names.map((name) => service.text(name)));
  const users = snapshot.all.flatMap(({ path }) => /^\/profile\/([^/]+)\/./.exec(path)?.[1] ?? []);
  const generic = new Set(["ethernet", "ethernet eap parameters", "default", "root"]);
  return [...services, ...users, hostname(), userInfo().username].filter((name) => !generic.has(name.toLowerCase()));
}
