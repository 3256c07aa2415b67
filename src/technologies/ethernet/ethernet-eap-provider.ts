import type { Provider, ProviderHost } from "../../providers/provider.ts";
import type { Service } from "../../services/service.ts";
import { EthernetEapService, ethernetEapId } from "./ethernet-eap-service.ts";

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
