/**
 * Whether the Manager may connect a Service without being asked, and if not, why not (docs/contract/shill.md,
 * Connecting).
 */
import { type ConnectState, isConnected, isConnecting } from "./connect-states.ts";

/** Words of docs/contract/shill.md, Words; those after "busy" are ours. */
export type AutoConnectRefusal =
  | "technology not auto connectable"
  | "not connectable"
  | "connected"
  | "connecting"
  | "disconnecting"
  | "explicitly disconnected"
  | "throttled"
  | "offline"
  | "recent bad passphrase failure"
  | "connection medium unavailable"
  | "busy"
  | "never connected"
  | "vpn already active"
  | "auto-connect is off"
  | "no device"
  | "device is disabled"
  | "device is left alone"
  | "technology is prohibited"
  | "SIM is locked"
  | "not registered"
  | PolicyRefusal;

/** The policy in force keeps it from holding a connection: `policy Automatic: group 0 is online`. */
export type PolicyRefusal = `policy ${string}`;

export interface AutoConnectFacts {
  readonly autoConnect: boolean;
  readonly isTechnologyAllowed: boolean;
  readonly isConnectable: boolean;
  readonly state: ConnectState;
  readonly isExplicitlyDisconnected: boolean;
  readonly isThrottled: boolean;
  /** Rides on another connection (vpn) and there is none. */
  readonly lacksUnderlay: boolean;
  readonly hadBadPassphraseJustNow: boolean;
  readonly policyRefusal: PolicyRefusal | undefined;
  /** The technology's own reason against it. */
  readonly technologyRefusal: AutoConnectRefusal | undefined;
}

/** The first objection, in the order of the spec; undefined: go. */
export function autoConnectRefusal(facts: AutoConnectFacts): AutoConnectRefusal | undefined {
  if (!facts.autoConnect) return "auto-connect is off";
  if (!facts.isTechnologyAllowed) return "technology not auto connectable";
  if (!facts.isConnectable) return "not connectable";
  if (isConnected(facts.state)) return "connected";
  if (isConnecting(facts.state)) return "connecting";
  if (facts.state === "disconnecting") return "disconnecting";
  if (facts.isExplicitlyDisconnected) return "explicitly disconnected";
  if (facts.isThrottled) return "throttled";
  if (facts.lacksUnderlay) return "offline";
  if (facts.policyRefusal) return facts.policyRefusal;
  if (facts.hadBadPassphraseJustNow) return "recent bad passphrase failure";
  return facts.technologyRefusal;
}
