/**
 * ModemManager's numbers and error names (its headers ModemManager-enums.h and -errors.h) as words of the port. Pure.
 */
import type { IpType, ModemFailure, ModemLock, ModemRefusal, ModemState, Registration } from "./modem.ts";

const states: readonly ModemState[] = [
  "failed",
  "unknown",
  "initializing",
  "locked",
  "disabled",
  "disabling",
  "enabling",
  "enabled",
  "searching",
  "registered",
  "disconnecting",
  "connecting",
  "connected",
];
/** Failed is -1. */
export const stateOf = (number: number | undefined): ModemState => states[(number ?? 0) + 1] ?? "unknown";

const failures: readonly ModemFailure[] = [
  "none",
  "unknown",
  "sim-missing",
  "sim-error",
  "unknown-capabilities",
  "esim-empty",
];
export const failureOf = (number: number | undefined): ModemFailure => failures[number ?? 0] ?? "unknown";

const registrations: readonly Registration[] = [
  "idle",
  "home",
  "searching",
  "denied",
  "unknown",
  "roaming",
  "limited",
  "limited",
  "limited",
  // Without voice by preference; packets are as good.
  "home",
  "roaming",
  "limited",
];
export const registrationOf = (number: number | undefined): Registration => registrations[number ?? 4] ?? "unknown";

/** PIN2 and PUK2 guard a part of the SIM that no connection needs. */
const locks: Readonly<Record<number, ModemLock>> = {
  0: "none",
  1: "none",
  2: "sim-pin",
  3: "none",
  4: "sim-puk",
  5: "none",
  8: "network-pin",
};
export const lockOf = (number: number | undefined): ModemLock => locks[number ?? 0] ?? "other";

/** Bits of MMModemAccessTechnology, the newest first, in the words of shill. */
const technologies: readonly (readonly [bits: number, word: string])[] = [
  [1 << 15, "5GNR"],
  [(1 << 14) | (1 << 16) | (1 << 17), "LTE"],
  [1 << 9, "HSPA+"],
  [(1 << 6) | (1 << 7) | (1 << 8), "HSPA"],
  [1 << 5, "UMTS"],
  [1 << 4, "EDGE"],
  [1 << 3, "GPRS"],
  [(1 << 1) | (1 << 2), "GSM"],
  [(1 << 11) | (1 << 12) | (1 << 13), "EVDO"],
  [1 << 10, "1xRTT"],
];
export const technologyOf = (bits: number | undefined): string =>
  technologies.find(([mask]) => ((bits ?? 0) & mask) !== 0)?.[1] ?? "";

/** MMBearerIpFamily. */
export const ipFamilies: Readonly<Record<IpType, number>> = { ipv4: 1, ipv6: 2, ipv4v6: 4 };

/** MMModemPortType. */
export const netPort = 2;

/** MMBearerIpMethod. */
export const ipMethods = { ppp: 1, static: 2, dhcp: 3 } as const;

/** By the last words of an error's name; older versions write `Gprs` before some of them. */
const refusals: readonly (readonly [pattern: RegExp, refusal: ModemRefusal])[] = [
  // GDBus says UnknownMethod of an object that is not there.
  [/\.(?:NameHasNoOwner|ServiceUnknown|UnknownObject|UnknownMethod|Disconnected)$/, "gone"],
  [/\.(?:AccessDenied|Core\.Unauthorized)$/, "denied"],
  [/\.(?:NoReply|Timeout|NetworkTimeout)$/, "timeout"],
  [/\.(?:Core\.InProgress|Core\.Retry|Core\.Throttled|SimBusy)$/, "busy"],
  [/\.(?:IncorrectPassword|IncorrectParameters)$/, "wrong-pin"],
  [/\.(?:SimPin|SimPuk|PhSimPin|NetworkPin|NetworkPuk|ServicePin|CorpPin)$/, "sim-locked"],
  [/\.(?:SimNotInserted|SimFailure|SimWrong)$/, "sim-missing"],
  [/\.(?:Gprs)?(?:MissingOrUnknownApn|RequestedApnNotSupported|ApnRestrictionIncompatible)$/, "invalid-apn"],
  [/\.(?:Gprs)?(?:UserAuthenticationFailed|PdpAuthFailure)$/, "not-authenticated"],
  [/\.(?:RoamingNotAllowedInArea|RoamingNotAllowedInLocationArea)$/, "no-roaming"],
  [/\.(?:Gprs)?(?:ServiceOptionNotSubscribed|PsServicesNotAllowed|PsServicesNotAllowedInPlmn)$/, "not-subscribed"],
  [/\.(?:NoNetwork|NetworkNotAllowed|NoConnection|PlmnNotAllowed)$/, "not-registered"],
  [/\.Core\.Wrong(?:Sim)?State$/, "wrong-state"],
];
export const refusalOf = (errorName: string): ModemRefusal =>
  refusals.find(([pattern]) => pattern.test(errorName))?.[1] ?? "other";
