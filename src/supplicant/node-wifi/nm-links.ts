import type { Cancel } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { BusPort } from "../../bus/bus.ts";
import { type RemoteObject, RemoteObjects } from "../../bus/remote-objects.ts";
import type { KeptAddressing } from "../supplicant.ts";
import { addressingOf } from "./nm-addressing.ts";
import {
  nmAccessPoint,
  nmActiveConnection,
  nmDevice,
  nmIp4,
  nmIp6,
  nmName,
  nmObjectManager,
  nmWireless,
  noObject,
} from "./nm-interfaces.ts";

/** One link of NetworkManager's as last told. */
export interface NmLink {
  /** NetworkManager configures it, or would. */
  readonly isManaged: boolean;
  /** NMDeviceState, 0 to 120. */
  readonly state: number;
  /** NMDeviceStateReason of that state. */
  readonly reason: number;
  /** Of the profile that is active, or about to be; undefined: none. */
  readonly profile: string | undefined;
  /** Address of the access point, colon form, lower case; undefined: none. */
  readonly bssid: string | undefined;
  /** Undefined while there is no address. */
  readonly addressing: KeptAddressing | undefined;
}

interface NmLinksPorts {
  readonly bus: Pick<BusPort, "call" | "match" | "watchName">;
  readonly log: Log;
}

/** The links of NetworkManager, if it runs, from its D-Bus interface (networkmanager.dev, D-Bus API). Only looks. */
export class NmLinks {
  readonly #remote: RemoteObjects;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #whenKnown: (() => void)[] = [];
  readonly #cancels: Cancel[] = [];
  #isStarted = false;
  /** NetworkManager's presence, and its objects, were told once. */
  #isKnown = false;

  constructor(private readonly ports: NmLinksPorts) {
    const plan = {
      busName: nmName,
      objectManager: nmObjectManager,
      interfaces: [nmDevice, nmWireless, nmAccessPoint, nmActiveConnection, nmIp4, nmIp6],
    };
    const tell = () => this.#tell();
    const observer = {
      ready: () => this.#onKnown(),
      gone: tell,
      added: tell,
      removed: tell,
      changed: (_object: RemoteObject, interfaceName: string) => {
        if (interfaceName !== nmAccessPoint.name) tell();
      },
    };
    this.#remote = new RemoteObjects(ports.bus, plan, observer, ports.log);
  }

  /** Resolves when NetworkManager's presence and its objects are known. Nothing is listened to before. */
  async known(): Promise<void> {
    this.#start();
    if (!this.#isKnown) await new Promise<void>((resolve) => this.#whenKnown.push(resolve));
  }
  /** Undefined: NetworkManager is not there, or does not know the link. */
  of(linkName: string): NmLink | undefined {
    const object = this.#remote.all(nmDevice).find((device) => device.get(nmDevice, "Interface") === linkName);
    return object && this.#describe(object);
  }
  isManaged(linkName: string): boolean {
    return this.of(linkName)?.isManaged === true;
  }
  /** Called after each change that may concern the link. */
  follow(linkName: string, changed: () => void): Cancel {
    this.#start();
    const listeners = this.#listeners.get(linkName) ?? new Set();
    this.#listeners.set(linkName, listeners.add(changed));
    return () => void listeners.delete(changed);
  }
  close(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#listeners.clear();
    this.#remote.close();
    this.#settleKnown();
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#cancels.push(
      this.ports.bus.watchName(nmName, (owner) => {
        if (owner === undefined) this.#onKnown();
      }),
    );
    this.#remote.start();
  }
  #onKnown(): void {
    this.#settleKnown();
    this.#tell();
  }
  #settleKnown(): void {
    this.#isKnown = true;
    for (const resolve of this.#whenKnown.splice(0)) resolve();
  }
  #tell(): void {
    for (const listeners of this.#listeners.values()) for (const changed of [...listeners]) changed();
  }

  #describe(device: RemoteObject): NmLink {
    const [state, reason] = device.get(nmDevice, "StateReason") ?? [0, 0];
    const point = this.#remote.at(device.get(nmWireless, "ActiveAccessPoint") ?? noObject);
    const active = this.#remote.at(device.get(nmDevice, "ActiveConnection") ?? noObject);
    const ipv4 = this.#remote.at(device.get(nmDevice, "Ip4Config") ?? noObject);
    const ipv6 = this.#remote.at(device.get(nmDevice, "Ip6Config") ?? noObject);
    return {
      isManaged: device.get(nmDevice, "Managed") === true,
      state,
      reason,
      profile: active?.get(nmActiveConnection, "Uuid"),
      bssid: point?.get(nmAccessPoint, "HwAddress")?.toLowerCase(),
      addressing: addressingOf(ipv4, ipv6),
    };
  }
}
