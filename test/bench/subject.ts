import type { BusCall, ProbeEvent } from "./probe.ts";

/** Where a measured program runs: a namespace, a bus, and folders that were empty at the beginning. */
export interface Place {
  readonly busAddress: string;
  readonly folder: string;
}

/** A program that manages connections, and its API. Everything that differs between the measured programs. */
export interface Subject {
  readonly name: string;
  /** Undefined: not installed. */
  version(): string | undefined;
  /** Once per namespace: configuration, private folders. */
  prepare(place: Place): void;
  argv(place: Place): readonly string[];
  /** Loses all it knows, so that the next start is the first. Not called while it runs. */
  forget(place: Place): void;

  /** Match rules for the signals that it reads below. */
  readonly match: readonly string[];
  /** The first call of a client; answered: it has started. */
  readonly mainCall: BusCall;
  /** How many links that call lists; undefined: it lists none. */
  countLinks?(body: readonly unknown[]): number;
  /** The signal that says: connected through a cable. */
  saysConnected(event: ProbeEvent): boolean;
  /** The first signal that says: that cable has no carrier, or is not connected any more. */
  saysLost(event: ProbeEvent): boolean;
  /** Whether, after a cable was pulled, all is as before it was plugged, so that the next plug is a new beginning. */
  saysSettled(event: ProbeEvent): boolean;

  /** Everything about all links in one call. */
  readonly everything?: BusCall;
  /** Puts so many wireless networks where it remembers them. Not called while it runs. */
  storeNetworks?(place: Place, count: number): void;
  /** All properties of the connected Service, or its counterpart. `list`: the main call's reply. */
  serviceProperties?(list: readonly unknown[]): BusCall;
  /** Sets a property that is kept over restarts, to a value that differs with `round`. */
  setProperty?(list: readonly unknown[], round: number): BusCall;
}

/** The arguments of a signal of this interface and member, else undefined. */
export function signalArgs(event: ProbeEvent, interfaceName: string, member: string): readonly unknown[] | undefined {
  const isIt = event.event === "signal" && event.interface === interfaceName && event.member === member;
  return isIt ? (event.args ?? []) : undefined;
}

/** The dictionary of changed values in a PropertiesChanged of this interface. */
export function changedProperties(event: ProbeEvent, interfaceName: string): Readonly<Record<string, unknown>> {
  const [of, changed] = signalArgs(event, "org.freedesktop.DBus.Properties", "PropertiesChanged") ?? [];
  return of === interfaceName ? (changed as Record<string, unknown>) : {};
}
