/** Facts about this machine: the run of its kernel, its domain, its resolver. */

import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { readIfPresent } from "./files.ts";

const bootIdFile = "/proc/sys/kernel/random/boot_id";

/** Names this run of the kernel; undefined where the machine does not tell. */
export function readBootId(): string | undefined {
  try {
    const text = readIfPresent(bootIdFile, 64)?.toString("latin1").trim();
    return text && /^[0-9a-f-]{1,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The domain in the machine's own name; undefined: it has none. */
export function hostDomain(): string | undefined {
  const domain = hostname().split(".").slice(1).join(".");
  return domain === "" ? undefined : domain;
}

/** Of /etc/resolv.conf, which has a few lines. */
const mostResolvBytes = 65_536;
/** systemd-resolved's own files: of its stub, and of the servers that it uses. */
const resolvedFolder = "/run/systemd/resolve/";
/** Its stub listens on these. */
const stub = /^\s*nameserver\s+127\.0\.0\.5[34]\s*$/m;

/** Whether readers of the file ask systemd-resolved, or the servers that it was told of. */
export function leadsToResolved(path = "/etc/resolv.conf"): boolean {
  try {
    if (realpathSync(path).startsWith(resolvedFolder)) return true;
    return stub.test(readIfPresent(path, mostResolvBytes)?.toString("latin1") ?? "");
  } catch {
    return false;
  }
}
