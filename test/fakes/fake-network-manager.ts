import type { Cancel } from "../../src/base/clock.ts";
import { DaemonError } from "../../src/base/errors.ts";
import type { NmLink } from "../../src/supplicant/node-wifi/nm-links.ts";
import type {
  ListedAccessPoint,
  NodeWifi,
  PreparedNetwork,
  WantedNetwork,
} from "../../src/supplicant/node-wifi/node-wifi.ts";
import type { FakeAccessPoint } from "./fake-supplicant.ts";

/** NMDeviceState and NMDeviceStateReason, as far as links of the fake have them. */
const states = {
  disconnected: 30,
  prepare: 40,
  config: 50,
  needAuth: 60,
  ipConfig: 70,
  activated: 100,
  deactivating: 110,
  failed: 120,
} as const;
const reasons = { none: 0, supplicantDisconnect: 8, userRequested: 39, ssidNotFound: 53, newActivation: 60 } as const;

const idle: NmLink = {
  isManaged: true,
  state: states.disconnected,
  reason: 0,
  profile: undefined,
  bssid: undefined,
  addressing: undefined,
};
/** Addresses of its DHCP servers. */
const fakeAddressing = {
  ipv4: { addresses: [{ address: "192.0.2.77", prefixLength: 24 }], gateway: "192.0.2.1" },
  nameServers: ["192.0.2.53"],
  searchDomains: [],
} as const;

type Profile = WantedNetwork & { readonly uuid: string };

/**
 * NetworkManager with its radios in memory, from both sides: as it is seen on the bus ({@link NmLink}), and as
 * node-wifi's process orders it about. Steps come in later microtasks, with the states and reasons of NetworkManager
 * 1.42.
 */
export class FakeNetworkManager implements NodeWifi {
  readonly #links = new Map<string, NmLink>();
  readonly #points = new Map<string, FakeAccessPoint>();
  readonly #listeners = new Set<() => void>();
  readonly #profiles = new Map<string, Profile>();
  #lastUuid = 0;
  #isRunning = true;
  /** Every order, without its secret. */
  readonly orders: string[] = [];

  constructor(linkNames: readonly string[]) {
    for (const name of linkNames) this.#links.set(name, idle);
  }

  // On the bus.

  async known(): Promise<void> {}
  of(linkName: string): NmLink | undefined {
    return this.#isRunning ? this.#links.get(linkName) : undefined;
  }
  isManaged(linkName: string): boolean {
    return this.of(linkName)?.isManaged === true;
  }
  follow(_linkName: string, changed: () => void): Cancel {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }
  close(): void {
    this.#listeners.clear();
  }

  // Actions of a test on it.

