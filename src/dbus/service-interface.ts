import { DaemonError } from "../base/errors.ts";
import type { WireVariant } from "../base/property.ts";
import { settingNames } from "../services/configuration.ts";
import type { Service } from "../services/service.ts";
import { serviceProperties } from "../services/service-properties.ts";
import { args, InterfacesByShape, interfaceTable, type MethodEntry, methodOf } from "./interface-table.ts";
import { ownShape } from "./own-properties.ts";
import { clearPropertyMethod, propertyChanged, propertyMethods } from "./property-methods.ts";

const method = methodOf<Service>();

const setProperties: MethodEntry<Service> = method({
  in: { properties: "a{sv}" },
  out: [],
  doc: "Sets several properties, going on after an error; the first error is told.",
  errors: ["InvalidArguments", "InvalidProperty", "PermissionDenied", "InternalError", "NotStored"],
  right: "settings",
  changes: ({ properties }) => settingNames(properties),
  call: (service, { properties }) => {
    service.configure(properties);
    return undefined;
  },
});

const clearProperties: MethodEntry<Service> = method({
  in: { names: "as" },
  out: args({ cleared: "ab" }),
  doc: "Clears several properties; the answer tells for each whether it worked.",
  errors: ["PermissionDenied"],
  right: "settings",
  changes: ({ names }) => names,
  call: (_of, { names }, _caller, target) => {
    const cleared = names.map((name) => {
      try {
        target.clearProperty(name);
        return true;
      } catch (error) {
        if (error instanceof DaemonError) return false;
        throw error;
      }
    });
    return [cleared];
  },
});

const parts: Parameters<typeof interfaceTable<Service>>[0] = {
  name: "org.chromium.flimflam.Service",
  doc: "Something to connect to: a cable, later a wireless network or a VPN. EAP.* are properties of those that know 802.1X.",
  ownerOf: ({ entry }) => entry.ownerOfChange([]),
  ownerOfChange: ({ entry }, names) => entry.ownerOfChange(names),
  needsOfValue: (service, property, value) => {
    const target = property === "Profile" ? service.host.profiles.byPath(String(value)) : undefined;
    return target && target !== service.profile ? service.entry.needsToMoveTo(target) : [];
  },
  signals: propertyChanged,
  methods: {
    ...propertyMethods<Service>(),
    ...clearPropertyMethod<Service>(),
    SetProperties: setProperties,
    ClearProperties: clearProperties,
    Connect: {
      in: [],
      out: [],
      doc: "Begins to connect and returns at once; State tells how it goes.",
      errors: ["Failure", "AlreadyConnected", "InProgress", "PermissionDenied"],
      right: "control",
      call: (service) => {
        service.connect("D-Bus RPC");
        return undefined;
      },
    },
    Disconnect: {
      in: [],
      out: [],
      doc: "Disconnects, and keeps the Service from connecting by itself until a client connects it again.",
      errors: ["NotConnected", "PermissionDenied"],
      right: "control",
      call: (service) => {
        service.disconnect("D-Bus RPC");
        return undefined;
      },
    },
    Remove: {
      in: [],
      out: [],
      doc: "Forgets the Service: its settings are deleted. Not possible for a cable.",
      errors: ["NotImplemented", "InternalError", "NotStored", "PermissionDenied"],
      right: "settings",
      call: (service) => {
        service.remove();
        return undefined;
      },
    },
    RequestPortalDetection: {
      in: [],
      out: [],
      doc: "Looks anew whether the network leads to the internet. Failure while not connected.",
      errors: ["Failure", "PermissionDenied"],
      right: "control",
      call: (service) => {
        service.validation.request();
        return undefined;
      },
    },
    RequestTrafficCounters: {
      in: [],
      out: args({ counters: "aa{sv}" }),
      doc: "Bytes since the last reset, by source: source (s), rx_bytes (t), tx_bytes (t). All are of source UNKNOWN.",
      right: "read",
      call: (service) => {
        service.countTraffic();
        const { rxBytes, txBytes } = service.traffic.total;
        const counters = new Map<string, WireVariant>([
          ["source", { signature: "s", value: "UNKNOWN" }],
          ["rx_bytes", { signature: "t", value: rxBytes }],
          ["tx_bytes", { signature: "t", value: txBytes }],
        ]);
        return [[counters]];
      },
    },
    ResetTrafficCounters: {
      in: [],
      out: [],
      doc: "Begins to count traffic at nothing.",
      errors: ["PermissionDenied"],
      right: "settings",
      call: (service) => {
        service.resetTraffic();
        return undefined;
      },
    },
    GetWiFiPassphrase: {
      in: [],
      out: args({ passphrase: "s" }),
      doc: "The passphrase of a wireless network. NotImplemented on others, NotSupported where none is set.",
      errors: ["NotImplemented", "NotSupported", "PermissionDenied"],
      right: "secrets",
      ownerOf: ({ entry }) => entry.ownerOfSecrets,
      call: ({ technology, networkKey, label }) => {
        if (technology !== "wifi") throw new DaemonError("NotImplemented", `${label} is no wireless network`);
        if (!networkKey) throw new DaemonError("NotSupported", `${label} has no passphrase`);
        return [networkKey];
      },
    },
    GetEapPassphrase: {
      in: [],
      out: args({ passphrase: "s" }),
      doc: "The password of 802.1X. IllegalOperation without EAP, NotSupported where none is set.",
      errors: ["IllegalOperation", "NotSupported", "PermissionDenied"],
      right: "secrets",
      ownerOf: ({ entry }) => entry.ownerOfSecrets,
      call: ({ eap, label }) => {
        if (!eap) throw new DaemonError("IllegalOperation", `${label} does not use EAP`);
        if (eap.password === "") throw new DaemonError("NotSupported", `${label} has no EAP password`);
        return [eap.password];
      },
    },
    GetLoadableProfileEntries: {
      in: [],
      out: args({ entries: "a{os}" }),
      doc: "For each Profile on the stack that has settings for this Service: its path, and the entry that holds them.",
      right: "read",
      call: (service) => [service.entry.loadable()],
    },
  },
};

