/** One nftables table of ours, with the rules of the active Location. */
import { DaemonError } from "../base/errors.ts";
import type { ProcessEnd, Processes } from "../system/processes.ts";

const filterTable = "inet fairlead_location";
const nft = "/usr/sbin/nft";
/** A ruleset of thousands of lines takes a second. */
const loadLimitMs = 10_000;

/** Replaces the table in one transaction of the kernel; undefined: takes it away. */
function filterScript(body: string | undefined): string {
  const clear = `add table ${filterTable}\ndelete table ${filterTable}\n`;
  return body === undefined ? clear : `${clear}table ${filterTable} {\n${body}\n}\n`;
}

/**
 * The text stands inside our table: one that ends it would change other tables. Throws InvalidArguments with the line.
 */
function checkFilterBody(body: string): void {
  let depth = 0;
  for (const [at, line] of body.split("\n").entries()) {
    for (const [char] of line.replace(/"[^"]*"|#.*/g, "").matchAll(/[{}]/g)) {
      depth += char === "{" ? 1 : -1;
      if (depth < 0) throw new DaemonError("InvalidArguments", `line ${at + 1}: this brace ends the table`);
    }
  }
  if (depth > 0) throw new DaemonError("InvalidArguments", "a brace has no end");
}

export interface PacketFilterPorts {
  readonly processes: Processes;
  readTrustedFile(path: string): string;
}

export class PacketFilter {
  /** Our table may be in the kernel. */
  #isLoaded = false;
  constructor(private readonly ports: PacketFilterPorts) {}

  /** There are Locations with a filter: an earlier run that was killed may have left its table. */
  expect(): void {
    this.#isLoaded = true;
  }

  /**
   * Undefined: there is nothing to do. Rejects, or throws, with a DaemonError that names the reason; then there is no
   * table.
   */
  load(file: string): Promise<void> | undefined {
    if (file === "" && !this.#isLoaded) return undefined;
    const body = file === "" ? undefined : this.#read(file);
    this.#isLoaded = true;
    return this.#run(filterScript(body), file);
  }
  #read(file: string): string {
    const body = this.ports.readTrustedFile(file);
    try {
      checkFilterBody(body);
    } catch (error) {
      throw new DaemonError("InvalidArguments", `${file}: ${(error as Error).message}`);
    }
    return body;
  }
  async #run(input: string, file: string): Promise<void> {
    let complaint = "";
    const { ended } = this.ports.processes.run({
      name: "packet filter of a Location",
      argv: [nft, "-f", "-"],
      environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
      input,
      timeLimitMs: loadLimitMs,
      queue: "location-packet-filter",
      // The first line is the error; those after it draw its place.
      onLine: (line) => {
        if (complaint === "") complaint = line.trim();
      },
    });
    const end = await ended;
    if (end.kind === "exited" && end.code === 0) this.#isLoaded = file !== "";
    else throw new DaemonError("Failure", `${file || "the former filter"}: ${failureOf(end, complaint)}`);
  }
}

function failureOf(end: ProcessEnd, complaint: string): string {
  if (end.kind === "not-started") return `nft cannot be started: ${end.message}`;
  const how = end.kind === "exited" ? `nft ended with ${end.code}` : `nft was ended by ${end.signal}`;
  return complaint === "" ? how : `${how}: ${complaint.slice(0, 300)}`;
}
