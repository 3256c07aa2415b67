import { type PropertyShape, propertyTable } from "../../base/property.ts";
import { Device, type DeviceHost, deviceShape } from "../../devices/device.ts";
import { deviceProperties } from "../../devices/device-properties.ts";
import type { Link } from "../../rtnl/rtnl.ts";
import { isConnecting } from "../../services/connect-states.ts";
import type { DisconnectReason } from "../../services/service.ts";
import type { LinkTraffic } from "../../services/traffic-counters.ts";
import type { EthernetPort, EthernetService } from "./ethernet-service.ts";

/** What sysfs tells of an Ethernet link beyond the kernel's news. Asked only when somebody wants to know. */
export interface EthernetHardware {
  readFacts(linkName: string): { readonly busType?: string | undefined };
  /** Undefined: the driver does not say. */
  readSpeedMbps(linkName: string): number | undefined;
  /** What the kernel counted on the link; undefined when it is gone. */
  readTraffic(linkName: string): LinkTraffic | undefined;
}

/** A cable's socket. */
export class EthernetDevice extends Device implements EthernetPort {
  override readonly technology = "ethernet";
  /** A person connected it all the same, or it was connected before somebody else put an address on it. */
  #isOurs = false;
  #linkSpeedKbps = 0;

  constructor(
    host: DeviceHost,
    link: Link,
    technologyReason: string,
    private readonly hardware: EthernetHardware,
    /** Why the link is not to be touched by ourselves; undefined: it is ours to use. */
    private readonly whyForeign: (link: Link) => string | undefined,
  ) {
    super(host, link, technologyReason);
    this.claimable.setCarrier(link.hasCarrier);
  }

  protected override get shape(): PropertyShape<Device> {
    return ethernetShape;
  }
  get leftAloneBecause(): string | undefined {
    if (this.link.master !== undefined) return "the link is part of another one";
    return this.#isOurs ? undefined : this.whyForeign(this.link);
  }
  override get isLeftAlone(): boolean {
    return this.leftAloneBecause !== undefined;
  }
  get linkSpeedKbps(): number {
    return this.hasCarrier ? this.#linkSpeedKbps : 0;
  }
  readTraffic(): LinkTraffic | undefined {
    return this.hardware.readTraffic(this.name);
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

  take(): void {
    if (this.leftAloneBecause !== undefined) this.#isOurs = true;
    this.reviewActivation();
  }
  connectService(service: EthernetService): void {
    this.take();
    this.selectService(service);
    if (this.startNetwork(service)) service.advance("configure", `carrier on ${this.name}`);
  }
  disconnectService(service: EthernetService, reason: DisconnectReason): void {
    if (this.selectedService !== service) return;
    // The lease is given back only when a person ends it: the same cable will want the same address.
    this.stopNetwork({ release: service.isExplicitlyDisconnected, isCarrierLost: this.isShortLoss(reason) });
    service.setNetwork(undefined);
    this.selectService(undefined);
  }

  override connected(first: boolean): void {
    this.#isOurs = true;
    super.connected(first);
  }
  /** An attempt of ours yields to somebody who configures the link; what is connected stays. */
  override addressesChanged(): void {
    const service = this.selectedService;
    if (service && isConnecting(service.state) && this.leftAloneBecause !== undefined)
      this.dropConnection("left alone");
    this.reviewActivation();
    this.host.addressesChanged(this);
  }
  /** What arrives at a port goes to the link that it is part of: there is nothing to be connected with. */
  protected override masterChanged(): void {
    if (this.link.master !== undefined) this.dropConnection("left alone");
    this.reviewActivation();
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
  "Ethernet.UsbEthernetMacAddressSource": {
    signature: "s",
    doc: "Whose MAC address a USB adapter uses: usb_adapter_mac, always its own; empty for others.",
    get: (device) => (device.busType === "usb" ? "usb_adapter_mac" : ""),
  },
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
