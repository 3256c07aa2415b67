import { DaemonError } from "../../base/errors.ts";
import { PropertyShape } from "../../base/property.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import { EapCredentials } from "../../services/eap-credentials.ts";
import { eapProperties } from "../../services/eap-properties.ts";
import type { Service, ServiceHost } from "../../services/service.ts";
import { serviceProperties } from "../../services/service-properties.ts";
import { SettingsOnlyService } from "../../services/stored-service.ts";

const keyManagement = "IEEE8021X";
const ethernetEapId = "etherneteap_all";

export const ethernetEapShape = new PropertyShape<Service>({ ...serviceProperties, ...eapProperties(keyManagement) });

/**
 * The credentials that every cable answers 802.1X with; it cannot be connected (docs/contract/shill.md, Cables). No
 * authentication uses it yet.
 */
export class EthernetEapService extends SettingsOnlyService {
  override readonly technology = "etherneteap";
  override readonly storageId = ethernetEapId;
  readonly #eap = new EapCredentials();

  constructor(host: ServiceHost, serial: number) {
    super(host, serial, "etherneteap", ethernetEapShape);
    this.name = "Ethernet EAP Parameters";
    this.#eap.keyManagement = keyManagement;
  }

  /** Never on a Device, which shill tells by the path of no object. */
  override get devicePath(): string {
    return "/";
  }
  override get eap(): EapCredentials {
    return this.#eap;
  }
  override startConnect(): void {
    throw new DaemonError("Failure", `${this.label} holds settings and is not connected itself`);
  }
}

/** One Service for the 802.1X of all cables, there from the start (docs/contract/shill.md, Cables). */
export class EthernetEapProvider implements Provider {
  readonly technology = "etherneteap";
  #service: EthernetEapService | undefined;

  constructor(private readonly host: ProviderHost) {}

  start(): void {
    this.getService();
  }
  deviceEnabled(): void {}
  deviceDisabled(): void {}
  servicesOn(): readonly Service[] {
    return [];
  }
  sorted(): void {}

  getService(): EthernetEapService {
    if (!this.#service) {
      this.#service = this.makeTemporary();
      this.host.registerService(this.#service);
    }
    return this.#service;
  }
  findSimilar(): EthernetEapService {
    return this.getService();
  }
  makeTemporary(): EthernetEapService {
    return new EthernetEapService(this.host, this.host.nextServiceSerial());
  }
  serviceForEntry(entry: string): EthernetEapService | undefined {
    return entry === ethernetEapId ? this.makeTemporary() : undefined;
  }
}
