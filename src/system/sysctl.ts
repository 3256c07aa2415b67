/** Kernel settings below /proc/sys. */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DaemonError, describeError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { isLinkName } from "../base/names.ts";
import { readBounded } from "./files.ts";

/** Longest value read: those we know are numbers; lists of ports are the longest there are. */
const maxValueBytes = 4096;
const namePattern = /^[a-z\d_]{1,64}$/;
/** No links: writing there would reach links that are not ours. */
const noLinks: ReadonlySet<string> = new Set(["all", "default"]);

export type SysctlFamily = "ipv4" | "ipv6";

/** A setting that does not exist (older kernel, IPv6 switched off) or may not be written is logged and survived. */
export class Sysctl {
  constructor(
    private readonly root = "/proc/sys",
    private readonly log: Log = silentLog,
  ) {}

  /** `net.<family>.conf.<link>.<name>`. Whether the kernel has that value now; an unchanged value is not written. */
  setForLink(family: SysctlFamily, link: string, name: string, value: number): boolean {
    return this.#set(linkPath(family, "conf", link, name), value);
  }
  /** Undefined when there is no such setting, or no number in it. */
  getForLink(family: SysctlFamily, link: string, name: string): number | undefined {
    return this.#get(linkPath(family, "conf", link, name));
  }

  /** `net.<family>.conf.all.<name>`: only to be read. */
  getForAllLinks(family: SysctlFamily, name: string): number | undefined {
    if (!namePattern.test(name)) throw new DaemonError("InvalidArguments", `${JSON.stringify(name)} is not a sysctl`);
    return this.#get(join("net", family, "conf", "all", name));
  }

  #get(path: string): number | undefined {
    try {
      const text = readBounded(join(this.root, path), maxValueBytes).toString("latin1").trim();
      return /^-?\d+$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined;
    }
  }
  #set(path: string, value: number): boolean {
    if (!Number.isSafeInteger(value))
      throw new DaemonError("InvalidArguments", `sysctl ${path}: ${value} is no integer`);
    if (this.#get(path) === value) return true;
    try {
      write(join(this.root, path), `${value}\n`);
      return true;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      this.log[isMissing ? "debug" : "warn"]("kernel setting not made", { path, value, because: describeError(error) });
      return false;
    }
  }
}

function linkPath(family: SysctlFamily, kind: "conf" | "neigh", link: string, name: string): string {
  if (!isLinkName(link) || noLinks.has(link)) {
    throw new DaemonError("InvalidArguments", `${JSON.stringify(link)} is not the name of a link`);
  }
  if (!namePattern.test(name)) throw new DaemonError("InvalidArguments", `${JSON.stringify(name)} is not a sysctl`);
  return join("net", family, kind, link, name);
}

/** One write call: the kernel takes each as a value of its own. */
function write(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
