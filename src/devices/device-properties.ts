/** The properties of every Device (shill's doc/device-api.txt). */
import { propertyTable } from "../base/property.ts";
import type { Device } from "./device.ts";

export const deviceProperties = propertyTable<Device>()({
  Address: {
    signature: "s",
    doc: "MAC address as 12 lower-case hexadecimal digits.",
    get: (device) => device.mac.replaceAll(":", ""),
  },
  // Clients have it on an interface of our own (dbus/device-interface.ts).
  Addresses: {
    signature: "as",
    doc: "Every address in use on this link, of both families, IPv4 first, as 192.0.2.5/24; of a family the better first.",
    isInternal: true,
    get: (device) => device.addresses,
  },
  Interface: { signature: "s", doc: "Name of the link.", get: (device) => device.linkName },
  IPConfigs: {
    signature: "ao",
    doc: "The IPConfig objects of this link, IPv4 first.",
    get: (device) => device.ipConfigPaths,
  },
  Name: { signature: "s", doc: "Name of the link; kept for old clients.", get: (device) => device.linkName },
  Powered: {
    signature: "b",
    doc: "Whether the Device is enabled now; Enable and Disable change it.",
    get: (device) => device.isEnabled,
  },
  EnabledPersistently: {
    signature: "b",
    doc: "Whether the Device is to be enabled at start.",
    isInternal: true,
    get: (device) => device.isEnabledPersistently,
    persist: {
      default: true,
      restore: (device, value) => {
        device.isEnabledPersistently = value;
      },
    },
  },
  SelectedService: {
    signature: "o",
    doc: "The Service this Device carries; / without one.",
    get: (device) => device.selectedService?.path ?? "/",
  },
  Type: { signature: "s", doc: "The technology.", get: (device) => device.technology },
});
