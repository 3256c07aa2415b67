/** A section `interface` of the network configuration, as clients see it beside the Service that runs it. */
import { PropertyShape, type PropertyStore, propertyTable, type WireVariant } from "../base/property.ts";

/** netifd's words. */
export type InterfaceState = "SETUP" | "UP" | "TEARDOWN" | "DOWN";

export interface ConfiguredInterface {
  readonly sectionName: string;
  readonly proto: string;
  readonly interfaceState: InterfaceState;
  /** The link that it needs is there. */
  readonly isAvailable: boolean;
  /** Wanted up, by the configuration or by a person. */
  readonly isWanted: boolean;
  /** Whole seconds; 0 while it is not up. */
  readonly uptimeSeconds: number;
  /** Where its addresses are; empty: nowhere. */
  readonly l3Device: string;
  readonly errors: readonly InterfaceErrorEntry[];
  readonly interfaceProperties: PropertyStore<ConfiguredInterface>;
  /** Wanted up from now on. Never fails: obstacles are listed in `errors`. */
  up(): void;
  /** Not wanted up until a client asks; a link that comes back does not bring it up either. */
  down(): void;
  status(): ReadonlyMap<string, WireVariant>;
}

/** `subsystem`: "interface" or "proto". */
export interface InterfaceErrorEntry {
  readonly subsystem: string;
  readonly code: string;
  readonly data: readonly string[];
}

export const interfaceShape = new PropertyShape<ConfiguredInterface>(
  propertyTable<ConfiguredInterface>()({
    Interface: { signature: "s", doc: "Name of its section.", get: (it) => it.sectionName },
    Proto: {
      signature: "s",
      doc: "Where its addresses come from: static, dhcp, pppoe, none, or a handler.",
      get: (it) => it.proto,
    },
    State: { signature: "s", doc: "SETUP, UP, TEARDOWN or DOWN.", get: (it) => it.interfaceState },
    Pending: { signature: "b", doc: "It is being set up.", get: (it) => it.interfaceState === "SETUP" },
    Available: { signature: "b", doc: "The link that it needs is there.", get: (it) => it.isAvailable },
    AutoStart: {
      signature: "b",
      doc: "It is wanted up: when its link comes back it is brought up.",
      get: (it) => it.isWanted,
    },
    Uptime: {
      signature: "u",
      doc: "Seconds that it is up; 0 while it is not. Time passing by makes no signal.",
      get: (it) => it.uptimeSeconds,
    },
    L3Device: { signature: "s", doc: "The link with its addresses, or empty.", get: (it) => it.l3Device },
    Errors: {
      signature: "as",
      doc: "Why it is not up: subsystem, code and data of each, with blanks between (NO_DEVICE, INVALID_ADDRESS, ...).",
      get: ({ errors }) => errors.map(({ subsystem, code, data }) => [subsystem, code, ...data].join(" ")),
    },
  }),
);
