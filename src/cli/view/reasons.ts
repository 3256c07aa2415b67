/** The daemon's reason words as sentences. Words that are not known here are shown as they are. */
import type { BusObject } from "./snapshot.ts";

type Sentence = (first: BusObject, next: BusObject, technologyOrder: string) => string;

/** Why one Service comes before the next, the weightiest reason first. */
const orderReasons: Readonly<Record<string, Sentence>> = {
  IsOnline: () => "it is online",
  IsConnected: () => "it is connected",
  HasWayOut: () => "the other has no default route",
  IsPortal: () => "the other is behind a portal",
  IsConnecting: () => "it is connecting",
  IsFailed: () => "the other has failed",
  Connectable: () => "the other lacks something it needs to connect",
  Technology: (first, next, order) =>
    `${first.text("Type")} comes before ${next.text("Type")} in the order of technologies (${order})`,
  EphemeralPriority: compared("EphemeralPriority"),
  Priority: compared("Priority"),
  Source: (first, next) =>
    `its configuration comes from ${first.text("ONCSource")}, that of the other from ${next.text("ONCSource")}`,
  ManagedCredentials: () => "an administrator keeps its credentials",
  AutoConnect: () => "it connects by itself and the other does not",
  Security: () => "its network is the safer one",
  ProfileOrder: () => "its Profile lies higher on the stack",
  HasEverConnected: () => "it has been connected before",
  Strength: (first, next) => `its signal is stronger (${first.number("Strength")} % over ${next.number("Strength")} %)`,
  SerialNumber: () => "nothing else tells them apart and it was there first",
};

/** Of two Services with one between that is not shown: the weightier of the two reasons decides between them. */
export function weightierReason(a: string, b: string): string {
  const weights = Object.keys(orderReasons);
  const [first, second] = [weights.indexOf(a), weights.indexOf(b)];
  if (first < 0 || second < 0) return first < 0 ? b : a;
  return first < second ? a : b;
}

function compared(property: string): Sentence {
  return (first, next) => `its ${property} is larger (${first.number(property)} over ${next.number(property)})`;
}

export function orderSentence(reason: string, first: BusObject, next: BusObject, technologyOrder: string): string {
  const sentence = Object.hasOwn(orderReasons, reason) ? orderReasons[reason] : undefined;
  return sentence?.(first, next, technologyOrder) ?? reason;
}

/** Why a Service does not connect by itself. Absent: it needs no saying, as it is connected or on its way. */
const refusals: Readonly<Record<string, string | undefined>> = {
  connected: undefined,
  connecting: undefined,
  disconnecting: "it is being disconnected",
  "explicitly disconnected": "it was disconnected by hand; connecting it once makes it automatic again",
  "not connectable": "it lacks something it needs to connect",
  "technology not auto connectable": "NoAutoConnectTechnologies of the Manager names its technology",
  throttled: "it failed just now and waits before the next attempt",
  offline: "it needs another connection to ride on",
  "recent bad passphrase failure": "its passphrase was refused just now",
  "connection medium unavailable": "nothing is plugged in or in range",
  busy: "its Device is busy with another Service",
  "never connected": "it has to be connected once before it may connect by itself",
  "vpn already active": "another tunnel is connected",
  "auto-connect is off": "its AutoConnect is off",
  "no device": "its link is not there, or is disabled",
  "device is disabled": "its Device is disabled",
  "device is left alone": "its link is left alone",
  "SIM is locked": "its SIM is locked",
  "not registered": "its modem is not registered with a network",
};

/** `lacking` is the missing part, where it is known. Undefined: there is nothing to explain. */
export function refusalSentence(refusal: string, lacking = ""): string | undefined {
  if (refusal === "") return undefined;
  if (refusal === "not connectable" && lacking !== "") return lacking;
  return Object.hasOwn(refusals, refusal) ? refusals[refusal] : refusal;
}
