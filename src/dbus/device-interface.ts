import { DaemonError } from "../base/errors.ts";
import type { WireVariant } from "../base/property.ts";
import type { Device } from "../devices/device.ts";
import { deviceProperties } from "../devices/device-properties.ts";
import { args, type InterfaceParts, InterfacesByShape, interfaceTable, methodOf } from "./interface-table.ts";
import { ownShape } from "./own-properties.ts";
import { clearPropertyMethod, propertyChanged, propertyMethods } from "./property-methods.ts";

const method = methodOf<Device>();

const parts = {
  name: "org.chromium.flimflam.Device",
  doc: "A link that Fairlead manages.",
  signals: propertyChanged,
  methods: {
    ...propertyMethods<Device>(),
    ...clearPropertyMethod<Device>(),
    Enable: {
      in: [],
      out: [],
      doc: "Brings the link up, now and at every start. Answers when it is done.",
      errors: ["PermissionDenied", "InProgress", "NotStored", "Failure"],
      right: "control",
      call: async (device) => {
        await device.setEnabled(true, { isPersistent: true, isExplicit: true });
        return undefined;
      },
    },
    Disable: {
      in: [],
      out: [],
      doc: "Disconnects and takes the link down, now and at every start. Answers when it is done.",
      errors: ["PermissionDenied", "InProgress", "NotStored", "Failure"],
      right: "control",
      call: async (device) => {
        await device.setEnabled(false, { isPersistent: true, isExplicit: true });
        return undefined;
      },
    },
    RequestRoam: method({
      in: { bssid: "s" },
      out: [],
      doc: "Asks a radio to move to another access point; nothing to do for a cable.",
      errors: ["PermissionDenied"],
      right: "control",
      call: () => undefined,
    }),
    SetUsbEthernetMacAddressSource: method({
      in: { source: "s" },
      out: [],
      doc:
        "Whose MAC address a USB adapter uses: usb_adapter_mac, its own. designated_dock_mac and builtin_adapter_mac are " +
        "those of ChromeOS machines, and are not found here.",
      errors: ["IllegalOperation", "InvalidArguments", "NotFound", "PermissionDenied"],
      right: "settings",
      call: (device, { source }) => {
        device.setMacAddressSource(source);
        return undefined;
      },
    }),
    Reset: {
      in: [],
      out: [],
      doc: "Resets a modem; no other Device can be reset.",
      errors: ["NotImplemented", "PermissionDenied"],
      right: "control",
      call: (device) => {
        throw new DaemonError("NotImplemented", `${device.name} cannot be reset`);
      },
    },
  },
} satisfies InterfaceParts<Device>;

/** The interface with the properties of one technology; they differ in these alone. */
export const deviceInterfaces = new InterfacesByShape<Device>((properties) =>
  interfaceTable<Device>({ ...parts, properties }),
);

/** Properties that shill's interface does not have. */
export const ownDeviceShape = ownShape<Device>({ Addresses: deviceProperties.Addresses });

/** Our own additions: its addresses, the owner of the link, and why it is treated as it is. */
export const deviceReasonsInterface = interfaceTable<Device>({
  name: "org.fairlead.Device1",
  doc: "All addresses of a Device, and why it is as it is.",
  properties: ownDeviceShape,
  methods: {
    Why: {
      in: [],
      out: args({ reasons: "a{sv}" }),
      doc:
        "Technology: reason for the technology. LeftAlone: why the link is not used without being asked, empty " +
        "when it is. Claims: number of users that hold the link up. Users: names of all users. Up: administratively up. " +
        "Carrier: has carrier. Held: the carrier is lost, and addresses and routes stay in the kernel for a moment. NotReady: a modem's reason against " +
        "connecting now, empty where there is none, or no modem.",
      right: "read",
      call: (device) => [reasonsOf(device)],
    },
  },
});

function reasonsOf(device: Device): ReadonlyMap<string, WireVariant> {
  return new Map<string, WireVariant>([
    ["Technology", { signature: "s", value: device.technologyReason }],
    ["LeftAlone", { signature: "s", value: device.leftAloneBecause ?? "" }],
    ["Claims", { signature: "u", value: device.claimable.claimCount }],
    ["Users", { signature: "as", value: device.claimable.userNames }],
    ["Up", { signature: "b", value: device.link.isUp }],
    ["Carrier", { signature: "b", value: device.hasCarrier }],
    ["NotReady", { signature: "s", value: device.notReadyBecause ?? "" }],
    ["Held", { signature: "b", value: device.network?.isHeld ?? false }],
  ]);
}
