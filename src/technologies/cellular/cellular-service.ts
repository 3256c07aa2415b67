import { DaemonError } from "../../base/errors.ts";
import type { Modem } from "../../modem/modem.ts";
import type { NetworkOptions } from "../../network/network-ports.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import type { Layer3Device } from "../../services/layer3-plan.ts";
import { Service, type ServiceHost } from "../../services/service.ts";
import type { DisconnectReason, ServiceDevice } from "../../services/service-device.ts";
import type { CellularAddressing } from "./cellular-addressing.ts";
import { type Apn, hasPassword, noApn, withoutPassword } from "./cellular-apn.ts";
import { type CellularFacts, cellularServiceShape, modemProperties } from "./cellular-properties.ts";
import { objectionOf } from "./cellular-standing.ts";

/** A modem's link, as the SIM's Service needs it. */
export interface CellularPort extends ServiceDevice {
  /** Enabled, and not about to be disabled. */
  readonly isUsable: boolean;
  /** Why the link is not ours to touch by ourselves; a person's Connect goes over it. */
  readonly leftAloneBecause: string | undefined;
  readonly selectedService: Service | undefined;
  /** Has the modem connect, and then starts layer 3; another Service on the link goes to idle. */
  connectService(service: CellularService): void;
  disconnectService(service: CellularService, reason: DisconnectReason): void;
}

const unnamed = "Mobile network";

/** A SIM, in whichever modem it is, or remembered. */
export class CellularService extends Service implements CellularFacts {
  override readonly technology = "cellular";
  override readonly storageId: string;
  apn: Apn = noApn;
  lastGoodApn: Apn = noApn;
  /** Of the bearer in use. */
  addressing: CellularAddressing = { wantsDhcp: false };
  #modem: Modem | undefined;
  #port: CellularPort | undefined;

  constructor(
    host: ServiceHost,
    serial: number,
    readonly iccid: string,
  ) {
    super(host, serial, "cellular", cellularServiceShape);
    this.storageId = cellularId(iccid);
    this.name = unnamed;
  }

  get modem(): Modem | undefined {
    return this.#modem;
  }
  override get holdsSecret(): boolean {
    return hasPassword(this.apn);
  }
  /** With a modem that cannot connect it is connectable, too: Error then names the modem's lack. */
  override get isConnectable(): boolean {
    return this.#modem !== undefined && this.#port !== undefined;
  }
  override get isVisible(): boolean {
    return this.#modem !== undefined;
  }
  override get strengthPercent(): number {
    return this.#modem?.signalPercent ?? 0;
  }
  /** Unlimited contracts are the exception, which the property Metered states. */
  override get isMetered(): boolean {
    return this.meteredOverride ?? true;
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    if (!this.#modem || !this.#port) return "no device";
    if (!this.#port.isUsable) return "device is disabled";
    if (this.#port.leftAloneBecause !== undefined) return "device is left alone";
    return objectionOf(this.#modem)?.refusal ?? (this.#port.selectedService ? "busy" : undefined);
  }

  /**
   * Sets the modem that holds the SIM, and its link's Device; undefined: the SIM is in none, or the modem has no such
   * link.
   */
  setModem(modem: Modem | undefined, port: CellularPort | undefined): void {
    this.#modem = modem;
    const name = modem?.operatorName || modem?.sim?.operatorName || this.name;
    if (this.name !== name) this.name = name;
    if (port !== this.#port) {
      this.#port = port;
      this.setDevice(port);
    }
    this.#explainIdle();
    this.technologyChanged();
  }
  /** The SIM is in no modem any more. */
  leaveModem(because: string): void {
    this.drop("modem gone");
    this.setModem(undefined, undefined);
    if (this.state === "idle") this.explain(because);
  }
  #explainIdle(): void {
    if (this.state !== "idle" || this.connection.reason === "D-Bus RPC" || !this.#modem) return;
    this.explain(this.#standing(this.#modem));
  }
  #standing(modem: Modem): string {
    const objection = objectionOf(modem);
    // A modem without a link is never switched on: that it is off would be no news.
    if (!this.#port && (!objection || modem.netPorts.length === 0)) return linkSentence(modem);
    if (objection) return objection.because;
    return `registered with ${modem.operatorName || modem.operatorCode || "a network"}`;
  }
  override get wantsDhcp(): boolean {
    return this.addressing.wantsDhcp;
  }
  override networkOptions(device: Layer3Device): NetworkOptions {
    const { given } = this.addressing;
    return { ...super.networkOptions(device), ...(given && { given: { link: given } }) };
  }
  override technologyChanged(): void {
    for (const name of modemProperties) this.properties.touch(name);
  }
  override networkConnected(because: string): void {
    this.lastGoodApn = withoutPassword(this.apn);
    super.networkConnected(because);
    this.properties.touch("Cellular.LastGoodAPN");
  }

  override startConnect(): void {
    if (!this.#modem || !this.#port) throw new DaemonError("Failure", "its SIM is in no modem");
    const objection = objectionOf(this.#modem);
    // A modem that was switched off, or looks for a network, connects all the same once it has one.
    if (objection && objection.error !== "not-registered") this.fail(objection.error, objection.because);
    else this.#port.connectService(this);
  }
  override startDisconnect(reason: DisconnectReason): void {
    this.#port?.disconnectService(this, reason);
    this.advance("disconnected", reason);
  }
}

function linkSentence({ netPorts, primaryPort }: Modem): string {
  if (netPorts.length === 0) return `the modem on ${primaryPort || "no port"} has no network link`;
  return `the modem's link ${netPorts.join(", ")} is not there, disabled, or not taken for cellular`;
}

const prefix = "cellular_";
export const cellularId = (iccid: string): string => `${prefix}${iccid}`;
/** Undefined: the entry is no SIM's. */
export function iccidOfEntry(entry: string): string | undefined {
  const iccid = entry.startsWith(prefix) ? entry.slice(prefix.length) : "";
  return /^[\dA-Za-z]{1,22}$/.test(iccid) ? iccid : undefined;
}
