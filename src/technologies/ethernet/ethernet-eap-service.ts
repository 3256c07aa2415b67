import { DaemonError } from "../../base/errors.ts";
import { PropertyShape } from "../../base/property.ts";
import { EapCredentials } from "../../services/eap-credentials.ts";
import { eapProperties } from "../../services/eap-properties.ts";
import type { Service, ServiceHost } from "../../services/service.ts";
import { serviceProperties } from "../../services/service-properties.ts";
import { SettingsOnlyService } from "../../services/settings-only-service.ts";

const keyManagement = "IEEE8021X";
export const ethernetEapId = "etherneteap_all";

export const ethernetEapShape = new PropertyShape<Service>({ ...serviceProperties, ...eapProperties(keyManagement) });

/**
 * Holds what cables answer 802.1X with, whichever of them asks; nothing that could be connected (docs/contract/shill.md,
 * Cables). Nobody authenticates with it yet.
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
  protected override startConnect(): void {
    throw new DaemonError("Failure", `${this.logName} holds settings and is not connected itself`);
  }
}
