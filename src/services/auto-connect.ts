/** Whether the Manager may connect a Service without being asked, and if not, why not (docs/contract/shill.md, Connecting). */
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
  /** What the technology itself has against it. */
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

/** A network that keeps refusing is tried again at once, then after 1, 2, 4 ... 60 s (timeline A1). */
const firstCooldownMs = 1_000;
const longestCooldownMs = 60_000;

/** Counts attempts; says how long the next one has to wait. */
export class Cooldown {
  #nextMs = 0;
  #untilMs = 0;

  isThrottled(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }
  /** Records an attempt. Returns milliseconds until the next may be made; 0: at once. */
  attempt(nowMs: number): number {
    const wait = this.#nextMs;
    this.#untilMs = nowMs + wait;
    this.#nextMs = wait === 0 ? firstCooldownMs : Math.min(wait * 2, longestCooldownMs);
    return wait;
  }
  /** After success, resume, or a restart of the radio. */
  reset(): void {
    this.#nextMs = 0;
    this.#untilMs = 0;
  }
}
