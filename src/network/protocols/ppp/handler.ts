import type { ProtocolHandler } from "../handler.ts";
import type { PppoeConfig } from "./pppd-options.ts";
import { type PppoePorts, PppoeSession } from "./pppoe-session.ts";

/** PPP over Ethernet (RFC 2516), by pppd(8) and the kernel. */
export const pppoeHandler = (ports: PppoePorts): ProtocolHandler<PppoeConfig> => ({
  name: "pppoe",
  awaits: "session with an access concentrator",
  attach: (link, config, host) => new PppoeSession(link, config, ports, host),
});
