/**
 * The port to the process that has node-wifi loaded, which runs nmcli. The real twins are `node-wifi-worker.ts` and,
 * from the daemon, `node-wifi-child.ts`; the fake is `test/fakes/fake-network-manager.ts`; the contract of the
 * supplicant's port holds them all. Every call rejects with DaemonError: NotSupported where NetworkManager cannot do
 * it, otherwise Failure with nmcli's words. No secret is part of them.
 */

/** An access point as NetworkManager lists it. */
export interface ListedAccessPoint {
  /** Hexadecimal; empty for a hidden network. */
  readonly ssid: string;
  /** Colon form, lower case. */
  readonly bssid: string;
  /** In nmcli's word: `Infra`, `Ad-Hoc`, `Mesh`. */
  readonly mode: string;
  readonly frequencyMhz: number;
  /** NetworkManager tells percent, not dBm. */
  readonly qualityPercent: number;
  /** Empty: open. */
  readonly security: string;
  /** Flags of protocol WPA, in nmcli's words (`pair_ccmp`, `psk`, `sae`, `802.1X`). */
  readonly wpa: readonly string[];
  /** The same of RSN: WPA2 and WPA3. */
  readonly rsn: readonly string[];
}

export interface WantedNetwork {
  /** Hexadecimal, 1 to 32 bytes. */
  readonly ssid: string;
  /** The access point to ask, colon form; absent: the network is hidden. */
  readonly bssid?: string;
  readonly keyManagement: "none" | "wpa-psk" | "sae";
}

/** A network that is ready to be activated. */
export type PreparedNetwork =
  /** Open, by the address of its access point. */
  | { readonly kind: "open"; readonly bssid: string }
  /** A profile of ours that NetworkManager has in memory only, without a secret. */
  | { readonly kind: "profile"; readonly uuid: string };

export interface NodeWifi {
  /** `isFresh`: the radio listens first; else it is told as known. */
  list(linkName: string, isFresh: boolean): Promise<readonly ListedAccessPoint[]>;
  /** Replaces the network prepared for the link before, which is disconnected if it is in use. */
  prepare(linkName: string, network: WantedNetwork): Promise<PreparedNetwork>;
  /** Resolves when NetworkManager has activated it, or goes on trying for longer than nmcli waits. */
  activate(linkName: string, network: PreparedNetwork, secret?: string): Promise<void>;
  /**
   * Ends an activation that is under way, too. NetworkManager does not connect the link by itself then. Not connected:
   * no error.
   */
  disconnect(linkName: string): Promise<void>;
}

/** A call to the process, and its answer. */
export interface NodeWifiRequest {
  readonly id: number;
  readonly method: keyof NodeWifi;
  readonly args: readonly unknown[];
}
export type NodeWifiReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };
