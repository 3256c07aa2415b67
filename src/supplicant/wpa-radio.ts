import type { Cancel, Clock } from "../base/clock.ts";
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { WireVariant } from "../base/property.ts";
import { BusError, type BusPort, type SignalMessage } from "../bus/bus.ts";
import type { RemoteObject, RemoteObjects } from "../bus/remote-objects.ts";
import { bssInterface, bssOf } from "./bss.ts";
import { globalSettings, networkBlock } from "./network-block.ts";
import {
  type Bss,
  type Radio,
  type RadioCapabilities,
  type RadioNetwork,
  type RadioObserver,
  type RadioState,
  radioStates,
} from "./supplicant.ts";
import {
  noObject,
  supplicantError,
  supplicantName,
  supplicantPath,
  wpaInterface,
  wpaManager,
} from "./wpa-interfaces.ts";

/**
 * Status codes (IEEE 802.11, 9.4.1.9) after which the authentication goes on: success, a token or another group is
 * asked for, and two ways to derive the password element.
 */
const goesOn: ReadonlySet<number> = new Set([0, 76, 77, 126, 127]);

interface RadioPorts {
  readonly remote: RemoteObjects;
  readonly bus: Pick<BusPort, "match">;
  readonly clock: Clock;
  readonly log: Log;
  detached(): void;
}

/** A driver may need its time after the link came up, or the supplicant after it started. */
const attachAgainMs = 10_000;
/** Number of names that most drivers take in one scan. */
const usualScanSsids = 4;

/** One link in the hands of wpa_supplicant. */
export class WpaRadio implements Radio {
  readonly bsses = new Map<string, Bss>();
  state: RadioState = "unknown";
  currentBss: string | undefined;
  #path: string | undefined;
  #networkPath: string | undefined;
  #capabilities: RadioCapabilities = { sae: false, mostScanSsids: usualScanSsids };
  #isDetached = false;
  #cancelRetry: Cancel = () => {};
  readonly #cancels: Cancel[] = [];

  constructor(
    readonly linkName: string,
    private readonly observer: RadioObserver,
    private readonly ports: RadioPorts,
  ) {}

  get isReady(): boolean {
    return this.#path !== undefined;
  }

  /** The supplicant is there: it is given the link. */
  begin(): void {
    if (this.#isDetached || this.isReady) return;
    this.#attach().catch((error: unknown) => {
      if (this.#isDetached || !this.ports.remote.isReady) return;
      this.ports.log.warn(`${this.linkName}: the supplicant does not take it: ${describeError(error)}`);
      this.#cancelRetry = this.ports.clock.startTimer(`attach ${this.linkName}`, attachAgainMs, () => this.begin());
    });
  }
  /** The supplicant left the bus. */
  onGone(): void {
    this.#cancelRetry();
    if (!this.isReady) return;
    this.#forget();
    this.observer.lost("the supplicant is gone");
  }

