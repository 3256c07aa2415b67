import { DaemonError } from "../../base/errors.ts";
import { type PropertyShape, propertyTable } from "../../base/property.ts";
import { Device, deviceShape } from "../../devices/device.ts";
import { deviceProperties } from "../../devices/device-properties.ts";
import type { EthernetPort } from "./ethernet-service.ts";

const ownSource = "usb_adapter_mac";
/** Sources of ChromeOS machines, which are not found here. */
const foreignSources = ["designated_dock_mac", "builtin_adapter_mac"];

/** A cable's socket. */
export class EthernetDevice extends Device implements EthernetPort {
  override readonly technology = "ethernet";

  override get shape(): PropertyShape<Device> {
    return ethernetShape;
  }
  protected override carrierChanged(): void {
    this.properties.touch("Ethernet.LinkUp");
    if (!this.hasCarrier && this.selectedService?.needsCarrier !== false) this.dropConnection("carrier lost");
  }
  /** Throws IllegalOperation, NotFound, InvalidArguments. */
  override setMacAddressSource(source: string): void {
    if (this.busType !== "usb") super.setMacAddressSource(source);
    if (foreignSources.includes(source)) throw new DaemonError("NotFound", `There is no MAC address of ${source}`);
    if (source !== ownSource) throw new DaemonError("InvalidArguments", `${source.slice(0, 64)} is no source`);
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
    doc: "Source of a USB adapter's MAC address: usb_adapter_mac, always its own; empty for others.",
    get: (device) => (device.busType === "usb" ? ownSource : ""),
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
