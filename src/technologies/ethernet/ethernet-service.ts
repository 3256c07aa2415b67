import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import { isActive, isConnected } from "../../services/connect-states.ts";
import { Service, type ServiceHost } from "../../services/service.ts";
import type { DisconnectReason, ServiceDevice } from "../../services/service-device.ts";
import { serviceShape } from "../../services/service-properties.ts";
import { EthernetEntry } from "./ethernet-entry.ts";

/** View of a cable's Service on the Device it is plugged into. */
export interface EthernetPort extends ServiceDevice {
  /** Tells its settings from those of other sockets. */
  readonly hardwareId: string;
  readonly hasCarrier: boolean;
  /** Enabled, and not about to be disabled. */
  readonly isUsable: boolean;
  /** Why the link is not ours to touch by ourselves; a person's Connect goes over it. */
  readonly leftAloneBecause: string | undefined;
  readonly selectedService: Service | undefined;
  /** A person wants it: a link that was left alone is ours from now on, and goes up. */
  take(): void;
  /** Starts layer 3 for this Service; another one on the Device goes to idle. */
  connectService(service: EthernetService): void;
  disconnectService(service: EthernetService, reason: DisconnectReason): void;
  /** Prepares this Service's first DHCP message for the moment of the carrier. */
  standBy(service: EthernetService): void;
  standDown(): void;
  /** Addresses and routes held after the loss of the carrier go at once. */
  giveUp(): void;
}

/** Configuration for whichever cable is best; the Service at the top carries it (docs/contract/shill.md, Cables). */
export const genericEthernetId = "ethernet_any";
export const ethernetIdOf = ({ hardwareId }: Pick<EthernetPort, "hardwareId">): string => `ethernet_${hardwareId}`;

/** A cable. Always connectable and auto-connecting; visible while its Device has carrier. */
export class EthernetService extends Service {
  override readonly technology = "ethernet";
  #storageId: string;
  #port: EthernetPort | undefined;
  hasOwnSettings = false;
  /** The cable has been connected with the settings in force. */
  #isProven = false;

  constructor(host: ServiceHost, serial: number, storageId: string, port: EthernetPort | undefined) {
    super(host, serial, "ethernet", serviceShape);
    this.name = "Ethernet";
    this.autoConnect = true;
    this.#storageId = storageId;
    this.#port = port;
    this.setDevice(port);
  }

  override get storageId(): string {
    return this.#storageId;
  }
  override get isKeptUnasked(): boolean {
    return this.isGeneric;
  }
  get isGeneric(): boolean {
    return this.#storageId === genericEthernetId;
  }
  get port(): EthernetPort | undefined {
    return this.#port;
  }
  override get isConnectable(): boolean {
    return true;
  }
  override get isVisible(): boolean {
    return this.#port?.hasCarrier ?? false;
  }
  override get strengthPercent(): number {
    return 100;
  }
  override get isAutoConnectFixed(): boolean {
    return true;
  }
  override get isMachines(): boolean {
    return true;
  }
  override get isPermanent(): boolean {
    return true;
  }
  override get autoConnectDefault(): boolean {
    return true;
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    if (!this.#port) return "no device";
    if (!this.#port.isUsable) return "device is disabled";
    // A link that is left alone is not even set up: its carrier is unknown.
    if (this.#port.leftAloneBecause !== undefined) return "device is left alone";
    if (!this.#port.hasCarrier) return "connection medium unavailable";
    const other = this.#port.selectedService;
    return other && other !== this && isActive(other.state) ? "busy" : undefined;
  }

  /** Takes another identity in the store; the caller loads the entry that belongs to it. */
  rename(storageId: string): void {
    this.#storageId = storageId;
  }
  /** The Device came, or went (undefined). */
  setPort(port: EthernetPort | undefined): void {
    this.#port = port;
    this.setDevice(port);
  }

  /** Ports bounce when they come up, and the next plug may be of another network: neither has to wait. */
  override technologyChanged(): void {
    if (!this.#port?.hasCarrier) this.connection.attempts.forgive();
    super.technologyChanged();
  }

  override awaitMedium(isAllThatIsMissing: boolean): void {
    if (isAllThatIsMissing) this.#port?.standBy(this);
    else this.#port?.standDown();
  }

  protected override makeEntry(): EthernetEntry {
    return new EthernetEntry(this);
  }
  override get entry(): EthernetEntry {
    return super.entry as EthernetEntry;
  }
  get socketId(): string | undefined {
    return this.#port && ethernetIdOf(this.#port);
  }
  /** The settings are those of another entry than before; with these the cable was not in use yet. */
  override onEntryLoaded(): void {
    super.onEntryLoaded();
    this.#isProven = isConnected(this.state);
  }
  override networkConnected(because: string): void {
    this.#isProven = true;
    super.networkConnected(because);
  }
  /** Another cable is the best from now on, or this one goes: settings that it was in use with stay with it. */
  ownWhatIsProven(): void {
    this.hasOwnSettings ||= this.#isProven;
  }

  /** Without carrier nothing more happens, as the spec has it: the cable's arrival connects. */
  override startConnect(): void {
    if (this.#port?.hasCarrier) this.#port.connectService(this);
    else this.#port?.take();
  }
  override giveUp(): void {
    this.#port?.giveUp();
  }
  override startDisconnect(reason: DisconnectReason): void {
    this.#port?.disconnectService(this, reason);
    this.advance("disconnected", reason);
  }
}
