/**
 * The order of Services and the reason of each place (docs/contract/shill.md, Order). The first criterion that tells
 * two Services apart decides; its name is the reason that clients read.
 */
import { countsAs, type Technology } from "../base/technology.ts";
import { type ConnectState, isConnected, isConnecting, isPortalled } from "./connect-states.ts";

/** Facts that the order compares; a Service offers them, a test writes them down. */
export interface OrderFacts {
  readonly state: ConnectState;
  /** In state failure, or failed since it was last ready. */
  readonly hasFailed: boolean;
  /** A default route leads through it; of interest while it is connected. */
  readonly hasWayOut: boolean;
  readonly isConnectable: boolean;
  readonly technology: Technology;
  readonly ephemeralPriority: number;
  readonly priority: number;
  readonly configurationSource: ConfigurationSource;
  readonly hasManagedCredentials: boolean;
  readonly autoConnect: boolean;
  /** cipher * 4 + key rotation * 2 + endpoint authentication; 0 for networks without. */
  readonly securityLevel: number;
  /** Place of its Profile on the stack from the bottom, 0 the lowest; -1: ephemeral. */
  readonly profileRank: number;
  readonly hasEverConnected: boolean;
  readonly strengthPercent: number;
  readonly serial: number;
}

/** Authors of a configuration, weightiest first (the bus calls it ONCSource). */
export const configurationSources = ["UserPolicy", "DevicePolicy", "UserImport", "None", "Unknown"] as const;
export type ConfigurationSource = (typeof configurationSources)[number];

export interface OrderRules {
  /** Rank by technology; unlisted ones come after all listed and are equal among themselves. */
  readonly technologyOrder: readonly Technology[];
  /** Automatic connection looks at the Services as if none were connected. */
  readonly ignoreConnectivity?: boolean;
  /** As if each led out. */
  readonly ignoreWayOut?: boolean;
}

interface Criterion {
  readonly reason: OrderReason;
  /** Negative: `a` comes first. */
  compare(a: OrderFacts, b: OrderFacts, rules: OrderRules): number;
}

const holdsFirst = (a: boolean, b: boolean): number => Number(b) - Number(a);

const technologyRank = (technology: Technology, { technologyOrder }: OrderRules): number => {
  const named = technologyOrder.indexOf(technology);
  const at = named < 0 ? technologyOrder.indexOf(countsAs(technology)) : named;
  return at < 0 ? technologyOrder.length : at;
};

/** A person who gives a network a Priority means it, router or not (docs/decisions/dead-ends-come-last.md). */
const isPreferred = ({ priority, ephemeralPriority }: OrderFacts): boolean => priority > 0 || ephemeralPriority > 0;
/** Connected, and no packet that leaves its own networks can go that way. */
export const isDeadEnd = (facts: OrderFacts): boolean =>
  isConnected(facts.state) && !facts.hasWayOut && !isPreferred(facts);
const isOnline = ({ state }: OrderFacts): boolean => state === "online";

interface Comparator {
  readonly reason: string;
  compare(a: OrderFacts, b: OrderFacts): number;
}
const online: Comparator & { reason: "IsOnline" } = {
  reason: "IsOnline",
  compare: (a, b) => holdsFirst(isOnline(a), isOnline(b)),
};
const connected: Comparator & { reason: "IsConnected" } = {
  reason: "IsConnected",
  compare: (a, b) => holdsFirst(isConnected(a.state), isConnected(b.state)),
};
/** Looked at only where the states differ. */
const connectivity = [
  online,
  connected,
  { reason: "IsPortal", compare: (a, b) => holdsFirst(!isPortalled(a.state), !isPortalled(b.state)) },
  { reason: "IsConnecting", compare: (a, b) => holdsFirst(isConnecting(a.state), isConnecting(b.state)) },
  { reason: "IsFailed", compare: (a, b) => holdsFirst(!a.hasFailed, !b.hasFailed) },
] as const satisfies readonly Comparator[];

