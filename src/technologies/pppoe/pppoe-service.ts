import { DaemonError } from "../../base/errors.ts";
import type { Device } from "../../devices/device.ts";
import type { NetworkOptions } from "../../network/network-ports.ts";
import { defaultKeepalive, type PppoeConfig } from "../../network/protocols/ppp/pppd-options.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import { isActive, isConnected } from "../../services/connect-states.ts";
import type { Layer3Device } from "../../services/layer3-plan.ts";
import { Service, type ServiceHost } from "../../services/service.ts";
import type { DisconnectReason } from "../../services/service-device.ts";
import { cableProperties, type PppoeFacts, pppoeShape } from "./pppoe-properties.ts";

/** View of an account's Service on its Provider. */
export interface PppoeRoom {
  /** The cable that it would be connected over now; undefined: none has carrier. */
  readonly freeCable: Device | undefined;
  /** An administrator's ProhibitedTechnologies names it. */
  readonly isProhibited: boolean;
}

/** An account at a provider, over whichever cable leads there. */
export class PppoeService extends Service implements PppoeFacts {
  override readonly technology = "pppoe";
  userName = "";
  password = "";
  echoFailures = defaultKeepalive.failures;
  echoIntervalSeconds = defaultKeepalive.intervalSeconds;
  /** While it is active. */
  #cable: Device | undefined;

  constructor(
    host: ServiceHost,
    private readonly room: PppoeRoom,
    serial: number,
    override readonly storageId: string,
  ) {
    super(host, serial, "pppoe", pppoeShape);
  }

  get cable(): Device | undefined {
    return this.#cable;
  }
  override get holdsSecret(): boolean {
    return this.password !== "";
  }
  override get isConnectable(): boolean {
    return this.userName !== "" && this.password !== "" && this.isVisible;
  }
  override get lacking(): string {
    if (this.userName === "") return "it needs a user name";
    if (this.password === "") return "it needs a password";
    return this.isVisible ? "" : "no free cable has carrier";
  }
  override get isVisible(): boolean {
    return (this.#cable ?? this.room.freeCable)?.hasCarrier ?? false;
  }
  override get strengthPercent(): number {
    return 100;
  }
  override get wantsDhcp(): boolean {
    return false;
  }
  /** A cable that a network answers on is not taken away from it without being asked; one that looks for a lease is. */
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    const cable = this.room.freeCable;
    if (!cable) return "connection medium unavailable";
    const other = cable.selectedService;
    if (!other || other === this) return undefined;
    const isInUse = isConnected(other.state) || (other.technology === this.technology && isActive(other.state));
    return isInUse ? "busy" : undefined;
  }
  override networkOptions(device: Layer3Device): NetworkOptions {
    const { userName, password, echoFailures: failures, echoIntervalSeconds: intervalSeconds } = this;
    const config: PppoeConfig = {
      ...{ userName, password, keepalive: { failures, intervalSeconds } },
      ...{ wantsDefaultRoute: true, wantsNameServers: true },
    };
    return { ...super.networkOptions(device), protocols: [{ source: "handler", handler: "pppoe", config }] };
  }
  /** Cables came or went. */
  cablesChanged(): void {
    for (const name of cableProperties) this.properties.touch(name);
  }

  override startConnect(): void {
    if (this.room.isProhibited) {
      throw new DaemonError("PermissionDenied", `Technology ${this.technology} is prohibited.`);
    }
    const cable = this.room.freeCable;
    if (!cable) throw new DaemonError("Failure", "no cable has carrier");
    this.#cable = cable;
    this.setDevice(cable);
    cable.connectService(this);
  }
  override startDisconnect(reason: DisconnectReason): void {
    this.#cable?.disconnectService(this, reason);
    this.#cable = undefined;
    this.advance("disconnected", reason);
  }
  override failureTold(): void {
    this.#cable = undefined;
  }
}
