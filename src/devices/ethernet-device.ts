import { type PropertyShape, propertyTable } from "../base/property.ts";
import type { Link } from "../rtnl/rtnl.ts";
import type { EthernetPort, EthernetService } from "../services/ethernet-service.ts";
import { Device, type DeviceHost, deviceShape } from "./device.ts";
import { deviceProperties } from "./device-properties.ts";

/** What sysfs tells of an Ethernet link beyond the kernel's news. Asked only when somebody wants to know. */
export interface EthernetHardware {
  readFacts(linkName: string): { readonly busType?: string | undefined };
  /** Undefined: the driver does not say. */
  readSpeedMbps(linkName: string): number | undefined;
}

/** A cable's socket. */
export class EthernetDevice extends Device implements EthernetPort {
  override readonly technology = "ethernet";
  /** Set by DeviceInfo; a person's Connect clears it. */
  #leftAloneBecause: string | undefined;
  #linkSpeedKbps = 0;

  constructor(
    host: DeviceHost,
    link: Link,
    technologyReason: string,
    private readonly hardware: EthernetHardware,
    leftAloneBecause: string | undefined,
  ) {
    super(host, link, technologyReason);
    this.#leftAloneBecause = leftAloneBecause;
    this.claimable.setCarrier(link.hasCarrier);
  }

  protected override get shape(): PropertyShape<Device> {
    return ethernetShape;
  }
  get leftAloneBecause(): string | undefined {
    return this.link.master === undefined ? this.#leftAloneBecause : "the link is part of another one";
  }
  get linkSpeedKbps(): number {
    return this.hasCarrier ? this.#linkSpeedKbps : 0;
  }
  readLinkSpeed(): void {
    this.#linkSpeedKbps = (this.hardware.readSpeedMbps(this.name) ?? 0) * 1000;
  }
  /** "pci", "usb", or empty: another bus, or no hardware at all. */
  get busType(): string {
    // Links that the kernel makes up have a kind and no bus: with a thousand of them sysfs is not asked in vain.
    const busType = this.link.kind === undefined ? this.hardware.readFacts(this.name).busType : undefined;
    return busType === "pci" || busType === "usb" ? busType : "";
  }

  connectService(service: EthernetService): void {
    this.#leftAloneBecause = undefined;
    this.selectService(service);
    this.startNetwork(service);
    service.advance("configure", `carrier on ${this.name}`);
  }
  disconnectService(service: EthernetService): void {
    if (this.selectedService !== service) return;
    // The lease is given back only when a person ends it: the same cable will want the same address.
    this.stopNetwork({ release: service.isExplicitlyDisconnected });
    service.setNetwork(undefined);
    this.selectService(undefined);
  }

  protected override carrierChanged(): void {
    this.properties.touch("Ethernet.LinkUp");
    if (!this.hasCarrier) this.dropConnection("carrier lost");
  }
}

const ethernetProperties = propertyTable<EthernetDevice>()({
  "Ethernet.DeviceBusType": {
    signature: "s",
    doc: "pci, usb, or empty.",
    get: (device) => device.busType,
  },
  "Ethernet.LinkUp": { signature: "b", doc: "Whether there is carrier.", get: (device) => device.hasCarrier },
  EapAuthenticationCompleted: {
    signature: "b",
    doc: "Whether 802.1X let this port in.",
    get: () => false,
  },
  EapAuthenticatorDetected: {
    signature: "b",
    doc: "Whether the other end asked for 802.1X.",
    get: () => false,
  },
});

export const ethernetShape: PropertyShape<Device> = deviceShape<EthernetDevice>(deviceProperties, ethernetProperties);
