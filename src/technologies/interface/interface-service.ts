import { describeError } from "../../base/errors.ts";
import { PropertyStore, type WireVariant } from "../../base/property.ts";
import { builtInProtocols, type InterfaceConfig } from "../../config/uci/network-config.ts";
import type { Device } from "../../devices/device.ts";
import type { DeviceUser } from "../../devices/device-claims.ts";
import type { NetworkOptions } from "../../network/network-ports.ts";
import type { HandlerCatalogue } from "../../network/protocols/script/script-protocols.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import {
  type ConfiguredInterface,
  type InterfaceErrorEntry,
  type InterfaceState,
  interfaceShape,
} from "../../services/configured-interface.ts";
import { type ConnectState, isActive, isConnected, isConnecting } from "../../services/connect-states.ts";
import type { Layer3Device } from "../../services/layer3-plan.ts";
import { Service, type ServiceHost } from "../../services/service.ts";
import type { DisconnectReason } from "../../services/service-device.ts";
import { serviceShape } from "../../services/service-properties.ts";
import {
  configurationErrors,
  handlerRequest,
  hearsRouters,
  priorityOf,
  protocolOf,
  severalAddressesOf,
  staticIpOf,
} from "./interface-addressing.ts";
import { statusOf } from "./interface-status.ts";

const noDevice: InterfaceErrorEntry = { subsystem: "interface", code: "NO_DEVICE", data: [] };

/**
 * A section `interface` of the network configuration. It is there whether its link is or not; its settings are those of
 * the section, and nothing of it is stored.
 */
export class InterfaceService extends Service implements ConfiguredInterface, DeviceUser {
  override readonly technology = "ethernet";
  #config: InterfaceConfig;
  #port: Device | undefined;
  #rival: string | undefined;
  #isWanted: boolean;
  #upSinceMs: number | undefined;
  #failures: readonly InterfaceErrorEntry[] = [];
  #interfaceProperties: PropertyStore<ConfiguredInterface> | undefined;

  constructor(
    host: ServiceHost,
    serial: number,
    config: InterfaceConfig,
    private readonly handlers: HandlerCatalogue,
  ) {
    super(host, serial, "ethernet", serviceShape);
    this.#config = config;
    this.#isWanted = config.isAuto;
  }