  switchOn(point: FakeAccessPoint): void {
    this.#points.set(point.bssid, point);
  }
  switchOff(bssid: string): void {
    this.#points.delete(bssid);
    for (const [name, link] of this.#links) {
      if (link.bssid === bssid) this.#leave(name, states.failed, reasons.supplicantDisconnect);
    }
  }
  kill(): void {
    this.#isRunning = false;
    for (const name of this.#links.keys()) this.#links.set(name, idle);
    this.#profiles.clear();
    this.#tell();
  }
  start(): void {
    this.#isRunning = true;
    this.#tell();
  }
  /** `nmcli device set LINK managed`. */
  setManaged(linkName: string, isManaged: boolean): void {
    this.#set(linkName, { ...idle, isManaged, state: isManaged ? states.disconnected : 10 });
  }
  /** Its own decision, or that of another program. */
  connectItself(linkName: string, bssid: string, profile = `uuid-${++this.#lastUuid}`): void {
    this.#set(linkName, { ...idle, state: states.activated, profile, bssid, addressing: fakeAddressing });
  }
  /** A person picks another network in another program. */
  switchOver(linkName: string, bssid: string): void {
    this.#leave(linkName, states.deactivating, reasons.newActivation);
    this.connectItself(linkName, bssid);
  }

  // By node-wifi.

  async list(linkName: string, isFresh: boolean): Promise<readonly ListedAccessPoint[]> {
    this.#check(linkName);
    this.orders.push(`list ${linkName}${isFresh ? " fresh" : ""}`);
    return [...this.#points.values()].map(listed);
  }
  async prepare(linkName: string, network: WantedNetwork): Promise<PreparedNetwork> {
    this.#check(linkName);
    this.orders.push(`prepare ${linkName} ${Buffer.from(network.ssid, "hex")} ${network.keyManagement}`);
    const { bssid, keyManagement } = network;
    if (keyManagement === "none" && bssid !== undefined) return { kind: "open", bssid };
    const uuid = `uuid-${++this.#lastUuid}`;
    this.#profiles.set(uuid, { ...network, uuid });
    return { kind: "profile", uuid };
  }
  async activate(linkName: string, network: PreparedNetwork, secret?: string): Promise<void> {
    this.#check(linkName);
    const point = network.kind === "open" ? this.#points.get(network.bssid) : this.#pointOf(network.uuid);
    if (!point) throw new DaemonError("Failure", "nmcli: No network with SSID found.");
    const profile = network.kind === "open" ? `uuid-${++this.#lastUuid}` : network.uuid;
    this.#leave(linkName, states.deactivating, reasons.none);
    await this.#step(linkName, { state: states.prepare, profile });
    await this.#step(linkName, { state: states.config, profile });
    if (point.security !== "open" && secret !== point.passphrase) {
      // Of WPA2 it tells that the handshake failed; of WPA3 it knows no more than that there is no association.
      if (point.security === "psk") {
        await this.#step(linkName, { state: states.needAuth, reason: reasons.supplicantDisconnect, profile });
      } else this.#leave(linkName, states.failed, reasons.ssidNotFound);
      throw new DaemonError("Failure", "nmcli: Connection activation failed");
    }
    await this.#step(linkName, { state: states.ipConfig, profile, bssid: point.bssid });
    this.connectItself(linkName, point.bssid, profile);
  }
  async disconnect(linkName: string): Promise<void> {
    this.#check(linkName);
    this.orders.push(`disconnect ${linkName}`);
    this.#profiles.clear();
    this.#leave(linkName, states.deactivating, reasons.userRequested);
  }

  #pointOf(uuid: string): FakeAccessPoint | undefined {
    const profile = this.#profiles.get(uuid);
    return [...this.#points.values()].find(({ ssid }) => Buffer.from(ssid).toString("hex") === profile?.ssid);
  }
  #check(linkName: string): void {
    if (!this.of(linkName)) throw new DaemonError("Failure", "nmcli: NetworkManager is not running.");
  }
  async #step(linkName: string, now: Partial<NmLink>): Promise<void> {
    this.#set(linkName, { ...idle, ...now });
    await Promise.resolve();
  }
  #leave(linkName: string, state: number, reason: number): void {
    if (this.#links.get(linkName)?.state === states.disconnected) return;
    this.#set(linkName, { ...idle, state, reason });
    this.#set(linkName, { ...idle, reason });
  }
  #set(linkName: string, link: NmLink): void {
    this.#links.set(linkName, link);
    this.#tell();
  }
  #tell(): void {
    for (const changed of [...this.#listeners]) changed();
  }
}

const flags: Readonly<Record<FakeAccessPoint["security"], readonly string[]>> = {
  open: [],
  wep: [],
  psk: ["pair_ccmp", "group_ccmp", "psk"],
  sae: ["pair_ccmp", "group_ccmp", "sae"],
  "psk+sae": ["pair_ccmp", "group_ccmp", "psk", "sae"],
};
const words: Readonly<Record<FakeAccessPoint["security"], string>> = {
  open: "",
  wep: "WEP",
  psk: "WPA2",
  sae: "WPA3",
  "psk+sae": "WPA2 WPA3",
};
const listed = ({
  ssid,
  bssid,
  security,
  signalDbm = -50,
  frequencyMhz = 2412,
}: FakeAccessPoint): ListedAccessPoint => ({
  ssid: Buffer.from(ssid).toString("hex"),
  bssid,
  mode: "Infra",
  frequencyMhz,
  qualityPercent: Math.round(((signalDbm + 100) * 10) / 6),
  security: words[security],
  wpa: [],
  rsn: flags[security],
});
