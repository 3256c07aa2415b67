/** The properties of every Service (shill's doc/service-api.txt), and those of them that are stored. */
import { DaemonError } from "../base/errors.ts";
import { PropertyShape, propertyTable } from "../base/property.ts";
import { propertyRows } from "../base/property-row.ts";
import { acceptStaticIp, parseStaticIp, type StaticIp, staticIpDictionary } from "../network/static-ip.ts";
import { acceptStaticIpv6, parseStaticIpv6, type StaticIpv6, staticIpv6Dictionary } from "../network/static-ipv6.ts";
import { isConnected } from "./connect-states.ts";
import { networkConfigDictionary, savedConfigDictionary } from "./network-dictionaries.ts";
import type { Service } from "./service.ts";
import { configurationSources } from "./service-order.ts";
import type { LinkTraffic } from "./traffic-counters.ts";

/** One for all: nearly every Service has it. */
const none: readonly string[] = [];

const checkPortalValues = ["auto", "true", "false", "http-only"];

const oneOf = (what: string, allowed: readonly string[]) => (value: string) => {
  if (allowed.includes(value)) return;
  // A client's word in our message: short, on one line.
  const given = JSON.stringify(value.slice(0, 60));
  throw new DaemonError("InvalidArguments", `${what} must be one of ${allowed.join(", ")}, not ${given}`);
};

/** Most values are fields of the Service itself. */
const rows = propertyRows((service: Service) => service);
const times = propertyRows((service: Service) => service.connection);

/** The kernel counts packets without an owner: the source is always unknown. */
function storedTraffic(direction: keyof LinkTraffic) {
  return {
    signature: "t",
    doc: "Bytes since TrafficCounterResetTime.",
    isInternal: true,
    isUsersAffair: true,
    get: ({ traffic }: Service) => traffic.total[direction],
    persist: {
      default: 0n,
      restore: ({ traffic }: Service, value: bigint) => {
        traffic.total = { ...traffic.total, [direction]: value };
      },
    },
  } as const;
}

const withIpv6Of = ({ staticIp: { ipv6 } }: Service, staticIp: StaticIp): StaticIp => withIpv6(staticIp, ipv6);
function withIpv6(of: StaticIp, ipv6: StaticIpv6 | undefined): StaticIp {
  if (of.ipv6 === ipv6) return of;
  const { ipv6: _, ...staticIp } = of;
  return ipv6 === undefined ? staticIp : { ...staticIp, ipv6 };
}