/** The interface with the properties of one technology; they differ in these alone. */
export const serviceInterfaces = new InterfacesByShape<Service>((properties) =>
  interfaceTable<Service>({ ...parts, properties }),
);

/** How the attempts to connect, and to find the internet, go. */
export const attemptReasons = ({
  lacking,
  connection: {
    attempts: { lastFailure },
  },
  network,
  validation: { last },
}: Service): readonly (readonly [string, WireVariant])[] => [
  ["Lacking", { signature: "s", value: lacking }],
  ["LastFailure", { signature: "s", value: lastFailure?.because ?? "" }],
  ["LastFailureTime", { signature: "t", value: BigInt(Math.trunc(lastFailure?.atMs ?? 0)) }],
  ["Progress", { signature: "s", value: network?.progress ?? "" }],
  ["Validation", { signature: "s", value: last?.finding.because ?? "" }],
  ["ValidationTime", { signature: "t", value: BigInt(Math.trunc(last?.atMs ?? 0)) }],
];

/** Settings that shill's interface has no property for. */
export const ownServiceShape = ownShape<Service>({ StaticIPv6Config: serviceProperties.StaticIPv6Config });

/** Our own additions: settings that shill does not know, and the reasons for a Service's state. */
export const serviceReasonsInterface = interfaceTable<Service>({
  name: "org.fairlead.Service1",
  doc: "Settings beyond shill's, and why a Service is as it is.",
  properties: ownServiceShape,
  ownerOf: ({ entry }) => entry.ownerOfChange([]),
  ownerOfChange: ({ entry }, names) => entry.ownerOfChange(names),
  methods: {
    Why: {
      in: [],
      out: args({ reasons: "a{sv}" }),
      doc:
        "StateReason: reason of the present state. AutoConnectRefusal: why it does not connect by itself, empty when " +
        "it may. Lacking: the missing part that makes it not connectable, or empty. Failed: whether it failed since it was last connected. KeptBack (a{ss}): users' Profiles whose entry is not " +
        "in force, by path, with the reason. Terms: the Profile of the machine whose settings count in place of those of a " +
        "user's Profile, but for settings that concern the user alone; empty: none. " +
        "LastFailure, LastFailureTime (t, milliseconds since 1970): why and when, also after the next attempt has begun; " +
        "empty and 0 when it did not. Progress: the present step towards an address, or empty. Validation, " +
        "ValidationTime: result and time of the last probe for the internet, likewise; empty and 0 when none was made.",
      right: "read",
      call: (service) => {
        const text = (value: string): WireVariant => ({ signature: "s", value });
        return [
          new Map<string, WireVariant>([
            ["StateReason", text(service.connection.reason)],
            ["AutoConnectRefusal", text(service.autoConnectRefusal ?? "")],
            ["Failed", { signature: "b", value: service.hasFailed }],
            ["KeptBack", { signature: "a{ss}", value: keptBackOf(service) }],
            ["Terms", text(service.terms?.path ?? "")],
            ...attemptReasons(service),
          ]),
        ];
      },
    },
  },
});

const keptBackOf = ({ entry }: Service): ReadonlyMap<string, string> =>
  new Map([...entry.standing().keptBack].map(([{ path }, because]) => [path, because]));