/**
 * Before those, and looked at only where one is a dead end. Without validation each network is online, a dead end too.
 */
const wayOut = [
  { reason: "IsOnline", compare: (a, b) => holdsFirst(isOnline(a) && !isDeadEnd(a), isOnline(b) && !isDeadEnd(b)) },
  connected,
  { reason: "HasWayOut", compare: (a, b) => holdsFirst(!isDeadEnd(a), !isDeadEnd(b)) },
] as const satisfies readonly Comparator[];

const merit = [
  { reason: "Connectable", compare: (a, b) => holdsFirst(a.isConnectable, b.isConnectable) },
  {
    reason: "Technology",
    compare: (a, b, rules) => technologyRank(a.technology, rules) - technologyRank(b.technology, rules),
  },
  { reason: "EphemeralPriority", compare: (a, b) => b.ephemeralPriority - a.ephemeralPriority },
  { reason: "Priority", compare: (a, b) => b.priority - a.priority },
  {
    reason: "Source",
    compare: (a, b) =>
      configurationSources.indexOf(a.configurationSource) - configurationSources.indexOf(b.configurationSource),
  },
  { reason: "ManagedCredentials", compare: (a, b) => holdsFirst(a.hasManagedCredentials, b.hasManagedCredentials) },
  { reason: "AutoConnect", compare: (a, b) => holdsFirst(a.autoConnect, b.autoConnect) },
  { reason: "Security", compare: (a, b) => b.securityLevel - a.securityLevel },
  { reason: "ProfileOrder", compare: (a, b) => b.profileRank - a.profileRank },
  { reason: "HasEverConnected", compare: (a, b) => holdsFirst(a.hasEverConnected, b.hasEverConnected) },
  { reason: "Strength", compare: (a, b) => b.strengthPercent - a.strengthPercent },
  { reason: "SerialNumber", compare: (a, b) => a.serial - b.serial },
] as const satisfies readonly {
  reason: string;
  compare(a: OrderFacts, b: OrderFacts, rules: OrderRules): number;
}[];

export type OrderReason =
  | (typeof wayOut)[number]["reason"]
  | (typeof connectivity)[number]["reason"]
  | (typeof merit)[number]["reason"]
  | "Same";

const meritCriteria: readonly Criterion[] = merit;
const stateCriteria: readonly Criterion[] = [...connectivity, ...merit];
const allCriteria: readonly Criterion[] = [...wayOut, ...connectivity, ...merit];

export interface Comparison {
  /** Negative: `a` comes first; 0 only for one and the same. */
  readonly order: number;
  readonly because: OrderReason;
}

export function compareServices(a: OrderFacts, b: OrderFacts, rules: OrderRules): Comparison {
  for (const { reason, compare } of criteriaFor(a, b, rules)) {
    const order = compare(a, b, rules);
    if (order !== 0) return { order, because: reason };
  }
  return { order: 0, because: "Same" };
}

/** The same decision without the reason, for sorting thousands. */
export function orderOf(a: OrderFacts, b: OrderFacts, rules: OrderRules): number {
  for (const { compare } of criteriaFor(a, b, rules)) {
    const order = compare(a, b, rules);
    if (order !== 0) return order;
  }
  return 0;
}

function criteriaFor(a: OrderFacts, b: OrderFacts, rules: OrderRules): readonly Criterion[] {
  if (rules.ignoreConnectivity) return meritCriteria;
  if (!rules.ignoreWayOut && isDeadEnd(a) !== isDeadEnd(b)) return allCriteria;
  return a.state === b.state && a.hasFailed === b.hasFailed ? meritCriteria : stateCriteria;
}

/** Properties of a Service that take part in the order, or in auto-connect. */
export const orderProperties: ReadonlySet<string> = new Set([
  "AutoConnect",
  "Priority",
  "EphemeralPriority",
  "ManagedCredentials",
  "ONCSource",
]);
