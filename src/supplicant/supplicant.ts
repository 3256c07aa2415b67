/**
 * The port to the daemon that speaks 802.11 for us: it scans, associates and does the handshakes. The real twins are
 * `wpa-supplicant.ts` and `node-wifi/node-wifi-supplicant.ts`, the fake `test/fakes/fake-supplicant.ts`; one contract
 * holds them.
 */

export type BssMode = "infrastructure" | "ad-hoc" | "mesh" | "other";

/** An access point's methods of authentication; names as in wpa_supplicant's D-Bus interface (`wpa-psk`, `sae`). */
export interface BssSecurity {
  /** Protocol WPA. */
  readonly wpa: readonly string[];
  /** Protocol RSN: WPA2 and WPA3. */
  readonly rsn: readonly string[];
  /** Traffic is encrypted somehow; with neither of the two lists it is WEP. */
  readonly isPrivate: boolean;
}

/** One access point as last heard. */
export interface Bss {
  /** The same for as long as the supplicant knows it. */
  readonly id: string;
  /** 0 to 32 bytes of any values; empty for a hidden network. */
  readonly ssid: Buffer;
  /** Colon form. */
  readonly bssid: string;
  readonly mode: BssMode;
  readonly security: BssSecurity;
  readonly signalDbm: number;
  readonly frequencyMhz: number;
}

/** Where the link stands, in the supplicant's order. */
export const radioStates = [
  "unknown",
  "interface_disabled",
  "disconnected",
  "inactive",
  "scanning",
  "authenticating",
  "associating",
  "associated",
  "4way_handshake",
  "group_handshake",
  "completed",
] as const;
export type RadioState = (typeof radioStates)[number];

/** Credentials of a connection. Secrets: never logged, never part of an error. */
export type RadioKey =
  | { readonly kind: "none" }
  /** WPA2 and WPA3 personal. */
  | { readonly kind: "passphrase"; readonly passphrase: string }
  /** 32 bytes: the key that a passphrase would be turned into; WPA2 only. */
  | { readonly kind: "raw"; readonly key: Buffer };

export interface RadioNetwork {
  readonly ssid: Buffer;
  readonly key: RadioKey;
  /** Asks for the network by name, since it does not tell its own. */
  readonly isHidden: boolean;
}

/** Why the last association ended, as far as the other side or the supplicant said. Numbers of IEEE 802.11, 9.4.1. */
export interface RadioEnd {
  /** Reason code; 0: none was told. */
  readonly reason: number;
  /** We ended it ourselves. */
  readonly isLocal: boolean;
  /** Status code of a refused authentication (9.4.1.9); absent: none was told. */
  readonly status?: number;
  /** The state that it ended in. */
  readonly from: RadioState;
  /** The keeper's reason, where IEEE 802.11 has no number for it. */
  readonly told?: "no-address" | "not-found" | "ended-by-keeper" | "chosen-elsewhere";
}

/** Settings that the keeper of the link configured. Addresses in canonical text. */
export interface KeptFamily {
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
  /** Absent: no default route. */
  readonly gateway?: string;
}
export interface KeptAddressing {
  readonly ipv4?: KeptFamily;
  readonly ipv6?: KeptFamily;
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
}

/** Never called from inside a call to the port. */
export interface RadioObserver {
  /**
   * The supplicant has the link: from now on it can scan and connect. Also after the supplicant was restarted. A
   * connection of an earlier run is still there: the state and the access point are told next.
   */
  ready(capabilities: RadioCapabilities): void;
  /** The supplicant lost the link, or is gone: nothing is associated and no access point is known. */
  lost(because: string): void;
  bssFound(bss: Bss): void;
  bssChanged(bss: Bss): void;
  bssGone(id: string): void;
  /** False: the scan failed. The access points found have been told before. */
  scanDone(isSuccessful: boolean): void;
  stateChanged(state: RadioState, before: RadioState): void;
  /** Told before the state that follows from it. */
  associationEnded(end: RadioEnd): void;
  /** The access point that it is associated with; undefined: with none. Another one while completed: it roamed. */
  currentBssChanged(id: string | undefined): void;
  /** {@link Radio.addressing} is another one. */
  addressingChanged?(): void;
}

export interface RadioCapabilities {
  /** WPA3 personal. */
  readonly sae: boolean;
  /** Names that can be asked for in one scan, beside the broadcast. */
  readonly mostScanSsids: number;
}

/** One link in the hands of the supplicant. */
export interface Radio {
  readonly isReady: boolean;
  readonly state: RadioState;
  readonly bsses: ReadonlyMap<string, Bss>;
  readonly currentBss: string | undefined;
  /** The program that owns the link with its addresses and routes; absent: the link is ours. */
  readonly keeper?: string | undefined;
  /** With a keeper: its addressing; undefined while there is no address. */
  readonly addressing?: KeptAddressing | undefined;
  /** Rejects with DaemonError InProgress while one is under way, Failure when the supplicant refuses or is gone. */
  scan(ssids: readonly Buffer[]): Promise<void>;
  /** Replaces the present connection or attempt. Resolves when the attempt has begun. Rejects as {@link scan}. */
  connect(network: RadioNetwork): Promise<void>;
  /** Never rejects; nothing is connected then. */
  disconnect(): Promise<void>;
  /** Gives the link back; the observer hears nothing more. Twice is harmless. */
  detach(): Promise<void>;
}

export interface Supplicant {
  /** {@link Radio.keeper} of a link before it is attached. Never rejects. Absent: no link has one. */
  keeperOf?(linkName: string): Promise<string | undefined>;
  /** Keeps the link attached, also over restarts of the supplicant, until {@link Radio.detach}. */
  attach(linkName: string, observer: RadioObserver): Radio;
  /** Whether it is on the bus. */
  readonly isThere: boolean;
  close(): void;
}
