import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProtocolHandler } from "../handler.ts";
import { checkedPppd, type PppoeConfig, pppdProgram } from "./pppd-options.ts";
import { type PppoePorts, PppoeSession } from "./pppoe-session.ts";

/** PPP over Ethernet (RFC 2516), by pppd(8) and the kernel. */
export const pppoeHandler = (ports: PppoePorts): ProtocolHandler<PppoeConfig> => ({
  name: "pppoe",
  awaits: "session with an access concentrator",
  attach: (link, config, host) => new PppoeSession(link, config, ports, host),
});

/**
 * Only root starts pppd itself. Where the program is not found it is asked for all the same: the end names the missing
 * file.
 */
export function pppdOf(handlerFolders: readonly string[]): string {
  if (process.geteuid?.() === 0) return pppdProgram;
  const candidates = handlerFolders.map((folder) => join(folder, checkedPppd));
  return candidates.find((path) => existsSync(path)) ?? candidates.at(-1) ?? pppdProgram;
}
