/** A modem's reason against connecting, in sentences and in shill's words; and why an attempt failed. Pure. */
import { isRegistered, type Modem, type ModemError, type ModemLock } from "../../modem/modem.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";

export interface Objection {
  /** Word for Service.Error. */
  readonly error: string;
  readonly refusal: AutoConnectRefusal;
  /** For people. */
  readonly because: string;
}

const lockNames: Readonly<Record<Exclude<ModemLock, "none">, string>> = {
  "sim-pin": "the SIM is locked and wants its PIN",
  "sim-puk": "the SIM is locked and wants its PUK",
  "network-pin": "the modem takes only SIMs of the company that sold it",
  other: "the modem is locked",
};
const failureNames: Readonly<Record<Modem["failure"], string>> = {
  none: "the modem failed",
  unknown: "the modem failed, for no reason that it tells",
  "sim-missing": "there is no SIM in the modem",
  "sim-error": "the modem cannot read the SIM",
  "unknown-capabilities": "ModemManager does not know how to drive the modem",
  "esim-empty": "the eSIM has no subscription on it",
};

/** Undefined: it can connect. */
export function objectionOf(modem: Modem): Objection | undefined {
  if (modem.lock !== "none") return lockObjection(modem.lock, modem.unlockRetries);
  if (modem.state === "failed" || modem.failure !== "none") {
    return { error: "connect-failed", refusal: "not connectable", because: failureNames[modem.failure] };
  }
  if (!modem.sim?.iccid) {
    return { error: "connect-failed", refusal: "not connectable", because: "there is no SIM in the modem" };
  }
  if (isRegistered(modem)) return undefined;
  return { error: "not-registered", refusal: "not registered", because: registrationSentence(modem) };
}
function lockObjection(lock: Exclude<ModemLock, "none">, retries: number | undefined): Objection {
  const left = retries === undefined ? "" : ` (${retries} ${retries === 1 ? "try" : "tries"} left)`;
  const error = lock === "network-pin" ? "sim-carrier-locked" : "sim-locked";
  return { error, refusal: "SIM is locked", because: `${lockNames[lock]}${left}` };
}
function registrationSentence({ registration, state }: Modem): string {
  if (registration === "denied") return "the network does not let this SIM in";
  if (registration === "limited") return "the network offers emergency calls only";
  if (registration === "searching" || state === "searching") return "the modem looks for a network";
  if (state === "disabled") return "the modem is switched off";
  return "the modem is not registered with a network";
}

export interface CellularFailure {
  readonly error: string;
  readonly details: string;
}

const failures: Readonly<Record<ModemError["refusal"], CellularFailure>> = {
  gone: { error: "connect-failed", details: "the modem, or ModemManager, went away" },
  busy: { error: "connect-failed", details: "the modem is busy" },
  denied: { error: "connect-failed", details: "ModemManager does not let the daemon drive modems" },
  "sim-locked": { error: "sim-locked", details: "the SIM is locked" },
  "sim-missing": { error: "connect-failed", details: "there is no SIM in the modem that works" },
  "wrong-pin": { error: "sim-locked", details: "the PIN is wrong" },
  "invalid-apn": { error: "invalid-apn", details: "the network does not know the access point name" },
  "not-authenticated": {
    error: "not-authenticated",
    details: "the network refused user name or password of the access point",
  },
  "not-registered": { error: "not-registered", details: "the modem found no network that lets it in" },
  "no-roaming": { error: "need-home-network", details: "roaming is not allowed here" },
  "not-subscribed": { error: "suspect-subscription-error", details: "the subscription is not for data" },
  "wrong-state": { error: "connect-failed", details: "the modem cannot connect in the state that it is in" },
  timeout: { error: "connect-failed", details: "the modem did not answer in time" },
  other: { error: "connect-failed", details: "" },
};
/** A refusal without a word of its own is told as ModemManager named it. */
export function failureOf({ refusal, message }: ModemError): CellularFailure {
  const { error, details } = failures[refusal];
  return { error, details: details === "" ? message : details };
}