  async scan(ssids: readonly Buffer[]): Promise<void> {
    const wanted = ssids.slice(0, this.#capabilities.mostScanSsids);
    const request = new Map<string, WireVariant>([["Type", { signature: "s", value: "active" }]]);
    // An empty name is the broadcast.
    if (wanted.length > 0) request.set("SSIDs", { signature: "aay", value: [...wanted, Buffer.alloc(0)] });
    await this.#call("Scan", "a{sv}", [request]);
  }
  async connect(network: RadioNetwork): Promise<void> {
    const block = networkBlock(network, this.#capabilities);
    await this.#removeNetwork();
    const [path] = await this.#call("AddNetwork", "a{sv}", [block]);
    this.#networkPath = String(path);
    await this.#call("SelectNetwork", "o", [path]);
  }
  async disconnect(): Promise<void> {
    await this.#removeNetwork();
    await this.#call("Disconnect").catch(() => {});
  }
  async detach(): Promise<void> {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.#cancelRetry();
    this.ports.detached();
    const path = this.#path;
    this.#forget();
    if (path !== undefined) await this.#manager("RemoveInterface", "o", [path]).catch(() => {});
  }

  /** An object of the supplicant changed, ours or another's. */
  onChanged(object: RemoteObject, interfaceName: string, names: readonly string[]): void {
    if (interfaceName === bssInterface.name && this.bsses.has(object.path)) this.#onBss(object);
    if (interfaceName === wpaInterface.name && object.path === this.#path) this.#onInterface(object, names);
  }

  async #attach(): Promise<void> {
    const path = await this.#takeInterface();
    const object = await this.ports.remote.follow(path, wpaInterface);
    if (this.#isDetached) return;
    this.#path = path;
    this.#capabilities = capabilitiesOf(object);
    this.#listen(path);
    await this.#applySettings(path);
    await this.#takeNetworks(object);
    const current = object.get(wpaInterface, "CurrentBSS") ?? noObject;
    const joined = current === noObject ? undefined : await this.#follow(current);
    this.observer.ready(this.#capabilities);
    this.#setCurrentBss(current);
    this.#setState(object);
    // Before all others, which would be connected while nothing is known to be.
    if (joined) this.#onBss(joined);
    for (const bss of object.get(wpaInterface, "BSSs") ?? []) if (bss !== current) void this.#read(bss);
  }
  /** An interface that another program had it make, or that an earlier run left behind, is taken as it is. */
  async #takeInterface(): Promise<string> {
    const wanted = new Map<string, WireVariant>([["Ifname", { signature: "s", value: this.linkName }]]);
    try {
      const [path] = await this.#manager("CreateInterface", "a{sv}", [wanted]);
      return String(path);
    } catch (error) {
      if (!(error instanceof BusError) || error.busName !== supplicantError("InterfaceExists")) throw error;
      const [path] = await this.#manager("GetInterface", "s", [this.linkName]);
      return String(path);
    }
  }
  /** An older supplicant knows fewer settings, and is of use all the same. */
  async #applySettings(path: string): Promise<void> {
    for (const [name, value] of globalSettings) {
      const set = [wpaInterface.name, name, { signature: "s", value }];
      await this.ports.remote
        .call(path, "org.freedesktop.DBus.Properties", "Set", "ssv", set)
        .catch((error: unknown) => {
          this.ports.log.debug(() => `${this.linkName}: the supplicant does not know ${name}: ${describeError(error)}`);
        });
    }
  }
  /** A connection of an earlier run of ours goes on; the supplicant's other networks are removed. */
  async #takeNetworks(object: RemoteObject): Promise<void> {
    const current = object.get(wpaInterface, "CurrentNetwork") ?? noObject;
    if (object.get(wpaInterface, "State") === "completed" && current !== noObject) this.#networkPath = current;
    else await this.#call("RemoveAllNetworks").catch(() => {});
  }
  #listen(path: string): void {
    const rule = { sender: supplicantName, path, interface: wpaInterface.name };
    const on = (member: string, heard: (signal: SignalMessage) => void) =>
      this.#cancels.push(this.ports.bus.match({ ...rule, member }, heard));
    on("BSSAdded", ({ args: [bss, properties] }) => {
      if (typeof bss === "string") this.#onBss(this.ports.remote.learn(bss, bssInterface, properties));
    });
    on("BSSRemoved", ({ args: [bss] }) => this.#onBssGone(bss));
    on("ScanDone", ({ args: [isSuccessful] }) => this.observer.scanDone(isSuccessful === true));
    const removed = { sender: supplicantName, interface: wpaManager.name, member: "InterfaceRemoved" };
    this.#cancels.push(this.ports.bus.match(removed, ({ args: [gone] }) => this.#onInterfaceRemoved(gone)));
  }
  #onInterfaceRemoved(path: unknown): void {
    if (path !== this.#path) return;
    this.#forget();
    this.observer.lost("the supplicant gave the link up");
    this.#cancelRetry = this.ports.clock.startTimer(`attach ${this.linkName}`, attachAgainMs, () => this.begin());
  }

  #follow(path: string): Promise<RemoteObject | undefined> {
    return this.ports.remote.follow(path, bssInterface).catch(() => undefined);
  }
  async #read(path: string): Promise<void> {
    const object = await this.#follow(path);
    if (object && this.isReady) this.#onBss(object);
  }
  #onBss(object: RemoteObject): void {
    const bss = bssOf(object);
    if (!bss) return;
    const isNew = !this.bsses.has(bss.id);
    this.bsses.set(bss.id, bss);
    if (isNew) this.observer.bssFound(bss);
    else this.observer.bssChanged(bss);
  }
  #onBssGone(path: unknown): void {
    if (typeof path !== "string" || !this.bsses.delete(path)) return;
    this.ports.remote.unfollow(path);
    this.observer.bssGone(path);
  }

  #onInterface(object: RemoteObject, names: readonly string[]): void {
    if (names.includes("DisconnectReason")) this.#onDisconnectReason(object.get(wpaInterface, "DisconnectReason") ?? 0);
    if (names.includes("AuthStatusCode")) this.#onAuthStatus(object.get(wpaInterface, "AuthStatusCode") ?? 0);
    if (names.includes("CurrentBSS")) this.#setCurrentBss(object.get(wpaInterface, "CurrentBSS"));
    if (names.includes("State")) this.#setState(object);
  }
  /** Negative: the supplicant ended it itself. */
  #onDisconnectReason(reason: number): void {
    this.observer.associationEnded({ reason: Math.abs(reason), isLocal: reason < 0, from: this.state });
  }
  /** The access point refused the authentication; with WPA3 that is where a passphrase is checked. */
  #onAuthStatus(status: number): void {
    if (!goesOn.has(status))
      this.observer.associationEnded({ reason: 0, status, isLocal: false, from: "authenticating" });
  }
  #setCurrentBss(path: string | undefined): void {
    const bss = path === noObject ? undefined : path;
    if (bss === this.currentBss) return;
    this.currentBss = bss;
    this.observer.currentBssChanged(bss);
  }
  #setState(object: RemoteObject): void {
    const text = object.get(wpaInterface, "State");
    const state = radioStates.find((known) => known === text) ?? "unknown";
    const before = this.state;
    if (state === before) return;
    this.state = state;
    this.observer.stateChanged(state, before);
  }

  async #removeNetwork(): Promise<void> {
    const path = this.#networkPath;
    this.#networkPath = undefined;
    if (path !== undefined) await this.#call("RemoveNetwork", "o", [path]).catch(() => {});
  }
  #forget(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    for (const bss of this.bsses.keys()) this.ports.remote.unfollow(bss);
    if (this.#path !== undefined) this.ports.remote.unfollow(this.#path);
    this.bsses.clear();
    this.#path = undefined;
    this.#networkPath = undefined;
    this.currentBss = undefined;
    this.state = "unknown";
  }

  #manager(member: string, signature: string, args: readonly unknown[]): Promise<readonly unknown[]> {
    return this.ports.remote.call(supplicantPath, wpaManager.name, member, signature, args);
  }
  /** The text of a refusal may repeat the arguments: only its name goes on. */
  async #call(member: string, signature = "", args: readonly unknown[] = []): Promise<readonly unknown[]> {
    if (this.#path === undefined) throw new DaemonError("Failure", `${this.linkName}: the supplicant does not have it`);
    try {
      return await this.ports.remote.call(this.#path, wpaInterface.name, member, signature, args);
    } catch (error) {
      const name = error instanceof BusError ? error.busName : "no answer";
      const code = name === supplicantError("Interface.ScanError") ? "InProgress" : "Failure";
      throw new DaemonError(code, `${this.linkName}: ${member} was refused by the supplicant: ${name}`);
    }
  }
}

function capabilitiesOf(object: RemoteObject): RadioCapabilities {
  const capabilities = object.get(wpaInterface, "Capabilities");
  const most = capabilities?.get("MaxScanSSID");
  return {
    sae: names(capabilities?.get("KeyMgmt")).includes("sae") || names(capabilities?.get("AuthAlg")).includes("sae"),
    mostScanSsids: most?.signature === "i" ? Math.max(0, Number(most.value) - 1) : usualScanSsids,
  };
}
const names = (value: WireVariant | undefined): readonly string[] =>
  value?.signature === "as" ? (value.value as readonly string[]) : [];
