/** Why an association came to nothing, or ended, in shill's words for Service.Error. Pure. */
import type { RadioEnd, RadioState } from "../../supplicant/supplicant.ts";
import type { SecurityClass } from "./wifi-security.ts";

export interface FailedNetwork {
  readonly securityClass: SecurityClass;
  /** With the passphrase that it has now. */
  readonly hasEverConnected: boolean;
  suspectedFailures: number;
  readonly endpoint: { readonly signalDbm: number } | undefined;
}

export interface WifiFailure {
  readonly error: string;
  readonly details: string;
}

/** With a passphrase that worked before, a failed handshake is more likely a weak signal than another passphrase. */
const mostSuspectedFailures = 3;
/** Weaker than this, an access point that stays silent is out of reach. */
const faintDbm = -85;

const inHandshake: ReadonlySet<RadioState> = new Set(["4way_handshake", "group_handshake"]);
/** IEEE 802.11, 9.4.1.7. */
const reasons: Readonly<Record<number, WifiFailure>> = {
  2: { error: "not-authenticated", details: "the access point does not accept the authentication any more" },
  5: { error: "too-many-stas", details: "the access point has too many stations" },
  6: { error: "not-authenticated", details: "the access point wants a new authentication" },
  7: { error: "not-associated", details: "the access point wants a new association" },
  9: { error: "not-authenticated", details: "the access point wants an authentication first" },
  23: { error: "eap-authentication-failed", details: "802.1X failed" },
};

/** Failures told by the keeper of the link. */
const toldFailures: Readonly<Record<NonNullable<RadioEnd["told"]>, WifiFailure>> = {
  "no-address": { error: "dhcp-failed", details: "the keeper of the link got no address" },
  "not-found": {
    error: "unknown-failure",
    details:
      "the keeper of the link got no association: the network may be out of reach, or a passphrase of WPA3 wrong",
  },
  "chosen-elsewhere": { error: "disconnect-failure", details: "it was left in another program, by hand" },
  "ended-by-keeper": { error: "disconnect-failure", details: "the keeper of the link ended the connection" },
};

/** `network.suspectedFailures` counts up where the passphrase may be wrong. */
export function failureOf(end: RadioEnd, network: FailedNetwork): WifiFailure {
  if (network.securityClass === "psk" && isKeyFailure(end)) {
    network.suspectedFailures++;
    const isWrong = !network.hasEverConnected || network.suspectedFailures >= mostSuspectedFailures;
    if (isWrong) return { error: "bad-passphrase", details: "the access point did not accept the passphrase" };
  }
  if (end.told !== undefined) return toldFailures[end.told];
  const isFaint = (network.endpoint?.signalDbm ?? -100) <= faintDbm;
  if (end.reason === 0 || end.reason === 3 || end.reason === 4) {
    const silence = network.endpoint ? "the signal is too weak" : "no access point of it is heard";
    if (isFaint) return { error: "out-of-range", details: silence };
    const details = end.reason === 0 ? `it ended at ${end.from}` : "the access point left, or heard nothing of us";
    return { error: end.reason === 0 ? "unknown-failure" : "disconnect-failure", details };
  }
  return reasons[end.reason] ?? { error: "unknown-failure", details: `reason ${end.reason} at ${end.from}` };
}

/** WPA2 fails in the handshake; WPA3 before the association, since it authenticates by the passphrase. */
const isKeyFailure = ({ from, status = 0, isLocal }: RadioEnd): boolean =>
  !isLocal && (inHandshake.has(from) || (from === "authenticating" && status !== 0));