export const serviceProperties = propertyTable<Service>()({
  AutoConnect: {
    signature: "b",
    doc: "Whether the Manager may connect this Service without being asked. Always true for a cable.",
    get: (service) => service.autoConnect,
    set: (service, value) => {
      if (service.isAutoConnectFixed && !value) {
        throw new DaemonError("InvalidArguments", `AutoConnect of ${service.label} cannot be switched off`);
      }
      service.autoConnect = value;
      service.isAutoConnectRetained = true;
    },
    clear: (service) => {
      service.autoConnect = service.autoConnectDefault;
      service.isAutoConnectRetained = false;
    },
    persist: {
      default: false,
      save: (service) => (service.isAutoConnectRetained ? service.autoConnect : undefined),
      restore: (service, value, isStored) => {
        service.autoConnect = isStored ? value : service.autoConnectDefault;
        service.isAutoConnectRetained = isStored;
      },
    },
  },
  CheckPortal: rows.kept("s", "checkPortal", "auto", {
    doc: "Whether to look for a captive portal: auto (by Manager.CheckPortalList), true, false, http-only.",
    groups: { validation: 1 },
    check: oneOf("CheckPortal", checkPortalValues),
  }),
  Connectable: {
    signature: "b",
    doc: "Whether Connect() has all it needs.",
    groups: { device: 3, technology: 1 },
    get: (service) => service.isConnectable,
  },
  Device: {
    signature: "o",
    doc: "The Device this Service is on; absent for a cable without one, / where there is never one.",
    groups: { device: 1 },
    get: (service) => service.devicePath,
  },
  "Diagnostics.Disconnects": {
    signature: "as",
    doc: "When a connection was lost unasked in the last 5 minutes, at most 20.",
    groups: { state: 8 },
    get: (service) => service.connection.attempts.disconnects?.texts(service.host.clock) ?? none,
  },
  "Diagnostics.Misconnects": {
    signature: "as",
    doc: "When an attempt to connect failed in the last 5 minutes, at most 20.",
    groups: { state: 9 },
    get: (service) => service.connection.attempts.misconnects?.texts(service.host.clock) ?? none,
  },
  DownlinkSpeedKbps: {
    signature: "u",
    doc: "Speed of the link towards us in kilobits per second; 0: unknown.",
    get: (service) => service.device?.linkSpeedKbps ?? 0,
  },
  "EAP.RemoteCertification": {
    signature: "as",
    doc: "Subjects of the certificates that the network's EAP server showed, by depth; empty where there was none.",
    get: () => none,
  },
  EphemeralPriority: rows.volatile("i", "ephemeralPriority", {
    doc: "Like Priority and before it, but never stored.",
  }),
  Error: {
    signature: "s",
    doc: "Why the Service is in state failure; no-failure otherwise.",
    groups: { state: 5 },
    get: (service) => service.connection.error,
  },
  ErrorDetails: {
    signature: "s",
    doc: "Text for people that goes with Error; empty outside failure.",
    groups: { state: 1 },
    get: (service) => service.connection.errorDetails,
  },
  GUID: rows.kept("s", "guid", "", {
    doc: "An identifier that clients give and look up again; ours to keep only.",
    isUsersAffair: true,
  }),
  HasEverConnected: rows.noted("b", "hasEverConnected", false, {
    doc: "Whether this configuration has ever been connected.",
    isInternal: true,
    isUsersAffair: true,
  }),
  IPConfig: {
    signature: "o",
    doc: "The IPConfig in use first; absent while there is none.",
    get: (service) => service.ipConfigPath,
  },
  IsConnected: {
    signature: "b",
    doc: "Whether State is ready, no-connectivity, redirect-found or online.",
    groups: { state: 12 },
    get: (service) => isConnected(service.state),
  },
  LastConnected: times.noted("t", "lastConnected", 0n, {
    doc: "When it last became connected, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    groups: { state: 2 },
  }),
  LastManualConnectAttempt: times.noted("t", "lastManualConnectAttempt", 0n, {
    doc: "When a client last asked it to connect, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
  }),
  LastOnline: times.noted("t", "lastOnline", 0n, {
    doc: "When it last became online, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    groups: { state: 3 },
  }),
  LinkMonitorDisable: rows.volatile("b", "isLinkMonitorDisabled", {
    doc: "Kept for clients until the next start: no network is judged by whether its gateway answers.",
  }),
  LogName: {
    signature: "s",
    doc: "The name used in logs; holds no private data.",
    get: (service) => service.logName,
  },
  ManagedCredentials: rows.kept("b", "hasManagedCredentials", false, {
    doc: "Its credentials are kept by an administrator.",
  }),
  Metered: {
    signature: "b",
    doc: "Whether traffic costs money: as set, else as the network hints (a tethered phone).",
    groups: { network: 4 },
    get: (service) => service.isMetered,
    set: (service, value) => {
      service.meteredOverride = value;
    },
    clear: (service) => {
      service.meteredOverride = undefined;
    },
    persist: {
      default: false,
      save: (service) => service.meteredOverride,
      restore: (service, value, isStored) => {
        service.meteredOverride = isStored ? value : undefined;
      },
    },
  },
  Name: {
    signature: "s",
    doc: "The name for people. Setting another one is refused except where the technology allows renaming.",
    get: (service) => service.name,
    set: (service, value) => {
      if (value !== service.name) {
        throw new DaemonError("InvalidArguments", `the name of ${service.label} cannot be changed`);
      }
    },
  },
  NetworkConfig: {
    signature: "a{sv}",
    doc: "The addressing in use in one dictionary, of both families; empty while not connected.",
    groups: { network: 2 },
    get: (service) => networkConfigDictionary(service.network),
  },
  NetworkID: {
    signature: "i",
    doc: "Number of the layer 3 session; 0: none.",
    groups: { network: 1 },
    get: (service) => service.network?.sessionId ?? 0,
  },
  ONCSource: rows.kept("s", "configurationSource", "Unknown", {
    doc: "Author of the configuration: UserPolicy, DevicePolicy, UserImport, None, Unknown. Takes part in the order.",
    groups: { validation: 2 },
    check: oneOf("ONCSource", configurationSources),
  }),
  PreviousError: {
    signature: "s",
    doc: "The last failure; stays after it is over. Empty: none so far.",
    groups: { state: 6 },
    get: (service) => service.connection.previousError,
  },
  PreviousErrorSerialNumber: {
    signature: "i",
    doc: "Counts failures, so that the same error twice can be told from once.",
    groups: { state: 7 },
    get: (service) => service.connection.previousErrorSerial,
  },
  Priority: rows.kept("i", "priority", 0, {
    doc: "Larger comes first among Services of one technology; 0: none. Above 0 it counts also for one without a default route.",
  }),
  ProbeUrl: {
    signature: "s",
    doc: "Where the last validation met a portal; empty: nowhere.",
    groups: { state: 10 },
    get: ({ validation }) => validation.portalUrl,
  },
  Profile: {
    signature: "s",
    doc:
      "Path of the Profile that keeps this Service's settings; empty while it is not stored. Setting it moves them into " +
      "another Profile of the stack.",
    isUsersAffair: true,
    get: (service) => service.profile?.path ?? "",
    set: (service, value) => service.entry.moveTo(value),
    clear: (service) => {
      throw new DaemonError("InvalidArguments", `${service.label} is always in the Profile it was put in`);
    },
  },
  ProxyConfig: rows.kept("s", "proxyConfig", "", {
    doc: 'JSON for clients; only its "mode" is read here.',
    groups: { validation: 3 },
  }),
  SaveCredentials: rows.kept("b", "saveCredentials", true, {
    doc: "Whether credentials are stored.",
  }),
  SavedIPConfig: {
    signature: "a{sv}",
    doc: "The network's own settings (DHCP), before StaticIPConfig is laid over them.",
    groups: { network: 3 },
    get: (service) => savedConfigDictionary(service.network),
  },
  StartTime: times.noted("t", "startTime", 0n, {
    doc: "When the last attempt to connect began, in milliseconds since 1601-01-01 UTC; 0: never.",
    isUsersAffair: true,
    groups: { state: 4 },
  }),
  State: {
    signature: "s",
    doc: "idle, association, configuration, ready, no-connectivity, redirect-found, online, disconnecting or failure.",
    groups: { state: 13 },
    get: (service) => service.state,
  },
  StaticIPConfig: {
    signature: "a{sv}",
    doc:
      "Addressing that overrides the network's own; replaced as a whole, {} clears it. A Gateway without Address " +
      "replaces the network's. Addresses that no host can have, and a Gateway that is the own Address, are " +
      "InvalidArguments; a value that does not parse is left out.",
    get: (service) => staticIpDictionary(service.staticIp),
    set: (service, value) => service.setStaticIp(withIpv6Of(service, acceptStaticIp(value))),
    persist: {
      default: new Map(),
      restore: (service, value) => service.setStaticIp(withIpv6Of(service, parseStaticIp(value))),
    },
  },
  // Clients have it on an interface of our own (dbus/service-interface.ts).
  StaticIPv6Config: {
    signature: "a{sv}",
    doc:
      "Fixed addressing of IPv6, beside what routers advertise: Addresses (as, 2001:db8::5/64), the first of which new " +
      "connections use, and Gateway (s), which takes the place of the router's. Replaced as a whole, {} clears it. " +
      "Addresses that no host can have are InvalidArguments.",
    isInternal: true,
    get: ({ staticIp }) => staticIpv6Dictionary(staticIp.ipv6),
    set: (service, value) => service.setStaticIp(withIpv6(service.staticIp, acceptStaticIpv6(value))),
    persist: {
      default: new Map(),
      restore: (service, value) => service.setStaticIp(withIpv6(service.staticIp, parseStaticIpv6(value))),
    },
  },
  Strength: {
    signature: "y",
    doc: "Signal in percent, 0 to 100; 100 on a cable.",
    groups: { technology: 3 },
    get: (service) => service.strengthPercent,
  },
  TrafficCounterResetTime: rows.noted("t", "trafficCounterResetTime", 0n, {
    doc: "When the traffic counters last began at nothing, in milliseconds since 1601-01-01 UTC; 0: with the Service.",
    isUsersAffair: true,
  }),
  UNKNOWNRxBytes: storedTraffic("rxBytes"),
  UNKNOWNTxBytes: storedTraffic("txBytes"),
  Type: {
    signature: "s",
    doc: "The technology.",
    get: (service) => service.technology,
  },
  UIData: rows.kept("s", "uiData", "", {
    doc: "Kept for clients, not looked at.",
    isUsersAffair: true,
  }),
  UplinkSpeedKbps: {
    signature: "u",
    doc: "Speed of the link away from us in kilobits per second; 0: unknown.",
    get: (service) => service.device?.linkSpeedKbps ?? 0,
  },
  Visible: {
    signature: "b",
    doc: "Whether it can be reached now: for a cable, a Device with carrier.",
    groups: { state: 11, device: 2, technology: 2 },
    get: (service) => service.isVisible,
  },
});

export const serviceShape = new PropertyShape<Service>(serviceProperties);