  // Service
  override get storageId(): string {
    return `uci_${this.#config.name}`;
  }
  override get configured(): ConfiguredInterface {
    return this;
  }
  override get isStored(): boolean {
    return false;
  }
  override get isPermanent(): boolean {
    return true;
  }
  override get isAutoConnectFixed(): boolean {
    return true;
  }
  override get autoConnectDefault(): boolean {
    return this.#isWanted;
  }
  override get isConnectable(): boolean {
    return configurationErrors(this.#config, this.handlers).length === 0;
  }
  override get isVisible(): boolean {
    return this.#port !== undefined && (this.#port.hasCarrier || !this.#config.needsLink);
  }
  override get strengthPercent(): number {
    return 100;
  }
  override get needsCarrier(): boolean {
    return this.#config.needsLink;
  }
  override get wantsDhcp(): boolean {
    return this.#config.proto === "dhcp";
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    if (!this.#port) return "no device";
    if (!this.#port.isUsable) return "device is disabled";
    return this.#lacksCarrier ? "connection medium unavailable" : undefined;
  }
  override networkOptions(device: Layer3Device): NetworkOptions {
    const several = severalAddressesOf(this.#config);
    const { protocols: asked = [], ...plan } = super.networkOptions(device);
    const protocols = asked.filter(({ source }) => source !== "slaac");
    if (hearsRouters(this.#config)) protocols.push({ source: "slaac", config: {} });
    const handler = handlerRequest(this.#config);
    if (handler) protocols.push(handler);
    const own = protocolOf(this.#config);
    if (own) protocols.push(own);
    return { ...plan, protocols, ...(several && { given: { link: several } }) };
  }
  get #lacksCarrier(): boolean {
    return this.#config.needsLink && !this.#port?.hasCarrier;
  }

  get config(): InterfaceConfig {
    return this.#config;
  }
  get port(): Device | undefined {
    return this.#port;
  }
  /** Another section has the link already; undefined: none has. */
  setRival(name: string | undefined): void {
    if (this.#rival === name) return;
    this.#rival = name;
    this.#touch();
  }
  /** Handlers came or went: its own may be among them. */
  handlersChanged(): void {
    if (builtInProtocols.includes(this.#config.proto)) return;
    this.technologyChanged();
    this.#touch();
    this.requestSort("the handlers were read");
  }
  /** The section's values come into force; a connection goes on. */
  takeConfig(config: InterfaceConfig): void {
    this.#config = config;
    this.name = config.name;
    this.autoConnect = this.#isWanted;
    this.priority = priorityOf(config);
    this.setStaticIp(staticIpOf(config));
    const several = severalAddressesOf(config);
    if (several && isActive(this.state)) this.network?.setSource("link", several);
    for (const name of ["Name", "AutoConnect", "Priority", "StaticIPConfig"]) this.properties.touch(name);
    this.technologyChanged();
    this.#touch();
    this.requestSort("the configuration changed");
  }
  /** Down, and up again if it was wanted: with the section's new values. */
  rebuild(config: InterfaceConfig): void {
    // A change of `auto` is the new wish; a wish by hand outlives other changes.
    if (config.isAuto !== this.#config.isAuto) this.#isWanted = config.isAuto;
    this.drop("configuration changed");
    this.#failures = [];
    this.connection.attempts.forgive();
    this.takeConfig(config);
  }
  setWanted(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.autoConnect = isWanted;
    this.properties.touch("AutoConnect");
    this.#touch();
  }
  /** The link came, or went (undefined). */
  setPort(port: Device | undefined): void {
    const before = this.#port;
    if (before === port) return;
    if (before) {
      this.drop("device removed");
      void before.claimable.removeUser(this);
    }
    this.#port = port;
    this.setDevice(port);
    port?.claimable.addUser(this);
    this.connection.attempts.forgive();
    this.technologyChanged();
    this.#touch();
  }

  override technologyChanged(): void {
    if (this.#lacksCarrier) this.connection.attempts.forgive();
    super.technologyChanged();
  }
  override connect(because: string): void {
    this.setWanted(true);
    super.connect(because);
  }
  override disconnect(reason: DisconnectReason): void {
    if (reason === "D-Bus RPC") this.setWanted(false);
    super.disconnect(reason);
  }
  /** A wish to have it down outlives sleep and logins: it is the administrator's. */
  override forgive(): void {
    this.connection.attempts.forgive();
  }
  /** Stored rows count for nothing: the section gives the settings. */
  override onEntryLoaded(): void {
    super.onEntryLoaded();
    this.takeConfig(this.#config);
  }
  override stateTold(before: ConnectState): void {
    if (before === this.state) return;
    if (isConnecting(this.state) || isConnected(this.state)) this.#failures = [];
    if (isConnected(this.state)) this.#upSinceMs ??= this.host.clock.now();
    else this.#upSinceMs = undefined;
    this.#touch();
  }
  override failureTold(error: string, details: string): void {
    this.#failures = [{ subsystem: "proto", code: error, data: details === "" ? [] : [details] }];
    this.#touch();
  }

  override startConnect(): void {
    const port = this.#port;
    if (!port) return;
    port.take();
    if (this.#lacksCarrier) return;
    port.claimable.claim(this).catch((error: unknown) => this.#onClaimFailed(describeError(error)));
    if (this.#config.proto === "none") this.#connectWithoutAddress(port);
    else port.connectService(this);
  }
  /** Up is all there is to it: addresses are for others to bring. */
  #connectWithoutAddress(port: Device): void {
    port.selectService(this);
    this.advance("configure", "the link is there");
    this.networkConnected("proto none has nothing to set up");
  }
  #onClaimFailed(detail: string): void {
    if (!isActive(this.state)) return;
    this.fail("connect-failed", detail);
    this.#failures = [{ subsystem: "interface", code: "DEVICE_CLAIM_FAILED", data: [detail] }];
    this.#touch();
  }
  override giveUp(): void {
    this.#port?.giveUp();
  }
  override startDisconnect(reason: DisconnectReason): void {
    const port = this.#port;
    port?.disconnectService(this, reason);
    void port?.claimable.release(this);
    this.advance("disconnected", reason);
  }

  // ConfiguredInterface
  get sectionName(): string {
    return this.#config.name;
  }
  get proto(): string {
    return this.#config.proto;
  }
  get interfaceState(): InterfaceState {
    if (isConnected(this.state)) return "UP";
    if (isConnecting(this.state)) return "SETUP";
    return this.state === "disconnecting" ? "TEARDOWN" : "DOWN";
  }
  get isAvailable(): boolean {
    return this.#port !== undefined;
  }
  get isWanted(): boolean {
    return this.#isWanted;
  }
  get uptimeSeconds(): number {
    return this.#upSinceMs === undefined ? 0 : Math.floor((this.host.clock.now() - this.#upSinceMs) / 1000);
  }
  get l3Device(): string {
    if (this.interfaceState !== "UP") return "";
    // The link of a session is not the port.
    const name = this.network && this.probePorts.linkName(this.network.layer3Link);
    return name ?? this.#port?.linkName ?? "";
  }
  get errors(): readonly InterfaceErrorEntry[] {
    if (isActive(this.state)) return [];
    return [...configurationErrors(this.#config, this.handlers), ...this.#missing, ...this.#failures];
  }
  get #missing(): readonly InterfaceErrorEntry[] {
    if (this.#port || !this.#isWanted) return [];
    if (this.#rival === undefined) return [noDevice];
    const data = [`${this.#config.device} is used by ${this.#rival}`];
    return [{ subsystem: "interface", code: "DEVICE_CLAIM_FAILED", data }];
  }
  get interfaceProperties(): PropertyStore<ConfiguredInterface> {
    this.#interfaceProperties ??= new PropertyStore<ConfiguredInterface>(this, interfaceShape);
    return this.#interfaceProperties;
  }
  #touch(): void {
    // For status and why, which know of states and their reasons only.
    const [first] = this.state === "idle" ? this.errors : [];
    if (first) this.explain([first.code, ...first.data].join(" "));
    this.interfaceProperties.touchAll();
  }
  up(): void {
    this.setWanted(true);
    this.connection.isExplicitlyDisconnected = false;
    if (this.isConnectable && !isActive(this.state)) this.connect("Interface1.Up");
  }
  down(): void {
    this.setWanted(false);
    if (isActive(this.state)) this.disconnect("D-Bus RPC");
  }
  status(): ReadonlyMap<string, WireVariant> {
    return statusOf(this, this.#config.device ?? "", this.#config.values.metric ?? 0, this.network?.effective);
  }
}
